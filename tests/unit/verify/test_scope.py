"""Under which cost scope an M9 was judged: its cost guardrail and its verdict say so, and the wider one counts."""

from pathlib import Path
from typing import Any

import pytest

from factories_evidence import FACTS, M1, M2, M9, Evidence
from tidegate.verify.scope import judged_scope

BOTH = ("aws", "confluent")
COST, VERDICT = "g_cost_guardrail", "i_phase_verdict"


def scope(evidence: Evidence) -> tuple[str, ...] | None:
    return judged_scope(evidence.store, evidence.subject)


def with_facts(evidence: Evidence, task: str, **changes: Any) -> Evidence:
    """Change facts of a first attempt."""
    evidence.rewrite(task, facts={**evidence.document(task)["facts"], **changes})
    return evidence


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
@pytest.mark.parametrize("then", [("aws",), BOTH], ids=["aws", "both"])
def test_what_the_run_was_judged_under(tmp_path: Path, then: tuple[str, ...], *, remote: bool) -> None:
    assert scope(Evidence(tmp_path, M9, remote=remote, cost_scope=then).lanes().verdict()) == then


def test_a_phase_without_a_cost_guardrail_has_none(tmp_path: Path) -> None:
    assert scope(Evidence(tmp_path, M1).lanes().verdict()) is None


@pytest.mark.parametrize("then", [("aws",), BOTH], ids=["aws", "both"])
def test_in_a_build_only_the_cost_tells(tmp_path: Path, then: tuple[str, ...]) -> None:
    """The bill of Confluent has no lane of its own there, so that its verdict says nothing of scopes."""
    evidence = Evidence(tmp_path, M2, cost_scope=then).lanes().verdict()
    assert scope(evidence) == then
    evidence.path("b_cost_guardrail").unlink()
    assert scope(evidence) is None


def test_nothing_there(tmp_path: Path) -> None:
    assert scope(Evidence(tmp_path, M9)) is None


@pytest.mark.parametrize("then", [("aws",), BOTH], ids=["aws", "both"])
def test_without_its_cost_the_lanes_of_the_verdict_tell(tmp_path: Path, then: tuple[str, ...]) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=then).lanes().verdict()
    evidence.path(COST).unlink()
    assert scope(evidence) == then


@pytest.mark.parametrize("then", [("aws",), BOTH], ids=["aws", "both"])
def test_without_a_verdict_the_cost_tells(tmp_path: Path, then: tuple[str, ...]) -> None:
    assert scope(Evidence(tmp_path, M9, cost_scope=then).lanes()) == then


def test_the_newest_cost_counts(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes()
    with_facts(evidence, COST, cost_scope=["aws"])
    assert scope(evidence) == ("aws",)
    evidence.write(COST, FACTS["COST-GUARDRAIL"](), attempt=2)
    second = evidence.document(COST, 2)
    assert scope(evidence) == tuple(second["facts"]["cost_scope"])


@pytest.mark.parametrize("said", [None, "aws", ["moon"], ["aws", "moon"], {"aws": 1}, 7])
def test_a_cost_that_says_no_scope_leaves_it_to_the_verdict(tmp_path: Path, said: Any) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    assert scope(with_facts(evidence, COST, cost_scope=said)) == BOTH


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"not json"])
def test_a_broken_cost_leaves_it_to_the_verdict(tmp_path: Path, content: bytes) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    evidence.path(COST).write_bytes(content)
    assert scope(evidence) == BOTH


def test_a_cost_of_another_shape_leaves_it_to_the_verdict(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    evidence.rewrite(COST, status="moon")
    assert scope(evidence) == BOTH


@pytest.mark.parametrize("lanes", [None, [], "lanes", [1], [{"gate": "CONFLUENT-BILLING"}, 1], {}])
def test_a_verdict_that_names_no_lanes_leaves_it_to_the_cost(tmp_path: Path, lanes: Any) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=("aws",)).lanes().verdict()
    assert scope(with_facts(evidence, VERDICT, lanes=lanes)) == ("aws",)


@pytest.mark.parametrize("lanes", [None, [], "lanes", [1], {}])
def test_a_verdict_that_names_no_lanes_says_nothing_by_itself(tmp_path: Path, lanes: Any) -> None:
    evidence = with_facts(Evidence(tmp_path, M9, cost_scope=("aws",)).lanes().verdict(), VERDICT, lanes=lanes)
    evidence.path(COST).unlink()
    assert scope(evidence) is None


def test_the_wider_one_counts_whichever_it_is(tmp_path: Path) -> None:
    """A lane that somebody took out of the verdict is missed; a lane that the run was given later is known."""
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    lanes = [it for it in evidence.document(VERDICT)["facts"]["lanes"] if it["gate"] != "CONFLUENT-BILLING"]
    assert scope(with_facts(evidence, VERDICT, lanes=lanes)) == BOTH
    given_later = Evidence(tmp_path / "other", M9, cost_scope=BOTH).lanes().verdict()
    assert scope(with_facts(given_later, COST, cost_scope=["aws"])) == BOTH
