"""Identity providers in the sandbox (labelled extension of moto): audiences come and go, as in AWS.

moto knows those that a provider was made with, and no way to change them.
"""

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import InvalidInput, LimitExceededException, NotFoundException
from moto.iam.models import OpenIDConnectProvider
from moto.iam.responses import IamResponse

from sandbox.aws.patching import add
from sandbox.refusals import Kinder, Refusal

SERVICE = "iam"
_ADD, _REMOVE = "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"
_BOTH = (_ADD, _REMOVE)
_REFERENCE = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_{}.html"
_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
REFUSALS = (
    *(Refusal(it, "NoSuchEntity", "the provider is not there", _REFERENCE.format(it)) for it in _BOTH),
    *(Refusal(it, "InvalidInput", "the audience is too long", _REFERENCE.format(it)) for it in _BOTH),
    Refusal(_ADD, "LimitExceeded", "the provider has a hundred audiences", _QUOTAS),
)
KINDER = tuple(
    Kinder(operation, code, why)
    for operation in _BOTH
    for code, why in (
        ("ConcurrentModification", "one call of the service runs at a time"),
        ("ServiceFailure", "a fault of the admin API makes the answer"),
    )
)
_LONGEST, _MOST = 255, 100


def install() -> None:
    """Put both on moto's class."""
    add(IamResponse, "add_client_id_to_open_id_connect_provider", _add)
    add(IamResponse, "remove_client_id_from_open_id_connect_provider", _remove)


def _add(response: IamResponse) -> ActionResult:
    provider, audience = _asked(response)
    if audience not in provider.client_id_list:
        if len(provider.client_id_list) >= _MOST:
            raise LimitExceededException(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {_MOST}")
        provider.client_id_list.append(audience)
    return EmptyResult()


def _remove(response: IamResponse) -> ActionResult:
    provider, audience = _asked(response)
    provider.client_id_list[:] = [it for it in provider.client_id_list if it != audience]
    return EmptyResult()


def _asked(response: IamResponse) -> tuple[OpenIDConnectProvider, str]:
    arn, audience = (str(response._get_param(name)) for name in ("OpenIDConnectProviderArn", "ClientID"))
    if len(audience) > _LONGEST:
        raise InvalidInput(f"ClientID has {len(audience)} characters, and may have {_LONGEST}")
    provider = response.backend.open_id_providers.get(arn)
    if provider is None:
        raise NotFoundException(f"OpenIDConnect Provider not found for arn {arn}")
    return provider, audience
