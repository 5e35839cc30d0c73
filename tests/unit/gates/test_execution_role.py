"""The rules about the execution role: unbounded, different, more attached, unreadable."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tidegate.gates.rules_execution_role import execution_role_blockers, standing_role_blockers
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.remedy import Clear, Person
from tidegate.models.role_standing import RoleStanding, StandingDocument

BOUNDARY = "arn:aws:iam::123456789012:policy/dev-boundary"
POLICY = "arn:aws:iam::123456789012:policy/dev-lanes-core"
SAME = StandingDocument(name=POLICY, differences=Known(()))
STANDING = RoleStanding(
    role="arn:aws:iam::123456789012:role/dev",
    expected_boundary=BOUNDARY,
    boundary=Known(BOUNDARY),
    documents=(SAME,),
    others=Known(()),
)


def changed(**changes: Any) -> RoleStanding:
    return replace(STANDING, **changes)


def document(differences: Any) -> RoleStanding:
    return changed(documents=(replace(SAME, differences=differences), SAME))


@pytest.mark.parametrize(
    ("standing", "codes", "said"),
    [
        (STANDING, [], ""),
        (changed(boundary=Absent()), ["EXECUTION-ROLE-UNBOUNDED"], "no permissions boundary"),
        (changed(boundary=Known(f"{BOUNDARY}-2")), ["EXECUTION-ROLE-UNBOUNDED"], f"{BOUNDARY}-2"),
        (changed(boundary=Unreadable("AccessDenied")), ["EXECUTION-ROLE-UNREADABLE"], "AccessDenied"),
        (document(Known(("lacks Write",))), ["EXECUTION-ROLE-DIFFERS"], "lacks Write"),
        (document(Known(("lacks A", "B differs"))), ["EXECUTION-ROLE-DIFFERS"], "lacks A; B differs"),
        (document(Absent()), ["EXECUTION-ROLE-DIFFERS"], "not there, or not attached"),
        (document(Unreadable("Throttling")), ["EXECUTION-ROLE-UNREADABLE"], "Throttling"),
        (changed(others=Known(("inline policy more",))), ["EXECUTION-ROLE-DIFFERS"], "inline policy more"),
        (changed(others=Absent()), ["EXECUTION-ROLE-UNREADABLE"], "none"),
        (changed(others=Unreadable("AccessDenied")), ["EXECUTION-ROLE-UNREADABLE"], "AccessDenied"),
    ],
)
def test_the_role(standing: RoleStanding, codes: Sequence[str], said: str) -> None:
    blockers = list(execution_role_blockers(standing))
    assert [blocker.code for blocker in blockers] == codes
    assert all(said in blocker.observed for blocker in blockers)


def test_the_owner_applies_what_a_command_prints() -> None:
    [blocker] = execution_role_blockers(changed(boundary=Absent()))
    owner, clear = blocker.remedy.steps
    assert isinstance(owner, Person)
    assert "tidegate policy <environment> --owner" in owner.what
    assert isinstance(clear, Clear)


def test_everything_is_said_at_once() -> None:
    standing = changed(boundary=Absent(), documents=(replace(SAME, differences=Absent()),), others=Known(("x",)))
    codes = [blocker.code for blocker in execution_role_blockers(standing)]
    assert codes == ["EXECUTION-ROLE-UNBOUNDED", "EXECUTION-ROLE-DIFFERS", "EXECUTION-ROLE-DIFFERS"]


def test_evidence_of_before_knows_no_role() -> None:
    assert list(standing_role_blockers(Absent())) == []
    assert [it.code for it in standing_role_blockers(Known(changed(boundary=Absent())))] == ["EXECUTION-ROLE-UNBOUNDED"]
