"""The Dockerfile: pinned, complete, without secrets, not root, and laid out as the project expects."""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from deployment.reading import (
    IMAGE_HOME,
    PROJECT,
    Instruction,
    commands_of_the_image,
    copied,
    dockerfile,
    ignored,
    in_project,
    made,
    services,
    stages,
)
from sandbox.confluent import mirror
from tidegate import environments
from tidegate.gates.rules_version import meets, parse_constraint, parse_version
from tidegate.lanes.judging import source_version
from tidegate.settings import Settings
from tidegate.terraform.cli_config import discover_mirrors, mirrored_providers

BASES = [step.arguments.split()[0] for step in dockerfile() if step.name == "FROM"]
NAMES_OF_STAGES = {
    step.arguments.split()[2] for step in dockerfile() if step.name == "FROM" and " AS " in step.arguments
}
PULLED = [base for base in BASES if base not in NAMES_OF_STAGES]
COPIES = [step for step in dockerfile() if step.name == "COPY"]
ROOTS = sorted(path.parent for path in (PROJECT / "include" / "terraform").glob("*/terraform.tf"))
MIRROR = PurePosixPath("/usr/share/terraform/plugins")


def _commands(stage: int) -> str:
    return "\n".join(step.arguments for step in stages()[stage] if step.name == "RUN")


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), "Dockerfile"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("image", PULLED)
def test_every_base_image_is_pinned(image: str) -> None:
    name, _, tag = image.partition(":")
    assert name in {"hashicorp/terraform", "apache/airflow"}
    assert re.search(r"\d+\.\d+\.\d+", tag)
    assert "latest" not in tag


def test_airflow_is_the_one_of_the_requirements() -> None:
    *_, image = PULLED
    required = re.search(r"^apache-airflow==(\S+)$", (PROJECT / "requirements.in").read_text("utf-8"), re.MULTILINE)
    assert required
    assert image == f"apache/airflow:slim-{required[1]}-python3.11"


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-standin.txt"])
def test_python_is_one_that_the_lock_was_made_for(lock: str) -> None:
    *_, image = PULLED
    minor = image.rpartition("-python")[2]
    assert f"--python-version {minor}." in (PROJECT / lock).read_text("utf-8").splitlines()[1]


@pytest.mark.parametrize("environment", environments.names())
def test_terraform_is_one_that_the_manifest_accepts(environment: str) -> None:
    version = parse_version(PULLED[0].removeprefix("hashicorp/terraform:"))
    assert meets(version, parse_constraint(environments.load(environment).terraform_version))


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_terraform_is_one_that_every_root_accepts(root: Path) -> None:
    required = re.search(r'required_version = "(.+)"', (root / "terraform.tf").read_text("utf-8"))
    assert required
    whole = re.sub(r"(?<![.\d])(\d+\.\d+)(?![.\d])", r"\1.0", required[1])
    assert meets(parse_version(PULLED[0].removeprefix("hashicorp/terraform:")), parse_constraint(whole))


def test_terraform_lies_on_the_path() -> None:
    step = next(step for step in stages()[-1] if "--from=terraform" in step.arguments)
    assert step.words == ["/bin/terraform", "/usr/local/bin/terraform"]
    assert Settings().terraform == "terraform"


@pytest.mark.parametrize("environment", environments.names())
def test_the_lock_file_of_every_stack_is_mirrored(environment: str) -> None:
    assert "for lock in */.terraform.lock.hcl" in _commands(1)
    assert [step.words for step in stages()[1] if step.name == "COPY"] == [["include/terraform", "."]]
    for stack in environments.load(environment).stacks.values():
        assert (PROJECT / "include" / "terraform" / stack.root / ".terraform.lock.hcl").is_file()


def test_the_mirror_is_proven_against_the_lock_files() -> None:
    mirroring, proof = _commands(1).index("providers mirror"), _commands(1).index("-lockfile=readonly -plugin-dir=")
    assert mirroring < proof


def test_the_mirror_lies_where_terraform_is_told_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = next(step for step in stages()[-1] if "--from=providers" in step.arguments)
    assert step.words == [str(MIRROR), str(MIRROR)]
    assert f"mirror={MIRROR};" in _commands(1)
    looked_at: list[Path] = []

    def is_dir(path: Path) -> bool:
        looked_at.append(path)
        return False

    monkeypatch.setattr(Path, "is_dir", is_dir)
    discover_mirrors(Settings().provider_mirrors, tmp_path)
    assert Path(MIRROR) / "registry.terraform.io" in looked_at


def test_a_packed_mirror_counts(tmp_path: Path) -> None:
    packed = tmp_path / "registry.terraform.io" / "hashicorp" / "aws"
    packed.mkdir(parents=True)
    (packed / "terraform-provider-aws_5.100.0_linux_arm64.zip").touch()
    assert mirrored_providers(tmp_path) == ("registry.terraform.io/hashicorp/aws",)


def test_requirements_are_installed_by_their_hashes() -> None:
    assert "pip install --no-cache-dir --require-hashes -r /opt/airflow/requirements.txt" in _commands(-1)
    assert "&& pip check" in _commands(-1)


def _in_image(path: Path) -> PurePosixPath:
    """Where the code finds what it looks for relative to itself."""
    assert copied()[IMAGE_HOME / "include"] == PROJECT / "include"
    return IMAGE_HOME / path.relative_to(mirror.PROJECT).as_posix()


def test_the_stand_in_provider_has_an_environment_of_its_own() -> None:
    """Of exactly its lock: it starts empty, one command fills it, and by hashes means nothing beside the lock."""
    place = str(_in_image(mirror.VIRTUAL_ENVIRONMENT))
    pip = ["pip", "--python", f"{place}/bin/python"]
    lock = IMAGE_HOME / "requirements-standin.txt"
    assert [words for words in commands_of_the_image() if any(place in word for word in words)] == [
        ["python", "-m", "venv", "--without-pip", place],
        [*pip, "install", "--no-cache-dir", "--require-hashes", "-r", str(lock)],
        [*pip, "check"],
    ]
    assert copied()[lock] == PROJECT / "requirements-standin.txt"


def test_all_that_the_wrapper_of_the_stand_in_provider_names_is_in_the_image(tmp_path: Path) -> None:
    """The sandbox's container writes it, the scheduler's runs it: in both everything lies where the image has it."""
    [wrapper] = mirror.make_mirror(tmp_path).rglob("terraform-provider-*")
    named = {
        Path(path) for path in re.findall(rf"{re.escape(str(mirror.PROJECT))}[\w./-]*", wrapper.read_text("utf-8"))
    }
    assert named == {mirror.VIRTUAL_ENVIRONMENT / "bin" / "python", mirror.PROJECT / "include"}
    assert str(tmp_path) not in wrapper.read_text("utf-8")
    package = in_project(_in_image(mirror.PROJECT / "include") / "sandbox" / "confluent" / "provider" / "__main__.py")
    assert package is not None
    assert package.is_file()
    assert wrapper.read_text("utf-8").startswith("#!/bin/sh\n")
    assert wrapper.stat().st_mode & 0o111 == 0o111


@pytest.mark.parametrize("step", COPIES, ids=lambda step: step.arguments)
def test_every_source_exists(step: Instruction) -> None:
    origin = re.search(r"--from=(\S+)", step.arguments)
    if origin:
        assert origin[1] in NAMES_OF_STAGES
    else:
        assert (PROJECT / step.words[0]).exists()
        assert not ignored(step.words[0])


def test_every_file_of_the_code_gets_into_the_image() -> None:
    wanted = [path for name in ("dags", "plugins", "include") for path in (PROJECT / name).rglob("*") if path.is_file()]
    left_out = {
        path.relative_to(PROJECT).as_posix()
        for path in wanted
        if ignored(path.relative_to(PROJECT).as_posix()) and not {"__pycache__", ".terraform"} & set(path.parts)
    }
    assert {name for name in left_out if not name.startswith("include/workbench/")} == set()
    assert not ignored("plugins/.airflowignore")
    assert not ignored("include/terraform/core/.terraform.lock.hcl")


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/python",
        ".venv-standin/bin/python",
        "include/.env",
        "include/terraform/core/.terraform/modules/modules.json",
        "include/terraform/core/.terraform/terraform.tfstate",
        "include/terraform/core/terraform.tfstate",
        "include/terraform/core/terraform.tfstate.backup",
        "include/terraform/demo/saved.tfplan",
        "plugins/tidegate/__pycache__/settings.cpython-311.pyc",
        "runs/dev_substrate/m9/proof.json",
        "secrets/fernet_key",
    ],
)
def test_nothing_secret_or_stale_gets_into_the_build(path: str) -> None:
    assert ignored(path)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_defaults_of_the_settings_hold_in_the_image(name: str) -> None:
    assert copied()[IMAGE_HOME / "plugins"] == PROJECT / "plugins"
    default = Settings.model_fields[name].default
    if isinstance(default, Path):
        place = IMAGE_HOME / default.relative_to(PROJECT).as_posix()
        inside = in_project(place)
        assert (inside is not None and inside.is_dir()) or place in made() or place.parent in made()


def test_what_runs_is_not_root_and_cannot_change_the_code() -> None:
    *_, last = [step.arguments for step in stages()[-1] if step.name == "USER"]
    assert last.isdecimal()
    assert int(last) > 0
    assert [step.arguments for step in stages()[-1] if "--chown" in step.arguments] == []
    owner = next(number for number, step in enumerate(stages()[-1]) if step.name == "USER")
    writing = [number for number, step in enumerate(stages()[-1]) if step.name == "RUN"]
    assert min(writing) > owner


def test_the_image_says_which_code_it_holds() -> None:
    steps = stages()[-1]
    arguments = [step.arguments for step in steps if step.name == "ARG"]
    assert arguments == ["TIDEGATE_GIT_COMMIT=unknown", "TIDEGATE_GIT_DIRTY=unknown"]
    variables = next(step.arguments for step in steps if step.name == "ENV").split()
    assert variables == [f"{name}=${{{name}}}" for name in ("TIDEGATE_GIT_COMMIT", "TIDEGATE_GIT_DIRTY")]
    given = services()["network"]["build"]["args"]
    assert given == {argument.partition("=")[0]: f"${{{argument.replace('=', ':-')}}}" for argument in arguments}
    assert source_version({"TIDEGATE_GIT_COMMIT": "0b1e", "TIDEGATE_GIT_DIRTY": "false"}) == ("0b1e", False)
    assert source_version({"TIDEGATE_GIT_COMMIT": "unknown", "TIDEGATE_GIT_DIRTY": "unknown"}) == ("unknown", None)


def test_names_no_host_and_holds_no_credential() -> None:
    text = (PROJECT / "Dockerfile").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"(?i)aws_(access|secret)|password|token=", text)
