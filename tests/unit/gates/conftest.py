"""What holds for every blocker that any test of a gate provokes."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest

from remedy_checks import assert_can_be_taken
from tidegate.gates.base import Gate
from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Remedy

OWNERS = {"platform", "finops"}


@pytest.fixture(autouse=True)
def every_blocker_is_helpful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests ask for codes; this looks at the rest of each blocker, so that no test needs to."""
    evaluate = Gate.evaluate

    def checked(
        gate: Gate[Any], facts: object, *, judged_at: datetime, names: Mapping[str, str] | None = None
    ) -> tuple[Blocker, ...]:
        blockers = evaluate(gate, facts, judged_at=judged_at, names=names)
        for blocker in blockers:
            assert_helpful(blocker)
        return blockers

    monkeypatch.setattr(Gate, "evaluate", checked)


def assert_helpful(blocker: Blocker) -> None:
    """It says what was seen, what was expected and what to do."""
    for field in (it for it in fields(blocker) if it.name != "transient"):
        value = getattr(blocker, field.name)
        text = value.text if isinstance(value, Remedy) else value
        assert isinstance(text, str), (field.name, blocker)
        assert text.strip(), (field.name, blocker)
    assert_can_be_taken(blocker.remedy)
    assert blocker.owner in OWNERS, blocker
    assert "failed to" not in blocker.sentence().lower(), blocker
    assert "\n" not in blocker.sentence(), blocker
    assert not re.search(r"\bNone\b", blocker.sentence()), blocker
