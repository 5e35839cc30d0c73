"""Identities and parameters that nothing owns any more (LC3): one by one, and each kind that nobody could list."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, allow
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed
from tidegate.models.orphans import Identity
from tidegate.models.remedy import Clear, Person, Remedy

CONFLUENT_KEY = Remedy.of(
    Person(
        FINDER,
        "mend the Airflow connection that confluent.api_key_connection of the manifest names, or what the "
        "observed text names",
    ),
    Clear(),
)
PARAMETERS_ALLOWED = allow("call ssm:DescribeParameters")


def left_blockers(
    found: Observed[tuple[Identity, ...]],
    *,
    stem: str,
    code: str,
    kind: str,
    resource: str,
    summary: str,
    expected: str,
    remedy: Remedy,
    unread: Remedy,
) -> Iterator[Blocker]:
    """A blocker for each that is left of a kind, or one because the list was not obtained."""
    if not isinstance(found, Known):
        need = Need(
            stem=stem,
            what=f"the list of each {kind} that could be left over",
            resource=resource,
            expected=f"no {kind} of the environment",
            remedy=unread,
        )
        yield unusable(found, need)
        return
    for identity in found.value:
        yield Blocker(
            code=code,
            summary=summary,
            resource=f"{kind} {identity.id or '(blank id)'}",
            observed=f"there, called {identity.display_name}" if identity.display_name else "there, without a name",
            expected=expected,
            remedy=remedy,
        )
