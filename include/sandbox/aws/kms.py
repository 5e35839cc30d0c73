"""KMS in the sandbox (labelled extension of moto): the keys behind AWS's own aliases are AWS's, and free.

moto makes such a key for a table, a disk, or whoever asks for `alias/aws/rds` and the like, and calls it a customer's,
which costs a dollar a month. Nobody else can make an alias that begins so.
"""

from moto.kms.models import Alias, KmsBackend

from sandbox.aws.patching import replace

_CREATE_ALIAS = KmsBackend.create_alias


def install() -> None:
    """Put it on moto's class."""
    replace(KmsBackend, "create_alias", _create_alias)


def _create_alias(backend: KmsBackend, target_key_id: str, alias_name: str) -> Alias:
    made = _CREATE_ALIAS(backend, target_key_id, alias_name)
    if alias_name.startswith("alias/aws/"):
        backend.keys[backend.get_key_id(target_key_id)].key_manager = "AWS"
    return made
