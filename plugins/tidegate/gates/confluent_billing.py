"""CONFLUENT-BILLING. What Confluent bills this month is known: read whole, reported up to the lag, nothing hidden."""

from collections.abc import Iterator

from tidegate.gates.base import Gate
from tidegate.gates.rules_confluent import confluent_blockers
from tidegate.gates.rules_observed import Need, required
from tidegate.gates.rules_remedies import FINDER
from tidegate.models.blocker import Blocker
from tidegate.models.confluent import ConfluentBillingFacts
from tidegate.models.remedy import Clear, Person, Remedy


def blockers(facts: ConfluentBillingFacts) -> Iterator[Blocker]:
    """Whether the sum is below the stop, COST-GUARDRAIL judges; here it is only whether there is one to judge."""
    need = Need(
        stem="CONFLUENT-BILLING",
        what="what Confluent bills this month",
        resource=facts.billing.endpoint or "Confluent",
        expected="every line of the month to date; what cannot be read is not zero",
        remedy=Remedy.of(
            Person(
                FINDER,
                "correct what the reason names: `confluent` in the manifest, the Airflow connection that it "
                "names (a Cloud API key of a BillingAdmin); where the limit of calls is reached, wait",
            ),
            Clear(),
        ),
    )
    yield from required(facts.billing.bill, need)
    yield from confluent_blockers(facts.billing, facts.exceptions, facts.observed_at.date())


GATE = Gate(
    id="CONFLUENT-BILLING",
    title="What Confluent bills this month is known",
    owner="finops",
    requirements=("CO5", "EV4", "IN4"),
    facts=ConfluentBillingFacts,
    blockers=blockers,
    policy_sections=("cost_scope", "billing_lag_hours", "confluent", "exceptions"),
    measured_codes=frozenset({"CONFLUENT-DAYS-MISSING", "CONFLUENT-PERIOD-MISMATCH", "EXCEPTION-EXPIRED"}),
)
