"""What a public repository has: commit hooks, the hosted workflow, forms for issues. They run what `make` runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[2]
GITHUB = PROJECT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
FORMS = sorted(path for path in GITHUB.glob("ISSUE_TEMPLATE/*.yml") if path.name != "config.yml")

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
each_form = pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)


def document(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in document(path)["jobs"].values() for step in job["steps"]]


def lint() -> list[str]:
    """The commands of `make lint`."""
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe is not None
    return [
        line.strip().removeprefix("@").replace("$(BIN)", ".venv/bin").replace("$(MAKE)", "make")
        for line in recipe[1].splitlines()
    ]


def test_every_hook_is_a_command_of_lint_and_nothing_is_fetched() -> None:
    repositories = document(PROJECT / ".pre-commit-config.yaml")["repos"]
    assert {repository["repo"] for repository in repositories} == {"local"}
    hooks = [hook for repository in repositories for hook in repository["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert [hook["entry"] for hook in hooks] == lint()[: len(hooks)]
    assert len(hooks) == 5


def test_lint_checks_each_file_for_github() -> None:
    checked = " ".join(command for command in lint() if "vendor.github" in command)
    for name in ("workflows/*.yml", "ISSUE_TEMPLATE/config.yml", "ISSUE_TEMPLATE/*.yml"):
        assert f".github/{name}" in checked
    assert WORKFLOWS
    assert {path.stem for path in FORMS} == {"bug", "dead_end_remedy", "wrong_verdict"}


@each_workflow
def test_a_workflow_may_read_only_and_ends(path: Path) -> None:
    workflow = document(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 90


@each_workflow
def test_actions_are_pinned_by_commit_and_named_by_release(path: Path) -> None:
    used = re.findall(r"uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert len(used) == len([step for step in steps(path) if "uses" in step]) > 0
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@each_workflow
def test_no_token_stays_behind_and_no_secret_is_asked_for(path: Path) -> None:
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
    assert "secrets." not in path.read_text("utf-8")


def test_the_hosted_run_is_the_one_of_every_machine() -> None:
    assert [step["run"] for step in steps(GITHUB / "workflows" / "ci.yml") if "run" in step] == [".ci/run"]


@each_form
def test_a_form_has_ids_once_and_asks_for_what_is_needed(path: Path) -> None:
    questions = [part for part in document(path)["body"] if part["type"] != "markdown"]
    ids = [part["id"] for part in questions]
    assert len(ids) == len(set(ids))
    assert any(part.get("validations", {}).get("required") for part in questions)
