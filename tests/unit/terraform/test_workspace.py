"""The working directory of a stack: a copy of its sources, renewed when they change."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tidegate.environments import load
from tidegate.models.environment import Environment
from tidegate.settings import PROJECT, settings
from tidegate.terraform.workspace import (
    StackRootMissing,
    Workspace,
    backend_arguments,
    locked_providers,
    prepare,
    root_directory,
    source_digest,
)


@pytest.fixture
def environment() -> Environment:
    return load("dev_min")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Terraform sources of a test, and work below its directory."""
    directory = tmp_path / "source"
    for path, text in {
        "demo/backend.tf": 'terraform {\n  backend "s3" {}\n}\n',
        "demo/main.tf": "locals {}\n",
        "demo/.terraform.lock.hcl": "# locked\n",
        "demo/templates/task.tftpl": "${name}\n",
        "modules/network/main.tf": "# network\n",
        "core/backend.tf": "",
        "core/.terraform.lock.hcl": "",
    }.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("TIDEGATE_TERRAFORM_DIR", str(directory))
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(tmp_path / "work"))
    settings.cache_clear()
    return directory


# The digest of sources.


def test_the_same_sources_have_the_same_digest(sources: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(sources, tmp_path / "copy")
    digest = source_digest(sources / "demo", sources / "modules")
    assert digest == source_digest(copy / "demo", copy / "modules")
    assert len(digest) == 64


def test_what_terraform_makes_itself_does_not_count(sources: Path) -> None:
    before = source_digest(sources / "demo")
    (sources / "demo" / ".terraform" / "modules").mkdir(parents=True)
    (sources / "demo" / ".terraform" / "modules" / "modules.json").write_text("{}")
    (sources / "demo" / "terraform.tfstate").write_text("{}")
    (sources / "demo" / "README.md").write_text("x")
    assert source_digest(sources / "demo") == before


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda root: (root / "main.tf").write_text("locals { }\n"), id="edited"),
        pytest.param(lambda root: (root / "more.tf").write_text(""), id="an-empty-file-more"),
        pytest.param(lambda root: (root / "main.tf").unlink(), id="a-file-less"),
        pytest.param(lambda root: (root / "main.tf").rename(root / "other.tf"), id="renamed"),
        pytest.param(lambda root: (root / ".terraform.lock.hcl").write_text("# other\n"), id="another-lock"),
        pytest.param(lambda root: (root / "templates" / "task.tftpl").write_text("x"), id="a-template"),
        pytest.param(lambda root: (root / "data.json").write_text("{}"), id="json"),
        pytest.param(lambda root: (root / "terraform.tfvars").write_text("x"), id="values"),
        pytest.param(lambda root: (root / "x.auto.tfvars").write_text("x"), id="values-that-load-by-themselves"),
        pytest.param(lambda root: (root / "user_data.sh").write_text("x"), id="a-script"),
        pytest.param(lambda root: (root / "policy.yaml").write_text("x"), id="yaml"),
        pytest.param(lambda root: (root / "override.tf.json").write_text("{}"), id="terraform-in-json"),
        pytest.param(lambda root: (root / "templates" / "more.tf").touch(), id="further-down"),
    ],
)
def test_every_edit_changes_the_digest(sources: Path, edit) -> None:
    before = source_digest(sources / "demo", sources / "modules")
    edit(sources / "demo")
    assert source_digest(sources / "demo", sources / "modules") != before


def test_content_cannot_move_unnoticed_from_one_file_to_another(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.tf").write_text("12")
    (tmp_path / "x" / "b.tf").write_text("3")
    before = source_digest(tmp_path / "x")
    (tmp_path / "x" / "a.tf").write_text("1")
    (tmp_path / "x" / "b.tf").write_text("23")
    assert source_digest(tmp_path / "x") != before


# The working copy.


def test_a_workspace(sources: Path, environment: Environment, tmp_path: Path) -> None:
    workspace, digest = prepare(environment, "demo")
    assert workspace == Workspace("dev_min", "demo", tmp_path / "work" / "dev_min" / "demo")
    assert digest == source_digest(sources / "demo", sources / "modules")
    assert (workspace.root / "main.tf").read_text() == "locals {}\n"
    # a module is found from the root as it is found from the sources
    assert (workspace.root / ".." / "modules" / "network" / "main.tf").read_text() == "# network\n"


def test_unchanged_sources_leave_an_initialised_root_alone(sources: Path, environment: Environment) -> None:
    workspace, digest = prepare(environment, "demo")
    (workspace.root / ".terraform").mkdir()
    again, same = prepare(environment, "demo")
    assert (again, same) == (workspace, digest)
    assert (workspace.root / ".terraform").is_dir()


@pytest.mark.parametrize("edited", ["demo/main.tf", "modules/network/main.tf"])
def test_changed_sources_are_copied_afresh(sources: Path, environment: Environment, edited: str) -> None:
    workspace, digest = prepare(environment, "demo")
    (workspace.root / ".terraform").mkdir()
    (workspace.root / "left-over.tf").touch()
    (sources / edited).write_text("# changed\n")
    again, changed = prepare(environment, "demo")
    assert changed != digest
    copied = again.root.parent / edited.replace("demo", "root")
    assert copied.read_text() == "# changed\n"
    assert not (again.root / ".terraform").exists()
    assert not (again.root / "left-over.tf").exists()


def test_a_copy_that_somebody_removed_is_made_again(sources: Path, environment: Environment) -> None:
    workspace, _ = prepare(environment, "demo")
    shutil.rmtree(workspace.directory / "source")
    again, _ = prepare(environment, "demo")
    assert (again.root / "main.tf").is_file()


def test_a_copy_that_broke_off_is_not_taken_for_a_whole_one(
    sources: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(environment, "demo")
    first = (sources / "demo" / "main.tf").read_text()
    (sources / "demo" / "main.tf").write_text("# changed\n")

    def no_space(_source: Path, target: Path, **_: object) -> None:
        target.mkdir(parents=True)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", no_space)
        with pytest.raises(OSError, match="No space left"):
            prepare(environment, "demo")
    (sources / "demo" / "main.tf").write_text(first)
    workspace, _ = prepare(environment, "demo")
    assert (workspace.root / "main.tf").read_text() == first


def test_neither_state_nor_plans_nor_providers_nor_tests_are_copied(sources: Path, environment: Environment) -> None:
    for name in ("terraform.tfstate", "terraform.tfstate.backup", "old.tfplan"):
        (sources / "demo" / name).write_text("secret")
    (sources / "demo" / ".terraform").mkdir()
    (sources / "demo" / "main.tftest.hcl").write_text("secret")
    workspace, _ = prepare(environment, "demo")
    assert sorted(path.name for path in workspace.root.iterdir()) == [
        ".terraform.lock.hcl",
        "backend.tf",
        "main.tf",
        "templates",
    ]


def test_stacks_have_directories_of_their_own(sources: Path, environment: Environment) -> None:
    core, demo = prepare(environment, "core")[0], prepare(environment, "demo")[0]
    assert core.directory != demo.directory
    assert (core.root / "backend.tf").is_file()
    assert not (core.root / "main.tf").exists()


def test_the_callers_directory_does_not_matter(
    sources: Path, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = prepare(environment, "demo")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert prepare(environment, "demo")[0] == here
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("missing", ["backend.tf", ".terraform.lock.hcl"])
def test_a_directory_that_is_no_root(sources: Path, environment: Environment, tmp_path: Path, missing: str) -> None:
    (sources / "demo" / missing).unlink()
    with pytest.raises(StackRootMissing) as raised:
        prepare(environment, "demo")
    assert str(raised.value) == (
        "include/terraform/demo: not the root of stack 'demo': backend.tf or .terraform.lock.hcl is missing; "
        "set stacks.demo.root in include/environments/dev_min.yaml"
    )
    assert not (tmp_path / "work").exists()


def test_a_root_that_points_elsewhere(sources: Path, environment: Environment) -> None:
    demo = environment.stacks["demo"].model_copy(update={"root": "modules"})
    wrong = environment.model_copy(update={"stacks": {**environment.stacks, "demo": demo}})
    with pytest.raises(StackRootMissing, match=r"^include/terraform/modules: not the root of stack 'demo'"):
        prepare(wrong, "demo")


def test_the_projects_own_stacks_can_be_prepared(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(tmp_path))
    settings.cache_clear()
    for stack in environment.stacks:
        workspace, _ = prepare(environment, stack)
        assert (workspace.root / "main.tf").is_file()
        assert (workspace.root.parent / "modules").is_dir()


def test_inputs_are_written_in_one_order(tmp_path: Path) -> None:
    workspace = Workspace("dev_min", "demo", tmp_path)
    workspace.write_inputs({"b": [1.5], "a": None})
    assert workspace.inputs.name == "inputs.tfvars.json"
    text = workspace.inputs.read_text()
    assert json.loads(text) == {"a": None, "b": [1.5]}
    workspace.write_inputs({"a": None, "b": [1.5]})
    assert workspace.inputs.read_text() == text


# The backend.


def test_backend_arguments(environment: Environment) -> None:
    assert backend_arguments(environment, environment.stacks["demo"], path_style=False) == [
        "-backend-config=bucket=fraud-platform-dev-min-tfstate",
        "-backend-config=key=dev_min/demo/terraform.tfstate",
        "-backend-config=region=eu-west-2",
        "-backend-config=dynamodb_table=fraud-platform-dev-min-tf-locks",
        "-backend-config=use_lockfile=true",
        "-backend-config=encrypt=true",
        "-backend-config=use_path_style=false",
    ]


def test_path_style_is_passed_on(environment: Environment) -> None:
    arguments = backend_arguments(environment, environment.stacks["demo"], path_style=True)
    assert "-backend-config=use_path_style=true" in arguments


def test_a_stacks_own_settings_come_first(environment: Environment) -> None:
    stack = environment.stacks["demo"].model_copy(
        update={
            "state_bucket": "another-bucket",
            "region": "us-east-1",
            "lock_table": "another-table",
            "use_lockfile": False,
            "encrypt": False,
        }
    )
    arguments = backend_arguments(environment, stack, path_style=False)
    assert {
        "-backend-config=bucket=another-bucket",
        "-backend-config=region=us-east-1",
        "-backend-config=dynamodb_table=another-table",
        "-backend-config=use_lockfile=false",
        "-backend-config=encrypt=false",
    } < set(arguments)


# The dependency lock.


def test_locked_providers(tmp_path: Path) -> None:
    (tmp_path / ".terraform.lock.hcl").write_text(
        '# This file is maintained automatically by "terraform init".\n'
        'provider "registry.terraform.io/hashicorp/aws" {\n'
        '  version     = "6.14.1"\n'
        '  constraints = "~> 6.0"\n'
        '  hashes = [\n    "h1:version =",\n  ]\n}\n\n'
        'provider "registry.terraform.io/hashicorp/time" {\n  version = "0.13.1"\n}\n'
    )
    assert locked_providers(tmp_path) == {
        "registry.terraform.io/hashicorp/aws": "6.14.1",
        "registry.terraform.io/hashicorp/time": "0.13.1",
    }


@pytest.mark.parametrize("root", ["core", "demo"])
def test_the_projects_roots_lock_the_aws_provider(root: str) -> None:
    versions = locked_providers(PROJECT / "include" / "terraform" / root)
    assert "registry.terraform.io/hashicorp/aws" in versions
    assert all(version.count(".") == 2 for version in versions.values())


def test_directories_and_files_are_private_whatever_made_them(sources: Path, environment: Environment) -> None:
    workspace, _ = prepare(environment, "demo")
    workspace.write_inputs({"a": 1})
    loose = workspace.directory / "logs" / "00-show.out"
    loose.parent.mkdir(mode=0o755)
    loose.write_text("a plan")
    loose.chmod(0o644)
    prepare(environment, "demo")
    for path in (workspace.directory, *workspace.directory.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_state_that_was_not_saved_outlives_a_new_copy_of_the_sources(sources: Path, environment: Environment) -> None:
    workspace, _ = prepare(environment, "demo")
    (workspace.root / "errored.tfstate").write_text("what was made")
    (sources / "demo/main.tf").write_text("# edited\n")
    prepare(environment, "demo")
    (kept,) = (workspace.directory / "unsaved").iterdir()
    assert kept.read_text() == "what was made"


@pytest.mark.parametrize(
    ("root", "directory"),
    [
        ("demo", PROJECT / "include" / "terraform" / "demo"),
        ("./roots/reports", PROJECT / "roots" / "reports"),
        ("../platform/reports", PROJECT / ".." / "platform" / "reports"),
        ("/srv/reports", Path("/srv/reports")),
    ],
)
def test_a_root_lies_below_include_or_at_its_path(environment: Environment, root: str, directory: Path) -> None:
    """A path is seen from the project's directory, wherever the worker stands."""
    assert root_directory(environment.stacks["demo"].model_copy(update={"root": root})) == directory
