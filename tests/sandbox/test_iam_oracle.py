"""The sandbox's IAM evaluator and an independent one decide alike, over thousands of generated requests."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.iam.evaluation import Caller, Need, Policies, Policy, decide
from sandbox_iam_cases import ACCOUNT, ROLE, SESSION, cases, digest

VERDICTS = json.loads((Path(__file__).parent / "iam_oracle" / "verdicts.json").read_text(encoding="utf-8"))
CALLER = Caller(SESSION, ACCOUNT, ROLE)


def _policies(case: dict[str, Any]) -> Policies:
    def policy(name: str, document: dict[str, Any] | None) -> Policy | None:
        return None if document is None else Policy(name, json.dumps(document))

    return Policies(
        identity=tuple(Policy(f"p{place}", json.dumps(each)) for place, each in enumerate(case["identity"])),
        boundary=policy("boundary", case.get("boundary")),
        resource=policy("resource", case.get("resource_policy")),
    )


def _decided(case: dict[str, Any]) -> str:
    context = {
        key.lower(): tuple(value) if isinstance(value, list) else (value,) for key, value in case["context"].items()
    }
    decision = decide(Need(case["action"], case["resource"], context), CALLER, _policies(case))
    return "A" if decision.allowed else "E" if decision.statement else "I"


def test_the_cases_are_those_that_were_judged() -> None:
    assert digest(cases()) == VERDICTS["cases"], "run tests/sandbox/iam_oracle/ask.py"


def test_every_decision_is_the_same() -> None:
    made = cases()
    assert len(made) == len(VERDICTS["verdicts"]) >= 2000
    said = "".join(_decided(case) for case in made)
    different = [place for place, pair in enumerate(zip(said, VERDICTS["verdicts"], strict=True)) if len(set(pair)) > 1]
    assert not different, [(said[place], VERDICTS["verdicts"][place], made[place]) for place in different[:2]]


@pytest.mark.parametrize("letter", ["A", "I", "E"])
def test_the_cases_tell_the_outcomes_apart(letter: str) -> None:
    assert VERDICTS["verdicts"].count(letter) > 400
