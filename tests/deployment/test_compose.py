"""docker-compose.yaml: valid, complete, closed to the outside, and consistent with itself and the project."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import psutil
import pytest

from deployment.asking import AIRFLOW
from deployment.reading import (
    IMAGE_HOME,
    PROJECT,
    Service,
    compose,
    container_environment,
    copied,
    example,
    in_project,
    interpolated,
    made,
    sandbox_options,
    services,
    stages,
)
from sandbox import supervisor
from sandbox.confluent.credentials import new_cloud_key, write_cloud_key
from sandbox.loopback import require_loopback
from sandbox.web_identity import write_token

NAMES = sorted(services())
SHARING = [*AIRFLOW, "sandbox"]
# Made by the base images: the log directory of Airflow's, the data directory of Postgres's.
OF_BASE_IMAGES = {PurePosixPath("/opt/airflow/logs"), PurePosixPath("/var/lib/postgresql/data")}
ONE_SHOT = "service_completed_successfully"


def _resolved(name: str, profile: str = "sandbox") -> Service:
    found: Service = interpolated(services()[name], example(profile))
    return found


def _dependencies(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = services()[name].get("depends_on", {})
    return found


def _mounts(name: str, profile: str = "sandbox") -> list[tuple[str, PurePosixPath, bool]]:
    """Source, target, and whether it is read only."""
    parts = [volume.split(":") for volume in _resolved(name, profile).get("volumes", [])]
    return [(source, PurePosixPath(target), "ro" in mode) for source, target, *mode in parts]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def test_compose_specification() -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("check-jsonschema")),
            "--builtin-schema",
            "vendor.compose-spec",
            "docker-compose.yaml",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_services() -> None:
    always = {name for name, service in services().items() if not service.get("profiles")}
    assert always == {"postgres", "network", *AIRFLOW}
    assert {name: service["profiles"] for name, service in services().items() if name not in always} == {
        "sandbox": ["sandbox"]
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_image_is_pinned(name: str) -> None:
    repository, _, tag = services()[name]["image"].partition(":")
    assert tag
    assert tag != "latest"
    assert repository == "tidegate" or re.match(r"\d+\.\d+-", tag)


def test_one_service_builds_the_image_that_all_others_use() -> None:
    assert [name for name in NAMES if "build" in services()[name]] == ["network"]
    assert {services()[name]["image"] for name in [*SHARING, "network"]} == {"tidegate:local"}
    assert (PROJECT / services()["network"]["build"]["context"] / "Dockerfile").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_a_health_check_or_is_one_shot(name: str) -> None:
    waited_for = {
        dependency["condition"] for other in NAMES for to, dependency in _dependencies(other).items() if to == name
    }
    if ONE_SHOT in waited_for:
        assert waited_for == {ONE_SHOT}
        assert services()[name]["restart"] == "no"
    else:
        check = services()[name]["healthcheck"]
        assert check["test"][0] == "CMD"
        assert check["test"][1:] not in ([], ["true"])
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@pytest.mark.parametrize("name", NAMES)
def test_dependencies_are_there_and_can_be_waited_for(name: str) -> None:
    for to, dependency in _dependencies(name).items():
        assert dependency["condition"] == ("service_healthy" if "healthcheck" in services()[to] else ONE_SHOT)
        optional = bool(services()[to].get("profiles")) and not services()[name].get("profiles")
        assert dependency.get("required", True) is not optional


def test_airflow_starts_after_the_database_is_migrated_and_the_sandbox_is_ready() -> None:
    assert services()["airflow-init"]["command"] == ["db", "migrate"]
    for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert {"network", "postgres", "airflow-init", "airflow-pools", "sandbox"} <= set(_dependencies(name))
    assert "api-server" in _dependencies("scheduler")


def test_what_runs_on_is_restarted_and_what_has_lost_its_state_is_not() -> None:
    restarts = {name: services()[name]["restart"] for name in NAMES}
    assert {name for name, policy in restarts.items() if policy == "no"} == {"airflow-init", "airflow-pools", "sandbox"}
    assert set(restarts.values()) == {"no", "unless-stopped"}


@pytest.mark.parametrize("name", SHARING)
def test_all_share_one_loopback(name: str) -> None:
    service = services()[name]
    assert service["network_mode"] == "service:network"
    assert {"ports", "networks", "hostname", "dns", "extra_hosts", "links"} & set(service) == set()
    assert _dependencies(name)["network"] == {"condition": "service_healthy", "restart": True}


def test_the_shared_namespace_outlives_who_shares_it() -> None:
    network = services()["network"]
    assert network["entrypoint"] == ["sleep", "infinity"]
    assert "profiles" not in network
    assert "network_mode" not in network


def test_no_other_machine_has_this_host_name_and_no_other_scheduler_shares_it() -> None:
    """Terraform of a host of the same name counts as dead when its process is not seen."""
    assert [name for name in NAMES if {"hostname", "scale", "deploy"} & set(services()[name])] == []


def test_only_the_pages_are_published_and_on_loopback_only() -> None:
    published = {name: services()[name]["ports"] for name in NAMES if "ports" in services()[name]}
    assert published == {"network": ["127.0.0.1:${AIRFLOW_PORT:-8080}:8080"]}
    assert not any("expose" in services()[name] for name in NAMES)


def test_everybody_means_the_same_port() -> None:
    host, outside, inside = _resolved("network")["ports"][0].split(":")
    environment = container_environment(services()["scheduler"], example("sandbox"))
    assert environment["AIRFLOW__API__PORT"] == inside
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"http://127.0.0.1:{inside}/execution/"
    assert environment["AIRFLOW__API__BASE_URL"] == f"http://{host}:{outside}"
    assert _resolved("api-server")["healthcheck"]["test"][-1].startswith(f"http://127.0.0.1:{inside}/")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_gets_rights_that_it_does_not_need(name: str) -> None:
    service = services()[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"privileged", "cap_add", "user", "devices", "pid", "ipc"} & set(service) == set()
    if name != "postgres":  # which changes to its own user by itself
        assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_is_mounted_where_it_is_used_and_nowhere_else(name: str) -> None:
    used = set(re.findall(r"/run/secrets/(\w+)", "\n".join(_texts(services()[name]))))
    assert used == set(services()[name].get("secrets", []))


def test_every_secret_is_a_file_and_every_file_is_used() -> None:
    declared = compose()["secrets"]
    assert {name for service in services().values() for name in service.get("secrets", [])} == set(declared)
    assert all(set(secret) == {"file"} and secret["file"].startswith("./secrets/") for secret in declared.values())


def test_no_secret_has_a_value_here() -> None:
    secret = re.compile(r"PASSWORD|SECRET|_KEY\b|_KEY_|TOKEN|SQL_ALCHEMY_CONN")
    by_file = re.compile(r"(cat )?/(run/secrets|dev/shm|opt/airflow/(web|reader)_identity)/[\w./{}]+")

    def parts(value: str) -> list[str]:
        return list(json.loads(value).values()) if value.startswith("{") else [value]

    found = {
        variable: value
        for name in NAMES
        for profile in ("sandbox", "aws")
        for variable, value in container_environment(services()[name], example(profile)).items()
        if secret.search(variable)
    }
    assert len(found) == 10
    named = {variable for variable, value in found.items() if not all(map(by_file.fullmatch, parts(value)))}
    assert named == {"AIRFLOW__SECRETS__BACKEND"}
    assert found["AIRFLOW__SECRETS__BACKEND"] == "airflow.secrets.local_filesystem.LocalFilesystemBackend"


@pytest.mark.parametrize("file", ["docker-compose.yaml", ".env.example"])
def test_no_credential_is_written_down(file: str) -> None:
    text = (PROJECT / file).read_text("utf-8")
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text)
    assert not re.search(
        r"AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AIRFLOW_CONN_|A[KS]IA[A-Z0-9]{12}", text
    )
    assert "ALL_ADMINS" not in text
    assert "trust" not in text


@pytest.mark.parametrize("profile", ["sandbox", "aws"])
@pytest.mark.parametrize("name", NAMES)
def test_every_mount_has_a_source_and_a_place(name: str, profile: str) -> None:
    volumes = set(compose()["volumes"])
    for source, target, _ in _mounts(name, profile):
        named = {example("aws")[it] for it in ("WEB_IDENTITY_DIR", "READER_IDENTITY_DIR")}
        assert source in volumes or (profile == "aws" and source in named)
        assert target in made() | OF_BASE_IMAGES


def test_every_volume_is_used() -> None:
    assert {source for name in NAMES for source, *_ in _mounts(name)} == set(compose()["volumes"])


def test_only_the_sandbox_writes_the_token_and_only_the_scheduler_what_runs_leave() -> None:
    writers: dict[str, set[str]] = {}
    for name in NAMES:
        for source, _, read_only in _mounts(name):
            if not read_only:
                writers.setdefault(source, set()).add(name)
    assert writers["web_identity"] == writers["reader_identity"] == {"sandbox"}
    assert writers["runs"] == {"scheduler"}
    assert writers["postgres"] == {"postgres"}


def test_who_reads_what_the_sandbox_keeps_for_its_owner_is_its_owner(tmp_path: Path) -> None:
    """The key of Confluent and the token are 0600: one user writes and reads them, and no other container has them."""
    write_cloud_key(tmp_path / "connections", new_cloud_key())
    write_token(tmp_path / "token")
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o600"}
    sharing = {name for name in NAMES if any(source == "web_identity" for source, *_ in _mounts(name))}
    assert sharing == {"sandbox", "scheduler", "dag-processor"}
    assert {(services()[name]["image"], services()[name].get("user")) for name in sharing} == {("tidegate:local", None)}
    assert [step.arguments for step in stages()[-1] if step.name == "USER"] == ["50000"]
    assert sandbox_options().connections_file.parent == sandbox_options().directory


def test_terraform_may_run_the_provider_that_lies_in_the_volume() -> None:
    """A volume of Compose's own lets programs run, unless its options or those of the mount say noexec."""
    assert compose()["volumes"]["web_identity"] is None
    source, target, *mode = _resolved("scheduler")["volumes"][-1].split(":")
    assert (source, PurePosixPath(target), mode) == ("web_identity", PurePosixPath(sandbox_options().directory), ["ro"])
    assert PurePosixPath(sandbox_options().provider_mirror).parent == PurePosixPath(target)


@pytest.mark.parametrize("profile", ["sandbox", "aws"])
def test_every_path_below_airflows_home_exists(profile: str) -> None:
    named = {
        PurePosixPath(path.rstrip("/"))
        for name in NAMES
        for text in [
            *_texts(_resolved(name, profile)),
            *container_environment(services()[name], example(profile)).values(),
        ]
        for path in re.findall(rf"{IMAGE_HOME}/[\w./-]+", text)
    }
    assert {IMAGE_HOME / "dags", IMAGE_HOME / "include", IMAGE_HOME / "runs"} <= named
    mounted = {target for name in NAMES for _, target, _ in _mounts(name)}
    missing = {
        path
        for path in named
        if not any(path == place or path.parent == place for place in mounted)
        and ((inside := in_project(path)) is None or not inside.exists())
    }
    assert missing == set()


def test_the_code_is_that_of_the_image() -> None:
    targets = {target for name in NAMES for _, target, _ in _mounts(name)}
    assert targets & set(copied()) == set()


def test_the_sandbox_accepts_its_command() -> None:
    python, flag, module, *arguments = _resolved("sandbox")["command"]
    assert (python, flag, module) == ("python", "-m", "sandbox.supervisor")
    options = supervisor._parser().parse_args(arguments)
    assert options.command == "run"
    assert (options.port, options.admin_port, options.confluent_port) == (5000, 5001, 5002)
    assert options.region == example("sandbox")["AWS_REGION"]
    assert options.seed_role
    require_loopback(options.bind, "--bind")
    targets = [(str(target), read_only) for _, target, read_only in _mounts("sandbox")]
    assert targets == [(str(options.directory), False), (str(options.reader_tokens), False)]


def test_the_sandbox_is_asked_in_its_own_directory() -> None:
    word, python, flag, module, *arguments = _resolved("sandbox")["healthcheck"]["test"]
    assert (word, python, flag, module) == ("CMD", "python", "-m", "sandbox.supervisor")
    options = supervisor._parser().parse_args(arguments)
    started = supervisor._parser().parse_args(_resolved("sandbox")["command"][3:])
    assert options.command == "status"
    assert options.directory == started.directory


def test_modules_lie_on_the_path_of_who_runs_them() -> None:
    for name in NAMES:
        words = [*services()[name].get("command", []), *services()[name].get("healthcheck", {}).get("test", [])]
        modules = [words[number + 1] for number, word in enumerate(words) if word == "-m" and "." in words[number + 1]]
        assert bool(modules) == (name == "sandbox")
        for module in modules:
            path = services()[name]["environment"]["PYTHONPATH"].split(":")
            folders = [in_project(PurePosixPath(each)) for each in path]
            assert None not in folders
            assert [folder for folder in folders if folder and (folder / f"{module.replace('.', '/')}.py").is_file()]


def test_the_sandbox_finds_the_command_that_its_owner_runs() -> None:
    path = services()["sandbox"]["environment"]["PYTHONPATH"].split(":")
    folders = [in_project(PurePosixPath(each)) for each in path]
    assert [folder for folder in folders if folder and (folder / "tidegate" / "cli.py").is_file()]
    assert "dev_min" in sandbox_options().environments


def test_the_product_needs_no_search_path() -> None:
    assert [name for name in AIRFLOW if "PYTHONPATH" in services()[name]["environment"]] == []


def test_the_passwords_are_copied_to_where_airflow_may_write() -> None:
    service = services()["api-server"]
    copy, _, start = service["command"][-1].partition(" && ")
    *how, source, target = copy.split()
    assert how == ["install", "-m", "600"]
    assert start == "exec airflow api-server"
    assert source == "/run/secrets/airflow_passwords"
    assert target == service["environment"]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]
    assert PurePosixPath(target).parent == PurePosixPath("/dev/shm")


# Started in the background of a shell, it would inherit that it ignores the signal.
INTERRUPTIBLE = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(7)
"""


@pytest.fixture
def two_processes() -> Iterator[list[psutil.Process]]:
    """A process that passes for terraform and ends with 7 when it is interrupted, and another one."""
    started = [subprocess.Popen([sys.executable, "-c", INTERRUPTIBLE], stdout=subprocess.PIPE) for _ in range(2)]
    found = [psutil.Process(process.pid) for process in started]
    for process, seen, name in zip(started, found, ("terraform", "python"), strict=True):
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        seen.info = {"name": name}
    yield found
    for process in started:
        process.kill()
        process.communicate()


def test_terraform_is_interrupted_before_the_scheduler_stops(
    two_processes: list[psutil.Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hook's own code, on these two processes instead of all of this machine."""
    (hook,) = services()["scheduler"]["pre_stop"]
    python, flag, code = hook["command"]
    assert (python, flag) == ("python", "-c")
    monkeypatch.setattr(psutil, "process_iter", lambda attributes: two_processes if attributes == ["name"] else [])
    exec(compile(code, "pre_stop", "exec"), {})
    terraform, other = two_processes
    assert not terraform.is_running()
    assert terraform.wait(0) == 7
    assert other.is_running()


def test_a_stop_goes_on_when_no_terraform_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "process_iter", lambda _attributes: [])
    exec(compile(services()["scheduler"]["pre_stop"][0]["command"][-1], "pre_stop", "exec"), {})
