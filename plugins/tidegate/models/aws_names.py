"""Names as AWS takes them: buckets and regions."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from tidegate.models.regions import usable_region


def _bucket_name(name: str) -> str:
    """S3's rules beyond the letters. Raises ValueError."""
    if ".." in name:
        raise ValueError("a bucket name has no two dots in a row")
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name):
        raise ValueError("a bucket name is not written as an address such as 192.168.5.4")
    if name.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or name.endswith(
        ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
    ):
        raise ValueError("S3 keeps this beginning or end of a bucket name to itself")
    return name


BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"), AfterValidator(_bucket_name)]
Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$"), AfterValidator(usable_region)]
