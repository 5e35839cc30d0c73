"""KMS in the sandbox (labelled extension of moto): the keys behind AWS's own aliases are AWS's, and free.

moto makes such a key when somebody asks for `alias/aws/rds` and the like, and calls it a customer's, which costs a
dollar a month.
"""

from moto.kms.models import KmsBackend

from sandbox.aws.patching import replace

_GENERATE = KmsBackend._generate_default_keys


def install() -> None:
    """Put it on moto's class."""
    replace(KmsBackend, "_generate_default_keys", _generate_default_keys)


def _generate_default_keys(backend: KmsBackend, alias_name: str) -> str | None:
    id_ = _GENERATE(backend, alias_name)
    if id_ is not None:
        backend.keys[id_].key_manager = "AWS"
    return id_
