"""After the verdict: exactly this try's verdict is chained, M1's snapshots go up, and the lease is given back."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
from factories_world import NOW
from standins import dev_min, s3_in_moto
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.lease import RunLease
from tidegate.evidence.publish import Published
from tidegate.lanes import closing
from tidegate.lanes.closing import ClosingBlocked, close

EVIDENCE = dev_min()[0].evidence.bucket
VERDICTS = "evidence/dev_min/verdicts"
M1 = "evidence/dev_min/bootstrap/m1_20260213T201427Z"


@pytest.fixture(autouse=True)
def same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "now", lambda: NOW)


@pytest.fixture
def clients() -> Iterator[Any]:
    """Clients of an S3 that holds the lease."""
    with s3_in_moto(EVIDENCE) as s3:
        yield SimpleNamespace(s3=s3)


@pytest.fixture
def m9(world: Any, clients: Any) -> Any:
    """The verdict's run in M9, which holds the lease."""
    run = world.run("m9", "i_phase_verdict", clients=clients)
    assert run.lease.acquire(dag_id=run.dag_id, run_id=run.run_id, execution_id="m9_x", now=NOW).ours
    return run


def verdict(world: Any, run: Any) -> Published:
    """This try's verdict, as its operator publishes it."""
    facts = control.verdict_facts(observed_at=NOW, phase=run.phase)
    return world.left(run.phase, run.task_id, facts).published  # type: ignore[no-any-return]


def free(run: Any) -> bool:
    """May another run take the lease?"""
    environment = run.environment
    other = RunLease(run.clients.s3, EVIDENCE, environment.name, seconds=60)
    return other.acquire(dag_id="other", run_id="other", execution_id="x", now=NOW).ours


def chained(world: Any) -> list[dict[str, Any]]:
    return [unseal(world.remote.objects[key]) for key in world.remote.keys(f"{VERDICTS}/")]


def test_the_verdict_of_this_try_is_chained(world: Any, m9: Any) -> None:
    published = verdict(world, m9)
    close(m9, published)
    (record,) = chained(world)
    assert record["verdict"]["uri"] == published.stored.uri
    assert record["verdict"]["sha256"] == published.digest
    assert free(m9)


def test_the_audit_takes_no_lease_and_leaves_that_of_another_alone(world: Any, clients: Any) -> None:
    run = world.run("audit", "n_phase_verdict", clients=clients)
    holder = RunLease(clients.s3, EVIDENCE, "dev_min", seconds=60)
    assert holder.acquire(dag_id="other", run_id="o", execution_id="m2_x", now=NOW).ours
    close(run, verdict(world, run))
    (record,) = chained(world)
    assert (record["phase"], record["execution_id"]) == ("audit", run.execution_id)
    assert holder.check(dag_id="other", run_id="o", now=NOW).ours
    assert world.said[-1].startswith("verdict 1 of dev_min: ")


def test_a_newer_attempt_of_another_try_is_not_chained(world: Any, m9: Any) -> None:
    first = verdict(world, m9)
    second = verdict(world, m9)
    assert (first.attempt, second.attempt) == (1, 2)
    close(m9, first)
    (record,) = chained(world)
    assert record["verdict"]["uri"].endswith("/m9_i_phase_verdict.json")
    assert record["verdict"]["sha256"] == first.digest


def test_without_a_verdict_of_this_try_nothing_is_chained(world: Any, m9: Any) -> None:
    """An older one is there; its pass is not this try's."""
    verdict(world, m9)
    close(m9, None)
    assert chained(world) == []
    assert free(m9)


@pytest.mark.parametrize("method", ["keys", "create"])
def test_a_chain_that_cannot_be_written_blocks_and_the_lease_is_given_back(world: Any, m9: Any, method: str) -> None:
    published = verdict(world, m9)
    world.remote.refusing.add(method)
    with pytest.raises(ClosingBlocked, match=r"EVIDENCE-UNREACHABLE .* the verdict is not chained"):
        close(m9, published)
    assert free(m9)


# M1: its snapshots were written before there was a bucket.


@pytest.fixture
def m1(world: Any, clients: Any) -> Any:
    world.left("m1", "a_identity_and_tools", control.identity_facts(observed_at=NOW))
    return world.run("m1", "d_phase_verdict", clients=clients)


def test_the_snapshots_of_the_bootstrap_go_up_before_its_verdict_is_chained(world: Any, m1: Any) -> None:
    published = verdict(world, m1)
    close(m1, published)
    uploaded = world.remote.keys(f"{M1}/")
    assert uploaded == (f"{M1}/m1_a_identity_and_tools_snapshot.json", f"{M1}/m1_d_phase_verdict.json")
    assert unseal(world.remote.objects[uploaded[1]])["digest"] == published.digest
    (record,) = chained(world)
    assert record["verdict"]["uri"] == world.remote.uri(uploaded[1])


def test_what_is_there_already_is_no_conflict(world: Any, m1: Any) -> None:
    published = verdict(world, m1)
    close(m1, published)
    close(m1, published)
    assert len(world.remote.keys(f"{M1}/")) == 2


def test_another_document_under_the_same_name_is_a_conflict(world: Any, m1: Any) -> None:
    """Nothing is overwritten, and a verdict over two truths is not chained."""
    published = verdict(world, m1)
    world.remote.objects[f"{M1}/m1_a_identity_and_tools_snapshot.json"] = seal({"status": "pass"})
    with pytest.raises(ClosingBlocked, match=r"EVIDENCE-CONFLICT .*m1_a_identity_and_tools_snapshot") as raised:
        close(m1, published)
    assert "remedy: trigger M1 anew; keep both files" in str(raised.value)
    assert chained(world) == []
    assert json.loads(world.remote.objects[f"{M1}/m1_a_identity_and_tools_snapshot.json"])["status"] == "pass"
