"""The second net of a night: where it is asked, and what is asked for live."""

from collections.abc import Callable
from typing import Any

import pytest

from factories_residual import audit_residual_facts, owned
from factories_world import REGION, inventory, preserve_item, state_resource
from tidegate.lanes import tagged
from tidegate.models.facts import Coverage
from tidegate.models.inventory import Inventory, NotScanned
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.tagged import TaggedResource

FAR, DARK = "ap-southeast-2", "sa-east-1"
DENY = "GetResources in x: AccessDeniedException: no, with an explicit deny in a service control policy"
TAGS = {"project": "fraud-platform", "lifecycle": "ephemeral"}
Answers = dict[str, Observed[tuple[TaggedResource, ...]]]


def table(id_: str, region: str = REGION, there: Observed[bool] | None = None) -> TaggedResource:
    arn = f"arn:aws:ec2:{region}:123456789012:route-table/{id_}"
    return TaggedResource(arn=arn, region=region, type="aws_route_table", id=id_, there=there or Absent())


def scan() -> Inventory:
    """Home and one region beyond were read, another one could not be."""
    coverage = (
        *inventory().coverage,
        Coverage(subject=f"aws_vpc@{FAR}", status="read"),
        Coverage(subject=f"*@{DARK}", status="unreadable", reason="no"),
    )
    return inventory(coverage=coverage, beyond=(FAR, DARK))


@pytest.fixture
def net(world: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Facts of a night on which the tagging API answers so; with what was asked."""

    def cast(answers: Answers, *, states: Any = (), preserved: Any = ()) -> Any:
        asked: list[Any] = []

        def named(_clients: Any, regions: Any, tags: Any, held: Any) -> Answers:
            asked.append((tuple(dict.fromkeys(regions)), tags))
            assert {"aws_vpc", "aws_s3_bucket"} <= held, "what the stacks of the environment may hold"
            assert "aws_sqs_queue" not in held, "what those of another one may"
            return dict(answers)

        def live(_clients: Any, resources: Any, region: str) -> dict[TaggedResource, Observed[bool]]:
            asked.append((region, [it.id for it in resources]))
            return {it: Known(it.id != "gone") for it in resources}

        monkeypatch.setattr(tagged, "tagged_in", named)
        monkeypatch.setattr(tagged, "asked_live", live)
        facts = audit_residual_facts(inventory=scan())
        return (*tagged.tagged_facts(world.run("audit", "d_residual_scan"), facts, states, preserved), asked)

    return cast


def test_it_is_asked_where_the_scan_read_anything(net: Any) -> None:
    answers, limits, asked = net({REGION: Known(()), FAR: Known(())})
    assert asked == [((REGION, FAR), TAGS)]
    assert answers == {REGION: Known(()), FAR: Known(())}
    assert limits == scan()


def test_what_nothing_explains_is_asked_for_live(net: Any) -> None:
    held = owned("demo", state_resource("aws_route_table.a", "held"))
    kept = preserve_item(type="aws_route_table", id="kept")
    found = (table("held"), table("kept"), table("stands"), table("gone"))
    answers, _, asked = net({REGION: Known(found)}, states=(held,), preserved=(kept,))
    assert asked[1:] == [(REGION, ["stands", "gone"])]
    assert answers[REGION].value == (
        table("held"),
        table("kept"),
        table("stands", there=Known(True)),
        table("gone", there=Known(False)),
    )


def test_what_is_explained_costs_no_call(net: Any) -> None:
    held = owned("demo", state_resource("aws_route_table.a", "held"))
    _, _, asked = net({REGION: Known((table("held"),))}, states=(held,))
    assert len(asked) == 1


def test_an_explicit_deny_beyond_is_a_limit(net: Any) -> None:
    answers, limits, _ = net({REGION: Known(()), FAR: Unreadable(DENY)})
    assert answers[FAR] == Absent()
    assert set(limits.not_scanned) - set(scan().not_scanned) == {
        NotScanned(subject=f"tag:GetResources@{FAR}", reason=f"closed there ({DENY})")
    }


@pytest.mark.parametrize(("region", "reason"), [(REGION, DENY), (FAR, "AccessDeniedException: no")])
def test_everything_else_is_a_hole(net: Any, region: str, reason: str) -> None:
    answers, limits, _ = net({region: Unreadable(reason)})
    assert answers[region] == Unreadable(reason)
    assert limits == scan()
