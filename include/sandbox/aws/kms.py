"""KMS in the sandbox (labelled extension of moto): the keys behind AWS's own aliases are AWS's, and free.

moto makes such a key for a table, a disk, or whoever asks for `alias/aws/rds` and the like, and calls it a customer's,
which costs a dollar a month. Nobody else can make an alias that begins so, and none of a key that is on its way out.
"""

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Alias, KmsBackend
from moto.kms.responses import KmsResponse

from sandbox.aws.patching import replace
from sandbox.refusals import Kinder, Refusal, unlimited

SERVICE = "kms"
_REFERENCE = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"
_NAMES = "https://docs.aws.amazon.com/kms/latest/developerguide/alias-create.html"
_STATES = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
REFUSALS = (
    Refusal("CreateAlias", "NotAuthorizedException", "the name begins as AWS's own do", _NAMES),
    Refusal("CreateAlias", "ValidationException", "the name does not begin with alias/", _REFERENCE),
    Refusal("CreateAlias", "ValidationException", "the name holds a blank", _REFERENCE),
    Refusal("CreateAlias", "ValidationException", "the target is an alias", _REFERENCE),
    Refusal("CreateAlias", "AlreadyExistsException", "the name is taken", _REFERENCE),
    Refusal("CreateAlias", "NotFoundException", "the key is not there", _REFERENCE),
    Refusal("CreateAlias", "KMSInvalidStateException", "the key waits for its deletion", _STATES),
)
KINDER = (
    *unlimited("CreateAlias", code="LimitExceededException"),
    Kinder("CreateAlias", "DependencyTimeoutException", "nothing that KMS depends on is slow here"),
    Kinder(
        "CreateAlias",
        "InvalidAliasNameException",
        "refused all the same: AWS names a wrong name ValidationException, as far as clients report",
    ),
)
AWS_PREFIX = "alias/aws/"
_CREATE_ALIAS = KmsBackend.create_alias
_RESPOND_TO_CREATE = KmsResponse.create_alias


def install() -> None:
    """Put it on moto's classes."""
    replace(KmsBackend, "create_alias", _create_alias, answers=("CreateAlias",))
    replace(KmsResponse, "create_alias", _respond_to_create)


def _create_alias(backend: KmsBackend, target_key_id: str, alias_name: str) -> Alias:
    made = _CREATE_ALIAS(backend, target_key_id, alias_name)
    if alias_name.startswith(AWS_PREFIX):
        backend.keys[backend.get_key_id(target_key_id)].key_manager = "AWS"
    return made


def _respond_to_create(response: KmsResponse) -> str:
    """What a caller asks for; moto itself makes AWS's aliases past this."""
    if str(response._get_param("AliasName")).startswith(AWS_PREFIX):
        raise JsonRESTError("NotAuthorizedException", f"The prefix {AWS_PREFIX} is reserved.")
    backend = response.kms_backend
    key = backend.keys.get(backend.get_key_id(response._get_param("TargetKeyId")))
    if key is not None and key.key_state == "PendingDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return str(_RESPOND_TO_CREATE(response))
