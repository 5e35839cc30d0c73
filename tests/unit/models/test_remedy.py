"""A remedy is data: its sentence is written from it, names are filled in, and what was stored comes back the same."""

import json

import pytest
from pydantic import ValidationError

from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Clear, Command, Edit, Person, Remedy, Step, Trigger, Wait
from tidegate.models.snapshot import BlockerRecord, blocker_document

NAMES = {"environment": "dev_min", "dag": "dev_min.m2_substrate_build", "task": "a_readiness"}
STEPS: tuple[Step, ...] = (
    Trigger("<dag>", {"repair_drift": True, "target": "demo"}, ("confirm", "repair_reason")),
    Clear(),
    Command(("aws", "logs", "delete-log-group", "--log-group-name", "/x; rm -rf ~")),
    Edit("include/environments/<environment>.yaml", "budget.limit_usd", 30, "as agreed"),
    Wait("the service of <environment> has finished"),
    Person("the owner", "look at <task>", "docs/runbooks/stale-lock.md"),
)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Trigger("d.m1"), "trigger d.m1"),
        (Trigger("d.m9", {"target": "demo"}), "trigger d.m9 with target = demo"),
        (
            Trigger("d.m2", {"repair_drift": True}, ("repair_reason",)),
            "trigger d.m2 with repair_drift = true and your own repair_reason",
        ),
        (
            Trigger("d.stop", {"target": "demo"}, ("confirm", "reason")),
            "trigger d.stop with target = demo, your own confirm and your own reason",
        ),
        (Clear(), "clear this task with everything downstream"),
        (Clear("b_scope_freeze"), "clear b_scope_freeze with everything downstream"),
        (Command(("aws", "x", "a b; c")), "run `aws x 'a b; c'` as the account's owner"),
        (Wait("it ends"), "wait until it ends"),
        (Person("who", "do it"), "do it (who)"),
        (Person("who", "do it", "there"), "do it (who; see there)"),
    ],
)
def test_the_sentence_of_a_step(step: Step, text: str) -> None:
    assert step.text() == text


def test_an_edit_says_how_it_reaches_the_dags() -> None:
    said = Edit("f.yaml", "a.b", 30, "why").text()
    assert said.startswith("set a.b in f.yaml to 30: why (")
    assert "image or a config map" in said
    assert "None" not in Edit("f.yaml", "a.b").text()


def test_steps_alternative_and_note_are_one_sentence() -> None:
    remedy = Remedy.of(Wait("a"), Clear("t"), alternative=(Wait("b"),), note="Nothing else helps")
    assert remedy.text == ("wait until a; then clear t with everything downstream; or wait until b. Nothing else helps")
    assert Remedy((), note="Nothing is to be done").text == "Nothing is to be done"


def test_names_are_filled_in_everywhere_and_nothing_else_changes() -> None:
    filled = Remedy(STEPS, STEPS, "of <environment>").filled(NAMES)
    assert "<" not in filled.text
    assert filled.steps == filled.alternative
    trigger, clear, command, edit, wait, person = filled.steps
    assert isinstance(trigger, Trigger)
    assert trigger.dag == "dev_min.m2_substrate_build"
    assert dict(trigger.conf) == {"repair_drift": True, "target": "demo"}
    assert trigger.ask == ("confirm", "repair_reason")
    assert clear == Clear("a_readiness")
    assert command == STEPS[2]
    assert edit == Edit("include/environments/dev_min.yaml", "budget.limit_usd", 30, "as agreed")
    assert wait == Wait("the service of dev_min has finished")
    assert person == Person("the owner", "look at a_readiness", "docs/runbooks/stale-lock.md")


def test_a_blocker_is_filled_whole() -> None:
    blocker = Blocker("C", "s <task>", "r <environment>", "o <dag>", "e <task>", Remedy.of(Clear()))
    filled = blocker.filled(NAMES)
    assert "<" not in filled.sentence()
    assert filled.resource == "r dev_min"


def test_what_is_stored_comes_back_the_same() -> None:
    blocker = Blocker("C", "s", "r", "o", "e", Remedy(STEPS, (Wait("x"),), "n"), owner="finops")
    stored = json.loads(json.dumps(blocker_document(blocker)))
    record = BlockerRecord.model_validate_json(json.dumps(stored))
    assert stored["remedy"]["text"] == blocker.remedy.text
    assert [step["kind"] for step in stored["remedy"]["steps"]] == [
        "trigger",
        "clear",
        "command",
        "edit",
        "wait",
        "person",
    ]
    assert record.blocker() == blocker


def test_a_remedy_of_version_1_is_its_sentence() -> None:
    record = BlockerRecord(code="C", summary="s", resource="r", observed="o", expected="e", remedy="do it", owner="x")
    assert record.blocker().remedy.text == "do it"
    assert record.blocker().remedy.steps == ()


@pytest.mark.parametrize(
    "step", [{"kind": "apply", "dag": "x"}, {"kind": "clear"}, {"kind": "clear", "task": "t", "more": 1}]
)
def test_a_step_of_no_known_shape_is_refused(step: dict[str, object]) -> None:
    remedy = {"text": "x", "steps": [step], "alternative": [], "note": ""}
    fields = dict.fromkeys(("code", "summary", "resource", "observed", "expected", "owner"), "x")
    with pytest.raises(ValidationError):
        BlockerRecord.model_validate({**fields, "remedy": remedy})
