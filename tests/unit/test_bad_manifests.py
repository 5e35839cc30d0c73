"""What a manifest gets wrong across its fields is said in one sentence with file, line and field, before anything runs.

By `tidegate manifest check`, which a person runs, and by whatever loads the manifest: its DAGs then only say that.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from manifests import COMMITTED, POLICIES
from tidegate import cli, environments
from tidegate.dag_factory import dags_of
from tidegate.environments import ManifestError
from tidegate.settings import settings

TEXT = COMMITTED.read_text(encoding="utf-8")
DEMO = "    state_key: dev_min/demo/terraform.tfstate\n"
TWICE = "  demo_two:\n    root: demo\n    lifecycle: ephemeral\n    destroyable: true\n"
SWITCH = "{type: boolean, default: true, title: Switch, help: Turns it on.}"
TWIN = TEXT.replace("dev_min", "twin").replace("fraud-platform-dev-min", "twin").replace("project: fraud", "project: a")
OTHER_ACCOUNT = ('account_id: "123456789012"', 'account_id: "210987654321"')
ROOT = """terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Texts that are replaced in dev_min's manifest; then what is said of which line, whose text is `line`."""

    id: str
    old: str
    new: str
    line: str
    field: str
    said: str


def beside(*changes: tuple[str, str]) -> str:
    text = TWIN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


WRONG = [
    Wrong(
        id="a cycle",
        old="    depends_on: [core]\n    contract: order_only\n",
        new="    depends_on: [core, demo]\n    contract: order_only\n",
        line="depends_on: [core, demo]",
        field="stacks.confluent.depends_on.1",
        said="stack confluent: depends_on 'demo' must be a stack declared above it; the two need each other",
    ),
    Wrong(
        id="itself",
        old="depends_on: [core, confluent]",
        new="depends_on: [core, confluent, demo]",
        line="depends_on: [core, confluent, demo]",
        field="stacks.demo.depends_on.2",
        said="stack demo: depends_on 'demo' must be a stack declared above it; it needs itself",
    ),
    Wrong(
        id="an unknown name",
        old="depends_on: [core, confluent]",
        new="depends_on: [core, kafka]",
        line="depends_on: [core, kafka]",
        field="stacks.demo.depends_on.1",
        said="stack demo: depends_on 'kafka' must be a stack declared above it; there is no such stack",
    ),
    Wrong(
        id="a stack that is declared below",
        old="    lifecycle: persistent\n    destroyable: false\n",
        new="    lifecycle: persistent\n    depends_on: [confluent]\n    destroyable: false\n",
        line="depends_on: [confluent]",
        field="stacks.core.depends_on.0",
        said="stack core: depends_on 'confluent' must be a stack declared above it; the two need each other",
    ),
    Wrong(
        id="two stacks with one state key",
        old=DEMO,
        new=DEMO.replace("demo", "confluent"),
        line=DEMO.replace("demo", "confluent").strip(),
        field="stacks.demo.state_key",
        said="stack demo: the state of stack confluent has the same key in the same bucket; one of the two would "
        "destroy what the other made: give it a key of its own",
    ),
    Wrong(
        id="one root used twice without distinct keys",
        old="# USD. At stop_usd",
        new="  demo_two:\n    root: demo\n    lifecycle: ephemeral\n    destroyable: true\n"
        + DEMO
        + "# USD. At stop_usd",
        line=DEMO.strip(),
        field="stacks.demo_two.state_key",
        said="stack demo_two: the state of stack demo has the same key in the same bucket, and so is their root; one "
        "of the two would destroy what the other made: give it a key of its own",
    ),
    Wrong(
        id="an input whose upstream has no such output",
        old="    states: {core: core, confluent: confluent}\n",
        new="    states: {core: core, confluent: confluent}\n    outputs:\n      topic: core.alert_topic\n",
        line="topic: core.alert_topic",
        field="stacks.demo.outputs.topic",
        said="stack demo: outputs.topic takes core.alert_topic: name the stack in depends_on, and the output in "
        "required_outputs of stacks.core",
    ),
    Wrong(
        id="the state of a stack that it does not name",
        old="    depends_on: [core, confluent]\n",
        new="    depends_on: [core]\n",
        line="states: {core: core, confluent: confluent}",
        field="stacks.demo.states.confluent",
        said="stack demo: states.confluent is 'confluent', which depends_on does not name",
    ),
    Wrong(
        id="a param that M2 has already",
        old="      runtime_database_enabled:\n",
        new=f"      repair_drift: {SWITCH}\n      runtime_database_enabled:\n",
        line=f"repair_drift: {SWITCH}",
        field="stacks.demo.params.repair_drift",
        said="stacks.demo.params.repair_drift: M2 itself has a field of that name",
    ),
    Wrong(
        id="a param that another stack has",
        old="    variables:\n      # Raise it",
        new=f"    params:\n      runtime_database_enabled: {SWITCH}\n    variables:\n      # Raise it",
        line="      runtime_database_enabled:\n",
        field="stacks.demo.params.runtime_database_enabled",
        said="stacks.demo.params.runtime_database_enabled: stack confluent has a field of that name",
    ),
    Wrong(
        id="a param that is a variable already",
        old="      ecs_desired_count: 0\n",
        new="      ecs_desired_count: 0\n      runtime_database_enabled: false\n",
        line="      runtime_database_enabled: false\n",
        field="stacks.demo.variables.runtime_database_enabled",
        said="variables: runtime_database_enabled is given by another field already",
    ),
    Wrong(
        id="a ladder of eleven rungs",
        old='alerts_usd: ["10", "20", "28"]',
        new=f"alerts_usd: {[str(rung) for rung in range(1, 12)]}".replace("'", '"'),
        line="alerts_usd:",
        field="budget.alerts_usd",
        said="Tuple should have at most 10 items after validation, not 11",
    ),
    Wrong(
        id="a ladder whose last rung is the limit",
        old='alerts_usd: ["10", "20", "28"]',
        new='alerts_usd: ["10", "20", "30"]',
        line="alerts_usd:",
        field="budget.alerts_usd.2",
        said="every alert of alerts_usd must be below limit_usd",
    ),
    Wrong(
        id="a ladder that falls",
        old='alerts_usd: ["10", "20", "28"]',
        new='alerts_usd: ["20", "10"]',
        line="alerts_usd:",
        field="budget.alerts_usd",
        said="alerts_usd must rise",
    ),
    Wrong(
        id="a role's ARN of another account",
        old="role_name: fraud-platform-dev-min-execution",
        new="role_name: arn:aws:iam::210987654321:role/fraud-platform-dev-min-execution",
        line="role_name:",
        field="role_name",
        said="write the role's name alone, not arn:aws:iam::210987654321:role/fraud-platform-dev-min-execution: its "
        "account is account_id, and no other",
    ),
]


def line_of(text: str, part: str) -> int:
    """The last line that holds it, counted from 1."""
    return [number for number, line in enumerate(text.splitlines(keepends=True), start=1) if part in line][-1]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write manifests by name, and look there from now on."""
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(POLICIES))

    def write(**texts: str) -> None:
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        settings.cache_clear()

    return write


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str]]:
    """Exit status and words of `tidegate manifest check`."""

    def check(name: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["tidegate", "manifest", "check", name])
        status = cli.main()
        said = capsys.readouterr()
        return status, said.out + said.err

    return check


def said_of(name: str) -> str:
    with pytest.raises(ManifestError) as raised:
        environments.load(name)
    return str(raised.value)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.id)
def test_one_sentence_with_file_line_and_field(
    wrong: Wrong, written: Callable[..., None], checked: Callable[[str], tuple[int, str]]
) -> None:
    assert wrong.old in TEXT
    text = TEXT.replace(wrong.old, wrong.new, 1)
    written(dev_min=text)
    said = said_of("dev_min")
    assert said.startswith(f"dev_min.yaml:{line_of(text, wrong.line)}: {wrong.field}: {wrong.said}")
    assert "\n" not in said
    assert checked("dev_min") == (64, f"tidegate: {said}\n")
    (dag,) = dags_of("m1").values()
    assert [task.task_id for task in dag.tasks] == ["manifest_is_valid"]
    with pytest.raises(Exception, match=r"MANIFEST-INVALID dev_min\.yaml:"):
        dag.tasks[0].execute({})


EVIDENCE = "bucket: fraud-platform-dev-min-evidence"


@pytest.mark.parametrize(
    ("twin", "line", "field", "shared", "their_line", "their_field"),
    [
        pytest.param(
            beside(("bucket: twin-evidence", EVIDENCE), OTHER_ACCOUNT),
            EVIDENCE,
            "evidence.bucket",
            "bucket fraud-platform-dev-min-evidence",
            EVIDENCE,
            "evidence.bucket",
            id="a-bucket-of-any-account",
        ),
        pytest.param(
            beside(("bucket: twin-work", EVIDENCE)),
            EVIDENCE,
            "evidence.bucket",
            "bucket fraud-platform-dev-min-evidence",
            EVIDENCE,
            "work.bucket",
            id="a-bucket-for-another-purpose",
        ),
        pytest.param(
            beside((DEMO.replace("dev_min", "twin"), f"{DEMO.replace('dev_min', 'twin')}    state_{EVIDENCE}\n")),
            EVIDENCE,
            "evidence.bucket",
            "bucket fraud-platform-dev-min-evidence",
            EVIDENCE,
            "stacks.demo.state_bucket",
            id="a-bucket-of-one-stack",
        ),
        pytest.param(
            beside(("lock_table: twin-tf-locks", "lock_table: fraud-platform-dev-min-tf-locks")),
            "lock_table:",
            "backend.lock_table",
            "lock table fraud-platform-dev-min-tf-locks in 123456789012 eu-west-2",
            "lock_table:",
            "backend.lock_table",
            id="a-lock-table",
        ),
        pytest.param(
            beside(("name: twin-budget", "name: fraud-platform-dev-min-budget")),
            "name: fraud-platform-dev-min-budget",
            "budget.name",
            "budget fraud-platform-dev-min-budget in 123456789012",
            "name: fraud-platform-dev-min-budget",
            "budget.name",
            id="a-budget",
        ),
    ],
)
def test_what_two_environments_share_is_said_of_both(
    written: Callable[..., None],
    checked: Callable[[str], tuple[int, str]],
    twin: str,
    line: str,
    field: str,
    shared: str,
    their_line: str,
    their_field: str,
) -> None:
    written(dev_min=TEXT, twin=twin)
    ours = f"dev_min.yaml:{line_of(TEXT, line)}: {field}"
    theirs = f"twin.yaml:{line_of(twin, their_line)}: {their_field}"
    rest = "each would find and take what is the other's; give one of them another"
    assert said_of("dev_min") == f"{ours}: {shared} is that of twin as well ({theirs}): {rest}"
    assert said_of("twin") == f"{theirs}: {shared} is that of dev_min as well ({ours}): {rest}"
    assert checked("twin") == (64, f"tidegate: {said_of('twin')}\n")
    assert {name: str(found) for name, found in environments.load_all().items()} == {
        name: said_of(name) for name in ("dev_min", "twin")
    }


@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(TWIN, id="nothing"),
        pytest.param(beside(("name: twin-budget", "name: fraud-platform-dev-min-budget"), OTHER_ACCOUNT), id="budget"),
        pytest.param(
            beside(("lock_table: twin-tf-locks", "lock_table: fraud-platform-dev-min-tf-locks"), OTHER_ACCOUNT),
            id="lock-table-of-another-account",
        ),
        pytest.param(
            beside(
                ("lock_table: twin-tf-locks", "lock_table: fraud-platform-dev-min-tf-locks"),
                ("region: eu-west-2", "region: us-east-1"),
            ),
            id="lock-table-of-another-region",
        ),
        pytest.param(
            beside((EVIDENCE.replace("fraud-platform-dev-min", "twin"), EVIDENCE), ("unit: USD", "unit: EUR")),
            id="broken",
        ),
    ],
)
def test_names_that_are_not_aws_wide_may_be_those_of_another_account(written: Callable[..., None], twin: str) -> None:
    written(dev_min=TEXT, twin=twin)
    assert environments.load("dev_min").name == "dev_min"


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        pytest.param(
            "",
            "ROOT-BACKEND-MISSING stacks.demo.root {root}: backend.tf: the root has no backend, so its state would "
            "stay on the worker: no backend block",
            id="no-backend",
        ),
        pytest.param(
            'terraform {\n  backend "local" {}\n}\n',
            "ROOT-BACKEND stacks.demo.root {root}: backend.tf:2: the root says itself where its state lies: backend "
            "local",
            id="local-backend",
        ),
        pytest.param(
            'terraform {\n  backend "s3" {\n    bucket = "mine"\n  }\n}\n',
            "ROOT-BACKEND stacks.demo.root {root}: backend.tf:2: the root says itself where its state lies: backend "
            "s3, with settings",
            id="a-backend-that-is-filled",
        ),
        pytest.param(
            None,
            "ROOT-MISSING stacks.demo.root {root}: {root}: the stack's Terraform root is not there: none",
            id="no-root",
        ),
    ],
)
def test_a_root_that_no_state_can_be_kept_of_is_named_with_its_file_and_line(
    tmp_path: Path,
    written: Callable[..., None],
    checked: Callable[[str], tuple[int, str]],
    backend: str | None,
    said: str,
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text(ROOT, encoding="utf-8")
    (root / ".terraform.lock.hcl").write_text("", encoding="utf-8")
    if backend is not None:
        (root / "backend.tf").write_text(backend, encoding="utf-8")
    written(dev_min=TEXT.replace("    root: demo\n", f"    root: {root}\n", 1))
    status, found = checked("dev_min")
    assert status == 1
    lines = [line for line in found.splitlines() if line.startswith("ROOT-")]
    assert lines == [said.format(root=root)]
    assert "    remedy    " in found
