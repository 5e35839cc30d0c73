"""Asks the installed Airflow in a process of its own, with the environment that Compose gives the scheduler."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deployment.reading import Service, container_environment, example, sandbox_options, services
from sandbox.confluent.credentials import CloudKey, new_cloud_key, write_cloud_key
from tidegate import environments
from workbench import compose_secrets

AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer", "airflow-init", "airflow-pools")

QUESTIONS = """
import contextlib, io, json, sys

from airflow.cli.cli_parser import get_parser
from airflow.configuration import conf, retrieve_configuration_description
from airflow.executors.executor_loader import ExecutorLoader
from airflow.sdk import Connection
from airflow.sdk._shared.module_loading import import_string

def refusal(command):
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            get_parser().parse_args(command)
    except SystemExit:
        return said.getvalue()

wanted = json.load(sys.stdin)
connection = Connection.get(wanted["connection"])
known = retrieve_configuration_description(include_providers=True)
answer = {
    "options": [(section, key) for section in known for key in known[section]["options"]],
    "sensitive": sorted(conf.sensitive_config_values),
    "values": {f"{section}.{key}": conf.get(section, key) for section, key in wanted["values"]},
    "loaded": [ExecutorLoader.get_default_executor_name().module_path, conf.getimport("core", "xcom_backend").__name__],
    "connection": [connection.login, connection.password],
    "refused": {" ".join(command): said for command in wanted["commands"] if (said := refusal(command)) is not None},
}
print(json.dumps(answer))
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What Airflow said, sections as variables spell them, and the secrets that it was given."""

    options: set[tuple[str, str]]
    sensitive: set[tuple[str, str]]
    values: dict[str, str]
    loaded: list[str]
    refused: dict[str, str]
    connection: CloudKey
    secrets: Path
    cloud_key: CloudKey


def ask(home: Path, values: list[tuple[str, str]]) -> Answers:
    """Airflow's options, what it reads for some of them, the connection that holds Confluent's key, and which commands
    of the services it refuses. The sandbox's directory and the secrets lie below `home`.
    """
    compose_secrets.write(home / "secrets")
    sandbox, cloud_key = sandbox_options(), new_cloud_key()
    (home / "sandbox").mkdir()
    write_cloud_key(home / "sandbox" / sandbox.connections_file.name, cloud_key)
    given = container_environment(services()["scheduler"], example("sandbox"))
    places = {"/run/secrets": home / "secrets", str(sandbox.directory): home / "sandbox"}
    for inside, place in places.items():
        given = {name: value.replace(inside, str(place)) for name, value in given.items()}
    wanted = {
        "values": values,
        "commands": [command for name in AIRFLOW for command in commands(name)],
        "connection": _connection_of_confluent(),
    }
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS],
        input=json.dumps(wanted),
        env=inherited | given | {"AIRFLOW_HOME": str(home), "HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    return Answers(
        options={(section.replace(".", "_"), key) for section, key in said["options"]},
        sensitive={(section, key) for section, key in said["sensitive"]},
        values=said["values"],
        loaded=said["loaded"],
        refused=said["refused"],
        connection=CloudKey(*said["connection"]),
        secrets=home / "secrets",
        cloud_key=cloud_key,
    )


def _connection_of_confluent() -> str:
    """The connection that the manifest names."""
    confluent = environments.load(environments.names()[0]).confluent
    assert confluent is not None
    return confluent.api_key_connection


def commands(name: str) -> list[list[str]]:
    """The words after `airflow` of a service's command, to which the image adds it, and of its health check."""
    service: Service = services()[name]
    command: list[str] = service["command"]
    found = [command] if command[0] != "bash" else [command[-1].rpartition("exec airflow ")[2].split()]
    test: list[str] = service.get("healthcheck", {}).get("test", [])
    return [*found, test[2:]] if test[1:2] == ["airflow"] else found
