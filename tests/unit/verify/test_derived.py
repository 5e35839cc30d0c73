"""The fields that repeat what the facts say, said once more by hand: `verify` makes them with the same code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
import factories_world as world
from standins import dev_min
from tidegate.evidence.canonical import digest_of, plain
from tidegate.evidence.derived import derived_fields, policy_digest
from tidegate.models.facts import CollectorBroken, Coverage, Facts, Source
from tidegate.models.observed import Absent, Known, Unreadable

SEVEN = {"key": "dev_min/demo/terraform.tfstate", "lineage": "3f1c", "serial": 7, "version_id": "v7"}
EIGHT = {**SEVEN, "serial": 8, "version_id": "v8"}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        pytest.param(world.applied_facts(), {"before": SEVEN, "after": EIGHT}, id="both"),
        pytest.param(world.applied_facts(before=Absent()), {"before": None, "after": EIGHT}, id="none-before"),
        pytest.param(world.applied_facts(after=Unreadable("x")), {"before": SEVEN, "after": None}, id="unread-after"),
        pytest.param(world.plan_facts(), {"before": EIGHT, "after": None}, id="before-a-mutation"),
        pytest.param(world.plan_facts(state=Absent()), {"before": None, "after": None}, id="nothing-to-build-on"),
        pytest.param(world.plan_facts(state=Known("x")), {"before": None, "after": None}, id="no-state-at-all"),
        pytest.param(control.identity_facts(), None, id="without-state"),
    ],
)
def test_state(facts: Facts, state: object) -> None:
    assert derived_fields(facts)["state"] == state


@pytest.mark.parametrize(
    ("caller", "identity"),
    [
        pytest.param(
            control.caller(),
            {
                "account": control.ACCOUNT,
                "arn": f"arn:aws:sts::{control.ACCOUNT}:assumed-role/{control.ROLE}/{control.SESSION}",
                "session": control.SESSION,
            },
            id="seen",
        ),
        pytest.param(
            control.caller(account_id=Unreadable("403"), arn=Absent(), session=Absent()),
            {"account": "unreadable: 403", "arn": "none", "session": "none"},
            id="unseen",
        ),
        pytest.param(None, None, id="no-caller"),
        pytest.param("airflow", None, id="another-kind-of-caller"),
    ],
)
def test_identity(caller: Any, identity: object) -> None:
    assert derived_fields(control.identity_facts(caller=caller))["identity"] == identity


@pytest.mark.parametrize(
    ("facts", "digest"),
    [
        pytest.param(world.plan_facts(), world.plan().sha256, id="planned"),
        pytest.param(control.authorization_facts(plan_file_sha256=Known("d" * 64)), "d" * 64, id="fetched"),
        pytest.param(control.authorization_facts(plan_file_sha256=Absent()), None, id="not-fetched"),
        pytest.param(world.plan_facts(plan=Unreadable("no root")), None, id="no-plan"),
        pytest.param(control.identity_facts(), None, id="without-plan"),
    ],
)
def test_plan(facts: Facts, digest: object) -> None:
    assert derived_fields(facts)["plan_sha256"] == digest


def test_sources_times_and_the_facts_themselves() -> None:
    """A crash has nothing else."""
    at = world.NOW
    source = Source(
        name="aws",
        data_as_of=at - timedelta(seconds=7),
        coverage=(Coverage(subject="b", status="unreadable", reason="403"),),
    )
    facts = replace(CollectorBroken(observed_at=at, error="KeyError"), sources=(source,))
    sources = [
        {
            "name": "aws",
            "data_as_of": plain(at - timedelta(seconds=7)),
            "coverage": [{"subject": "b", "status": "unreadable", "reason": "403"}],
        }
    ]
    assert derived_fields(facts) == {
        "observed_at": plain(at),
        "sources": sources,
        "identity": None,
        "state": None,
        "plan_sha256": None,
        "facts_type": "CollectorBroken",
        "facts": {"observed_at": plain(at), "sources": [plain(source)], "error": "KeyError"},
    }


def test_the_policy_of_a_judgement() -> None:
    """Each section as it stands in the manifest or in its policy, and no other: what was recorded stays comparable."""
    environment, policies = dev_min()
    assert policy_digest(
        environment,
        policies,
        gate="X",
        version=3,
        sections=("schema", "region", "budget", "policies.forbidden", "policies.allowed_types"),
    ) == digest_of(
        {
            "gate": "X",
            "version": 3,
            "sections": {
                "schema": "tidegate.environment/1",
                "region": "eu-west-2",
                "budget": environment.budget.model_dump(mode="json"),
                "policies.forbidden": policies.forbidden.model_dump(mode="json"),
                "policies.allowed_types": policies.allowed_types.model_dump(mode="json"),
            },
        }
    )
