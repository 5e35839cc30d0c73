"""Small values that policies are written in."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

Scalar = str | int | bool
Said = Annotated[str, Field(pattern=r"\S")]
"""A text that is not blank."""
UsDollars = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
"""An amount in a manifest, USD."""
