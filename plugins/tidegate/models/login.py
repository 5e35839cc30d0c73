"""What an Airflow connection holds of a credential, and under which names a stack's terraform gets it (ID4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

ConnectionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$")]
TERRAFORM_VARIABLE = "TF_VAR_"
"""Before the name of a variable of the root, which has to be sensitive."""

_ALLOWED = re.compile(
    r"TF_VAR_[a-z][a-z0-9_]{0,62}"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:TOKEN|KEY|KEY_ID|SECRET|PASSWORD|USER|USERNAME|LOGIN|EMAIL|ID)"
)
_NEVER = re.compile(r"(?:AWS|LD|DYLD|TF(?!_VAR)|TIDEGATE|AIRFLOW|PYTHON|GO|SSL|CONFLUENT_CLOUD)_")


def _a_credentials_name(value: str) -> str:
    if not _ALLOWED.fullmatch(value) or _NEVER.match(value):
        raise ValueError(
            "must be TF_VAR_<variable>, or end in _TOKEN, _KEY, _SECRET, _PASSWORD, _USER, _LOGIN, _EMAIL or _ID; "
            "never AWS_*, TF_* besides TF_VAR_*, LD_* and their like, which would change what terraform is and who it "
            "acts as"
        )
    return value


CredentialName = Annotated[str, AfterValidator(_a_credentials_name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Login and password of a connection, empty where it has none. Never a part of facts; `repr` shows neither."""

    login: str = field(repr=False)
    password: str = field(repr=False)


class ConnectionVariables(BaseModel):
    """As which environment variables a stack's terraform, and nothing else, gets a connection's login and password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    login: CredentialName | None = None
    password: CredentialName | None = None

    @model_validator(mode="after")
    def _takes_something(self) -> "ConnectionVariables":
        if self.login is None and self.password is None:
            raise ValueError("name a variable for login, for password, or for both")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The variables."""
        return tuple(name for name in (self.login, self.password) if name is not None)

    def taken_from(self, held: Login) -> Mapping[str, str]:
        """The variables with their values; one that the connection lacks is empty."""
        both = ((self.login, held.login), (self.password, held.password))
        return {name: value for name, value in both if name is not None}
