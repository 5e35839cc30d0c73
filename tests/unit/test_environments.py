"""Manifests and policies: what is wrong is said with file, line, field and what was given."""

from collections.abc import Callable
from pathlib import Path

import pytest

from manifests import COMMITTED, ENVIRONMENTS, POLICIES
from tidegate import environments
from tidegate.collectors.aws.inventory import LISTINGS
from tidegate.environments import ManifestError, load, load_policies
from tidegate.settings import settings


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Manifests and policies of a test, at first those of all tests."""
    for name, source in (("environments", ENVIRONMENTS), ("policies", POLICIES)):
        (tmp_path / name).mkdir()
        for path in source.glob("*.yaml"):
            (tmp_path / name / path.name).write_bytes(path.read_bytes())
        monkeypatch.setenv(f"TIDEGATE_{name.upper()}_DIR", str(tmp_path / name))
    settings.cache_clear()
    return tmp_path


@pytest.fixture
def refused(directory: Path) -> Callable[..., str]:
    """What is said about dev_min's manifest when one text in it is replaced by another."""

    def change(old: str, new: str) -> str:
        path = directory / "environments" / "dev_min.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text, f"the manifest has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ManifestError) as raised:
            load("dev_min")
        return str(raised.value)

    return change


def line_of(text: str) -> int:
    """The line of dev_min's manifest that holds this text, counted from 1."""
    lines = COMMITTED.read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, start=1) if text in line]
    return number


# What is there.


def test_dev_min() -> None:
    environment = load("dev_min")
    assert environment.name == "dev_min"
    assert list(environment.stacks) == ["core", "confluent", "demo"]
    assert environment.cost_scope == ("aws", "confluent")
    assert (str(environment.budget.limit_usd), [str(alert) for alert in environment.budget.alerts_usd]) == (
        "30",
        ["10", "20", "28"],
    )


def test_a_manifest_is_parsed_once_and_again_when_it_changes(directory: Path) -> None:
    path = directory / "environments" / "dev_min.yaml"
    first = load("dev_min")
    assert load("dev_min") is first
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("max_resources: 90", "max_resources: 91"), encoding="utf-8")
    assert load("dev_min").blast_radius.max_resources == 91
    path.write_text(text, encoding="utf-8")
    assert load("dev_min") == first


def test_names(directory: Path) -> None:
    assert environments.names() == ("dev_min",)
    (directory / "environments" / "another.yaml").write_text("broken")
    (directory / "environments" / "notes.txt").write_text("")
    assert environments.names() == ("another", "dev_min")


def test_an_unknown_environment(directory: Path) -> None:
    (directory / "environments" / "another.yaml").write_text("broken")
    with pytest.raises(ManifestError) as raised:
        load("prod")
    assert str(raised.value) == (
        "unknown environment 'prod': there is no prod.yaml; known environments: another, dev_min"
    )


def test_no_environment_at_all(directory: Path) -> None:
    (directory / "environments" / "dev_min.yaml").unlink()
    with pytest.raises(ManifestError, match="known environments: none"):
        load("dev_min")


def test_a_manifest_is_read_afresh_each_time(directory: Path) -> None:
    path = directory / "environments" / "dev_min.yaml"
    assert load("dev_min").evidence.retention_days == 90
    path.write_text(path.read_text().replace("retention_days: 90", "retention_days: 30"))
    assert load("dev_min").evidence.retention_days == 30


# What is wrong with it.


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("region: eu-west-2", "region: Frankfurt", "region", "(given: 'Frankfurt')"),
        ('account_id: "123456789012"', 'account_id: "1234"', "account_id", "(given: '1234')"),
        ('account_id: "123456789012"', "account_id: 123456789012", "account_id", "(given: 123456789012)"),
        ("retention_days: 90", "retention_days: 0", "evidence.retention_days", "(given: 0)"),
        ("  encrypt: true", "  encrypt: perhaps", "backend.encrypt", "(given: 'perhaps')"),
        ("    lifecycle: persistent", "    lifecycle: eternal", "stacks.core.lifecycle", "(given: 'eternal')"),
        ("  unit: USD", "  unit: EUR", "budget.unit", "Input should be 'USD' (given: 'EUR')"),
        ('  limit_usd: "30"', '  limit_usd: "30.005"', "budget.limit_usd", "(given: '30.005')"),
        ("  terraform: 3600", "  terraform: 1", "deadlines.terraform", "(given: 1)"),
        ("  default: 24", "  default: soon", "validity.default", "(given: 'soon')"),
        ("schema: tidegate.environment/1", "schema: tidegate.environment/2", "schema", "environment/1"),
    ],
)
def test_a_wrong_value(refused: Callable[..., str], old: str, new: str, field: str, said: str) -> None:
    found = refused(old, new)
    assert found.startswith(
        f"dev_min.yaml:{line_of(old.strip().split(':')[0] + ':' + old.split(':', 1)[1])}: {field}: "
    )
    assert said in found


def test_a_wrong_item_of_a_list(refused: Callable[..., str]) -> None:
    found = refused("scan_regions: [eu-west-2, us-east-1]", "scan_regions:\n  - eu-west-2\n  - nowhere")
    assert found.startswith(f"dev_min.yaml:{line_of('scan_regions') + 2}: scan_regions.1: ")
    assert "(given: 'nowhere')" in found


def test_a_field_that_nobody_knows(refused: Callable[..., str]) -> None:
    found = refused("  use_lockfile: true\n", "  use_lockfile: true\n  colour: blue\n")
    assert found == (
        f"dev_min.yaml:{line_of('use_lockfile: true') + 1}: backend.colour: "
        "Extra inputs are not permitted (given: 'blue'); known: bucket, lock_table, encrypt, use_lockfile"
    )


def test_a_field_that_is_missing_is_looked_for_where_it_belongs(refused: Callable[..., str]) -> None:
    found = refused("  lock_table: fraud-platform-dev-min-tf-locks\n", "")
    assert found == f"dev_min.yaml:{line_of('backend:')}: backend.lock_table: Field required"


def test_everything_that_is_wrong_is_said_at_once(refused: Callable[..., str]) -> None:
    found = refused("  unit: USD\n  period: MONTHLY", "  unit: EUR\n  period: DAILY").splitlines()
    assert [line.split(": ")[0] for line in found] == [
        f"dev_min.yaml:{line_of('unit: USD')}",
        f"dev_min.yaml:{line_of('period: MONTHLY')}",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("depends_on: [core]", "depends_on: [confluent]", "depends_on 'confluent' must be a stack declared above it"),
        ("depends_on: [core]", "depends_on: [demo]", "depends_on 'demo' must be a stack declared above it"),
        ("scan_regions: [eu-west-2, us-east-1]", "scan_regions: [us-east-1]", "scan_regions must contain region"),
        ('stop_usd: "28"', 'stop_usd: "31"', "must not exceed limit_usd"),
        (
            "role_name: fraud-platform-dev-min-execution",
            "role_name: fraud-platform-dev-min-demo-execution",
            "begins with fraud-platform-dev-min-demo- as the roles that stack demo makes",
        ),
        ('alerts_usd: ["10", "20", "28"]', 'alerts_usd: ["20", "10"]', "alerts_usd must rise"),
        ("    destroyable: false", "    destroyable: true", "a persistent stack cannot be destroyable"),
    ],
)
def test_what_does_not_go_together(refused: Callable[..., str], old: str, new: str, said: str) -> None:
    found = refused(old, new)
    assert found.startswith("dev_min.yaml:")
    assert said in found


SCHEDULES = """exceptions: []
schedules:
  time_zone: Europe/London
  build: "0 8 * * 1-5"
  teardown: "0 19 * * *"
"""


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        pytest.param('"0 8 * * 1-5"', '"0 25 * * *"', "build", "no cron that Airflow can read", id="invalid-cron"),
        pytest.param('"0 19 * * *"', '"0 0 30 2 *"', "teardown", "no cron that Airflow can read", id="never-due"),
        pytest.param('"0 8 * * 1-5"', '"8:00"', "build", "should match pattern", id="no-cron"),
        pytest.param("Europe/London", "Mars/Base", "time_zone", "no time zone of the tz database: 'Mars", id="zone"),
        pytest.param("Europe/London", "Europe", "time_zone", "no time zone of the tz database: 'Eur", id="directory"),
        pytest.param('  teardown: "0 19 * * *"\n', "", "build", "it stands without teardown: what", id="alone"),
        pytest.param('"0 19 * * *"', '"0 8 * * 1-5"', "teardown", "it is the same as build", id="both-at-once"),
        pytest.param("  teardown", "  max_hold_days: 91\n  teardown", "max_hold_days", "less than or equal", id="hold"),
    ],
)
def test_schedules_that_cannot_be_kept(
    directory: Path, old: str, new: str, field: str, said: str, refused: Callable[..., str]
) -> None:
    """One sentence, with the line of the field."""
    assert old in SCHEDULES
    text = SCHEDULES.replace(old, new, 1)
    found = refused("exceptions: []\n", text)
    line = line_of("exceptions: []") + next(at for at, it in enumerate(text.splitlines()) if f"  {field}:" in it)
    assert found.startswith(f"dev_min.yaml:{line}: schedules.{field}: ")
    assert said in found
    assert "\n" not in found


def test_a_clock_without_anything_to_tear_down(directory: Path) -> None:
    path = directory / "environments" / "dev_min.yaml"
    text = path.read_text(encoding="utf-8").replace("destroyable: true", "destroyable: false")
    path.write_text(text.replace("exceptions: []\n", SCHEDULES), encoding="utf-8")
    with pytest.raises(ManifestError) as raised:
        load("dev_min")
    assert str(raised.value) == (
        f"dev_min.yaml:{line_of('exceptions: []') + 1}: schedules: no stack is ephemeral and destroyable, "
        "so there is nothing to tear down"
    )


def test_a_name_that_is_not_that_of_its_file(refused: Callable[..., str]) -> None:
    assert refused("name: dev_min", "name: staging") == (
        "dev_min.yaml: name is 'staging', expected 'dev_min' as the file is called"
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("work:\n", "work:\n\tbucket: x\n", "work:", "not YAML"),
        ("title: Fraud", "title: [Fraud", "title: Fraud", "not YAML"),
        ("title: Fraud", "title: *fraud", "title: Fraud", "undefined alias"),
        ("region: eu-west-2\n", "region: eu-west-2\nregion: us-east-1\n", "", "duplicate key"),
    ],
)
def test_what_is_no_yaml(refused: Callable[..., str], old: str, new: str, line: str, said: str) -> None:
    found = refused(old, new)
    file, number, _ = found.split(":", 2)
    assert file == "dev_min.yaml"
    assert int(number) >= (line_of(line) if line else 1)
    assert said in found


EXCEPTION = "exceptions:\n  - {rule: R, resource: r, owner: me, reason: because of this, expires: 2026-02-30}\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(b"title: Fraud", "title: Fräud".encode("latin-1"), "codec can't decode", id="not-utf-8"),
        pytest.param(b"title: Fraud", b"title: Fr\x00aud", "special characters are not allowed", id="control"),
        pytest.param(b"exceptions: []\n", EXCEPTION.encode(), "day is out of range", id="30-february"),
        pytest.param(b"title: Fraud", b"title: " + b"[" * 5000, "recursion", id="too-deep"),
    ],
)
def test_whatever_yaml_chokes_on_is_the_manifests_fault(directory: Path, old: bytes, new: bytes, said: str) -> None:
    path = directory / "environments" / "dev_min.yaml"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(ManifestError, match=rf"^dev_min\.yaml: not YAML: .*{said}"):
        load("dev_min")


@pytest.mark.parametrize("content", ["", "- a\n", "just text\n", "17\n"])
def test_what_is_no_mapping(directory: Path, content: str) -> None:
    (directory / "environments" / "dev_min.yaml").write_text(content)
    with pytest.raises(ManifestError, match=r"^dev_min\.yaml: expected a mapping at the top, found "):
        load("dev_min")


def test_a_manifest_that_cannot_be_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(ManifestError, match=r"^dev_min\.yaml: cannot be read: Permission denied$"):
        load("dev_min")


# Policies.


def test_policies_of_dev_min() -> None:
    environment = load("dev_min")
    policies = load_policies(environment)
    assert "NAT-GATEWAY" in {rule.id for rule in policies.forbidden.rules}
    assert set(policies.allowed_types.stacks) >= set(environment.stacks)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("forbidden.yaml", "  - id: NAT-GATEWAY\n", "  - id: nat gateway\n", "rules.0.id: "),
        ("forbidden.yaml", "types: [aws_nat_gateway]", "types: []", "rules.0.types: "),
        ("forbidden.yaml", "operator: greater_than, value: 0}", "operator: above, value: 0}", "condition.operator: "),
        ("forbidden.yaml", "operator: greater_than, value: 0}", 'operator: greater_than, value: "0"}', "whole number"),
        ("forbidden.yaml", "id: NAT-INSTANCE", "id: NAT-GATEWAY", "rule ids must be unique"),
        ("allowed_types.yaml", "version: 1", "version: 2", "version: Input should be 1 (given: 2)"),
        ("allowed_types.yaml", "stacks:\n", "stacks:\n  more: aws_vpc\n", "stacks.more: "),
        ("bill.yaml", "  - Tax\n", "  - Tax\n  - AWS WAF\n", "a name of a service must stand in one place only"),
        ("bill.yaml", "types: [aws_mq_broker]", "types: []", "types: "),
        ("bill.yaml", "names: [Amazon MQ]", 'names: [" "]', "names.0: "),
    ],
)
def test_a_wrong_policy(directory: Path, file: str, old: str, new: str, said: str) -> None:
    path = directory / "policies" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    environment = load("dev_min")
    with pytest.raises(ManifestError) as raised:
        load_policies(environment)
    assert str(raised.value).startswith(f"{file}:")
    assert said in str(raised.value)


@pytest.mark.parametrize("file", ["forbidden.yaml", "allowed_types.yaml", "bill.yaml"])
def test_a_missing_policy_is_not_an_empty_one(directory: Path, file: str) -> None:
    environment = load("dev_min")
    (directory / "policies" / file).unlink()
    with pytest.raises(ManifestError, match=f"^{file}: cannot be read: No such file"):
        load_policies(environment)


def test_every_type_of_the_bill_is_looked_for_or_held_by_a_stack() -> None:
    """A type that nothing knows would explain no charge, and nobody would notice."""
    policies = load_policies(load("dev_min"))
    held = {kind for types in policies.allowed_types.stacks.values() for kind in types}
    named = {kind for service in policies.bill.services for kind in service.types}
    assert named <= {*LISTINGS, *held}


def test_every_listing_has_a_service_on_the_bill() -> None:
    """What costs and is looked for must not be money that no listing covers."""
    policies = load_policies(load("dev_min"))
    free = {kind for entry in policies.prices.free for kind in entry.types}
    named = {kind for service in policies.bill.services for kind in service.types}
    assert set(LISTINGS) - named - free == set()


def test_the_manifest_says_which_policies(directory: Path) -> None:
    (directory / "policies" / "forbidden.yaml").rename(directory / "policies" / "strict.yaml")
    environment = load("dev_min")
    files = environment.policies.model_copy(update={"forbidden": "strict.yaml"})
    assert load_policies(environment.model_copy(update={"policies": files})).forbidden.rules


# Beside others.


def _beside(directory: Path, name: str, *changes: tuple[str, str]) -> None:
    """A second manifest: dev_min's under another name, with buckets, lock table, role and budget of its own."""
    text = (directory / "environments" / "dev_min.yaml").read_text(encoding="utf-8")
    text = text.replace("fraud-platform-dev-min", f"own-of-{name.replace('_', '-')}")
    for old, new in (("name: dev_min\n", f"name: {name}\n"), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    (directory / "environments" / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["dev_min_2", "dev_mini", "dev"])
def test_a_name_prefix_that_begins_another_of_the_account_is_refused(directory: Path, name: str) -> None:
    _beside(directory, name)
    for loaded in ("dev_min", name):
        with pytest.raises(ManifestError) as raised:
            load(loaded)
        said = str(raised.value)
        assert said.startswith(f"{loaded}.yaml:4: name: the name prefix ")
        shorter, longer = sorted(("dev_min", name), key=len)
        assert f"of {shorter} begins fraud-platform-{longer.replace('_', '-')} of {longer}, " in said
        assert "account 123456789012" in said


def test_two_names_that_come_to_the_same_prefix_are_refused(directory: Path) -> None:
    _beside(directory, "min", ("project: fraud-platform\n", "project: fraud-platform-dev\n"))
    with pytest.raises(ManifestError, match="begins fraud-platform-dev-min of"):
        load("min")


def test_another_account_a_name_beside_it_and_a_broken_manifest_are_no_reason(directory: Path) -> None:
    _beside(directory, "dev_mini", ('account_id: "123456789012"', 'account_id: "210987654321"'))
    _beside(directory, "dev_max")
    _beside(directory, "dev", ("unit: USD", "unit: EUR"))
    for name in ("dev_min", "dev_mini", "dev_max"):
        assert load(name).name == name


def test_all_at_once_are_as_each_by_itself(directory: Path) -> None:
    """With a broken manifest, one under another name, and two that share a prefix."""
    _beside(directory, "dev_mini")
    _beside(directory, "other", ("project: fraud-platform\n", "project: reports\n"))
    _beside(directory, "broken", ("unit: USD", "unit: EUR"))
    path = directory / "environments" / "misnamed.yaml"
    path.write_bytes((directory / "environments" / "other.yaml").read_bytes())
    found = environments.load_all()
    assert list(found) == list(environments.names()) == ["broken", "dev_min", "dev_mini", "misnamed", "other"]
    for name, each in found.items():
        if isinstance(each, ManifestError):
            with pytest.raises(ManifestError) as raised:
                load(name)
            assert str(raised.value) == str(each)
        else:
            assert load(name) == each
    assert [name for name, each in found.items() if not isinstance(each, ManifestError)] == ["other"]


def test_a_task_parses_no_manifest_of_another_account(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task loads its manifest, and looks at those beside it."""
    for number in range(5):
        _beside(directory, f"far_{number}", ('account_id: "123456789012"', f'account_id: "21098765432{number}"'))
    _beside(directory, "near")
    _beside(directory, "escaped", ('account_id: "123456789012"', r'account_id: "12345678901\x32"'))
    parsed: list[str] = []
    parse = environments._parsed
    monkeypatch.setattr(environments, "_parsed", lambda path, *more: parsed.append(path.stem) or parse(path, *more))
    assert load("dev_min").name == "dev_min"
    assert sorted(parsed) == ["dev_min", "escaped", "near"]
