"""What every resource of the stand-in provider has: a schema and five verbs over plain values."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.confluent.provider.client import Client, ProviderProblem
from sandbox.confluent.provider.planning import Path
from sandbox.confluent.provider.schema import Schema, Values


class PartlyMade(Exception):
    """Something was made, and what came next was refused: `values` is known of it, so that Terraform can keep it."""

    def __init__(self, values: Values, problem: ProviderProblem) -> None:
        super().__init__(str(problem))
        self.values = values


class Resource(ABC):
    """One type of resource. Verbs take and return values; a returned value overrides what was planned or stored.

    Every verb raises ProviderProblem; `create` raises PartlyMade when something is there all the same.
    """

    name: ClassVar[str]
    schema: ClassVar[Schema]

    def __init__(self, client: Client) -> None:
        self._client = client

    @abstractmethod
    def create(self, plan: Values) -> Values:
        """Make it."""

    @abstractmethod
    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""

    @abstractmethod
    def update(self, state: Values, plan: Values) -> Values:
        """Change it in place."""

    @abstractmethod
    def delete(self, state: Values) -> None:
        """Take it away; it is no error that it is gone already."""

    def import_state(self, id_: str) -> Values:
        """Return what an import starts from."""
        return {"id": id_}

    @classmethod
    def config_problems(cls, config: Values) -> Iterator[str]:
        """Yield what is wrong with a configuration as a whole."""
        yield from ()

    @classmethod
    def more_replacements(cls, state: Values, plan: Values) -> Iterator[Path]:
        """Yield changes that cannot be made in place although their attribute allows others."""
        yield from ()


class DataSource(ABC):
    """One type of data source."""

    name: ClassVar[str]
    schema: ClassVar[Schema]

    def __init__(self, client: Client) -> None:
        self._client = client

    @abstractmethod
    def read(self, config: Values) -> Values:
        """Look it up. Raises ProviderProblem."""


def block(values: Values, name: str) -> dict[str, Any]:
    """Return the first block of a name; {} when there is none."""
    blocks = values.get(name)
    return dict(blocks[0]) if isinstance(blocks, list) and blocks else {}


def ignoring_gone(client: Client, path: str, query: dict[str, str] | None = None, *gone: int) -> None:
    """DELETE something of the control plane, gone or not. Raises ProviderProblem for any other refusal."""
    try:
        client.call("DELETE", path, query=query)
    except ProviderProblem as problem:
        if problem.status not in (gone or (404,)):
            raise
