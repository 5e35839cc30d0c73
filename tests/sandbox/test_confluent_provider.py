"""The stand-in provider for Confluent without Terraform: the real schema, the planning, loopback only."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from confluent_schema import facts
from sandbox.confluent.mirror import LOCK_FILE, SOURCE, VERSION, make_mirror, package_digest, terraform_platform
from sandbox.confluent.provider.client import Client, Key, ProviderProblem
from sandbox.confluent.provider.cluster import ClusterResource
from sandbox.confluent.provider.kafka import TopicResource
from sandbox.confluent.provider.planning import UNKNOWN, planned, problems, replacements, settled, without_unknown
from sandbox.confluent.provider.provider import DATA_SOURCES, RESOURCES, SCHEMA, configured
from sandbox.confluent.provider.schema import Attribute, Block, Body, Schema

KEY = Key("KEY", "made-up")


def lines(body: Body, above: str = "") -> Iterator[str]:
    """A schema in the notation of the table."""
    for name, part in body.items():
        if isinstance(part, Attribute):
            flags = {"R": part.required, "O": part.optional, "C": part.computed, "S": part.sensitive}
            flags["F"] = part.force_new
            default = "" if part.default is None else f"={str(part.default).lower()}"
            word = "".join(letter for letter, is_so in flags.items() if is_so)
            yield f"{above}{name} {part.type.strip(chr(34))} {word}{default}"
        else:
            size = "single" if part.single else f"list {part.smallest}..{part.largest or '*'}"
            yield f"{above}{name} {size} {'C' * part.computed}{'F' * part.force_new}".strip()
            yield from lines(part.body, f"{above}{name}.")


def schemas() -> dict[str, Schema]:
    return {
        "provider": SCHEMA,
        **{name: each.schema for name, each in RESOURCES.items()},
        **{f"data.{name}": each.schema for name, each in DATA_SOURCES.items()},
    }


def test_the_table_and_the_stand_in_hold_the_same_types() -> None:
    assert facts().keys() == schemas().keys()


@pytest.mark.parametrize("name", sorted(facts()))
def test_the_schema_is_the_real_one(name: str) -> None:
    schema = schemas()[name]
    assert {f"version {schema.version}", *lines(schema.body)} == facts()[name]


# Planning as terraform-plugin-sdk does.


def plan(body: Body, config: dict[str, Any], prior: dict[str, Any] | None = None) -> dict[str, Any]:
    """Terraform proposes the configuration, and the prior value where a computed one is not given."""
    proposed = {name: config.get(name, (prior or {}).get(name)) for name in body}
    return planned(body, {name: config.get(name) for name in body}, prior, proposed)


def test_a_new_object_gets_defaults_and_unknowns() -> None:
    body = {
        "count": Attribute(optional=True, default=6),
        "id": Attribute(computed=True),
        "note": Attribute(optional=True),
    }
    assert plan(body, {}) == {"count": 6, "id": UNKNOWN, "note": None}


def test_a_computed_value_stays_and_a_given_one_wins() -> None:
    body = {"id": Attribute(computed=True), "note": Attribute(optional=True, computed=True)}
    prior = {"id": "x-1", "note": "old"}
    assert plan(body, {}, prior) == prior
    assert plan(body, {"note": "new"}, prior) == {"id": "x-1", "note": "new"}


def test_a_change_that_means_nothing_is_none() -> None:
    body = {"availability": ClusterResource.schema.body["availability"]}
    prior = {"availability": "LOW"}
    assert plan(body, {"availability": "SINGLE_ZONE"}, prior) == prior
    changed = plan(body, {"availability": "MULTI_ZONE"}, prior)
    assert list(replacements(body, prior, changed)) == [("availability",)]


def test_an_optional_and_computed_block_is_unknown_until_made_and_stays_afterwards() -> None:
    body = {"network": Block({"id": Attribute(required=True)}, computed=True)}
    assert plan(body, {"network": []}) == {"network": UNKNOWN}
    prior = {"network": [{"id": "n-1"}]}
    assert planned(body, {"network": []}, prior, {"network": []}) == prior


def test_a_change_inside_a_block_replaces() -> None:
    body = {"owner": Block({"id": Attribute(required=True, force_new=True)}, force_new=True)}
    prior = {"owner": [{"id": "sa-1"}]}
    assert list(replacements(body, prior, {"owner": [{"id": "sa-2"}]})) == [("owner", 0, "id")]
    assert list(replacements(body, prior, {"owner": []})) == [("owner",)]
    assert list(replacements(body, prior, prior)) == []


@pytest.mark.parametrize(("wanted", "replaced"), [(2, [("partitions_count",)]), (3, []), (5, [])])
def test_fewer_partitions_need_a_new_topic(wanted: int, replaced: list[Any]) -> None:
    state, new = {"partitions_count": 3}, {"partitions_count": wanted}
    assert list(TopicResource.more_replacements(state, new)) == replaced


def test_wrong_values_are_named_with_their_place() -> None:
    config = {"topic_name": "not a name", "partitions_count": 0, "kafka_cluster": [{"id": "cluster-1"}]}
    found = dict(problems(TopicResource.schema.body, config))
    assert set(found) == {("topic_name",), ("partitions_count",), ("kafka_cluster", 0, "id")}
    assert dict(problems(TopicResource.schema.body, {"topic_name": UNKNOWN, "kafka_cluster": UNKNOWN})) == {}


@pytest.mark.parametrize(("chosen", "wrong"), [([], True), (["basic"], False), (["basic", "standard"], True)])
def test_one_kind_of_cluster(chosen: list[str], wrong: bool) -> None:
    assert bool(list(ClusterResource.config_problems({kind: [{}] for kind in chosen}))) is wrong


def test_what_the_api_answers_empty_stays_null_where_nothing_was_wanted() -> None:
    body = {"description": Attribute(optional=True), "note": Attribute(optional=True, computed=True)}
    assert settled(body, {"description": None, "note": None}, {"description": "", "note": ""}) == {
        "description": None,
        "note": "",
    }


def test_what_was_made_in_part_has_no_unknown_values() -> None:
    assert without_unknown({"id": "lkc-1", "kind": UNKNOWN, "basic": [{"max_ecku": UNKNOWN}]}) == {
        "id": "lkc-1",
        "kind": None,
        "basic": [{"max_ecku": None}],
    }


# Loopback only.


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://api.confluent.cloud",
        "http://localhost:8080",
        "https://127.0.0.1:8080",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://[::2]:1",
    ],
)
def test_another_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ProviderProblem, match="not http to a loopback address"):
        Client(endpoint, KEY, 0)


def test_the_default_endpoint_is_confluents_and_is_refused() -> None:
    with pytest.raises(ProviderProblem, match=r"'https://api\.confluent\.cloud'"):
        configured({"cloud_api_key": "k", "cloud_api_secret": "s"})


def test_a_cluster_that_is_elsewhere_is_refused() -> None:
    client = Client("http://127.0.0.1:1", KEY, 0)
    with pytest.raises(ProviderProblem, match="rest_endpoint"):
        client.call("GET", "/kafka/v3/clusters/lkc-1/topics", base="https://pkc-1.confluent.example", key=KEY)


def test_a_key_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ProviderProblem, match="CONFLUENT_CLOUD_API_KEY"):
        configured({"endpoint": "http://127.0.0.1:1"})


def test_a_key_does_not_show_itself() -> None:
    assert "made-up" not in repr(KEY)


# The mirror.


def test_the_mirror_is_of_this_machine_and_says_stand_in(tmp_path: Path) -> None:
    mirror = make_mirror(tmp_path / "providers")
    directory = mirror / SOURCE / VERSION / terraform_platform()
    assert VERSION.endswith("+standin")
    assert [path.name for path in directory.iterdir()] == [f"terraform-provider-confluent_v{VERSION}"]
    assert not any(path.is_symlink() for path in mirror.rglob("*"))
    entry = (mirror / LOCK_FILE).read_text("utf-8")
    assert f'provider "{SOURCE}" {{' in entry
    assert package_digest(directory) in entry
    assert make_mirror(mirror) == mirror


def test_the_provider_writes_neither_into_the_mirror_nor_into_a_home(tmp_path: Path) -> None:
    """In a container the mirror is on a volume that the provider can only read."""
    mirror = make_mirror(tmp_path / "providers")
    (tmp_path / "home").mkdir()
    before = _contents(tmp_path)
    [wrapper] = (mirror / SOURCE).rglob("terraform-provider-*")
    # A directory with a short name: the address of a socket below it has a limit.
    with tempfile.TemporaryDirectory() as scratch:
        environment = {"PATH": os.defpath, "HOME": str(tmp_path / "home"), "TMPDIR": scratch}
        with subprocess.Popen([wrapper], stdout=subprocess.PIPE, text=True, env=environment) as provider:
            assert provider.stdout is not None
            handshake = provider.stdout.readline()
            provider.kill()
    assert handshake.startswith("1|6|unix|")
    assert _contents(tmp_path) == before


def _contents(directory: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in directory.rglob("*")}


def test_without_its_environment_the_provider_says_what_to_do(tmp_path: Path) -> None:
    mirror = make_mirror(tmp_path / "providers", tmp_path / "nowhere")
    [wrapper] = (mirror / SOURCE).rglob("terraform-provider-*")
    ended = subprocess.run([wrapper], capture_output=True, text=True, check=False, timeout=20, env={"PATH": os.defpath})
    assert ended.returncode == 1
    assert "run 'make setup'" in ended.stderr


class Patched:
    """A control plane that keeps what it is told, and answers with it."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def call(self, _method: str, _path: str, body: Any) -> dict[str, Any]:
        self.bodies.append(body)
        given = {"display_name": "x", "availability": "LOW", "cloud": "AWS", "region": "eu-west-2"}
        spec = given | {"config": {"kind": "Basic", "max_ecku": 50}, "environment": {"id": "env-1"}} | body["spec"]
        spec |= {"kafka_bootstrap_endpoint": "b", "http_endpoint": "h"}
        head = {"id": "lkc-1", "api_version": "v2", "kind": "Cluster", "metadata": {"resource_name": "crn/kafka=lkc-1"}}
        return head | {"spec": spec}


@pytest.mark.parametrize(
    ("planned", "config"),
    [(1, {"kind": "Basic", "max_ecku": 1}), (50, None), (UNKNOWN, None), (None, None)],
    ids=["lower", "as-it-was", "decided-at-apply", "not-said"],
)
def test_how_far_a_cluster_may_grow_is_changed_in_place(planned: Any, config: Any) -> None:
    none: dict[str, Any] = {kind: [] for kind in ("standard", "enterprise", "freight", "dedicated")}
    names = {"display_name": "x", "deletion_protection": False, "environment": [{"id": "env-1"}]}
    state = {"id": "lkc-1", **names, **none, "basic": [{"max_ecku": 50}]}
    control_plane: Any = Patched()
    shown = ClusterResource(control_plane).update(state, {**state, "basic": [{"max_ecku": planned}]})
    (body,) = control_plane.bodies
    assert body["spec"].get("config") == config
    assert shown["basic"] == [{"max_ecku": 1 if config else 50}]
