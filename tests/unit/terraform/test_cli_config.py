"""Terraform's CLI configuration: mirrors for what they hold, the registry for everything else."""

from pathlib import Path

import pytest

from tidegate.terraform import cli_config
from tidegate.terraform.cli_config import discover_mirrors, mirrored_providers, render, write

AWS, TIME = "registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/time"


@pytest.fixture
def mirror(tmp_path: Path):
    """Make a mirror that holds these providers."""

    def make(name: str, *providers: str) -> Path:
        directory = tmp_path / name
        directory.mkdir(parents=True, exist_ok=True)
        for provider in providers:
            (directory / provider).mkdir(parents=True)
        return directory

    return make


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine's own mirrors do not count."""
    monkeypatch.setattr(cli_config, "_CONVENTIONAL", ())
    monkeypatch.setattr(cli_config, "_OPTIONAL_SOFTWARE", tmp_path / "no-opt")


def test_without_a_mirror_terraform_asks_the_registry() -> None:
    assert render(()) == "disable_checkpoint = true\nprovider_installation {\n  direct {\n  }\n}\n"


def test_a_mirror_includes_exactly_what_it_holds(mirror) -> None:
    path = mirror("m", TIME, AWS)
    assert render([path]) == (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{path}"\n'
        f'    include = ["{AWS}", "{TIME}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{AWS}", "{TIME}"]\n'
        "  }\n"
        "}\n"
    )


def test_a_provider_comes_from_the_first_mirror_that_holds_it(mirror) -> None:
    first, second = mirror("first", AWS), mirror("second", AWS, TIME)
    text = render([first, second])
    assert f'path    = "{first}"\n    include = ["{AWS}"]' in text
    assert f'path    = "{second}"\n    include = ["{TIME}"]' in text
    assert f'exclude = ["{AWS}", "{TIME}"]' in text


def test_a_mirror_that_holds_nothing_more_is_left_out(mirror) -> None:
    first, second, empty = mirror("first", AWS), mirror("second", AWS), mirror("empty")
    assert render([first, second, empty]) == render([first])


def test_files_and_other_hosts_are_no_providers(mirror) -> None:
    path = mirror("m", AWS, "example.com/acme/aws")
    (path / "registry.terraform.io" / "hashicorp" / "notes.txt").write_text("x")
    assert mirrored_providers(path) == (AWS,)


def test_the_setting_is_all_there_is(mirror, tmp_path: Path) -> None:
    first, second = mirror("first", AWS), mirror("second")
    home = tmp_path / "home"
    (home / ".terraform.d" / "plugins" / "registry.terraform.io").mkdir(parents=True)
    found = discover_mirrors(f"{first}::{tmp_path / 'nowhere'}:{second}", home)
    assert found == (first, second)


def test_conventional_places_in_terraforms_order(mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, opt, shared = tmp_path / "home", tmp_path / "opt", mirror("shared", AWS)
    in_home = mirror("home/.terraform.d/plugins", AWS)
    in_share = mirror("home/.local/share/terraform/plugins", AWS)
    mirror("opt/other-software", "lib")
    (opt / "a-file").write_text("x")
    in_opt = mirror("opt/terraform-mirror", AWS)
    monkeypatch.setattr(cli_config, "_CONVENTIONAL", (tmp_path / "nowhere", shared))
    monkeypatch.setattr(cli_config, "_OPTIONAL_SOFTWARE", opt)
    monkeypatch.setattr(cli_config.sys, "platform", "linux")
    assert discover_mirrors("", home) == (in_home, in_share, shared, in_opt)


def test_optional_software_is_a_habit_of_linux(mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror("opt/terraform-mirror", AWS)
    monkeypatch.setattr(cli_config, "_OPTIONAL_SOFTWARE", tmp_path / "opt")
    monkeypatch.setattr(cli_config.sys, "platform", "darwin")
    assert discover_mirrors("", tmp_path / "home") == ()


def test_a_directory_without_providers_is_no_mirror(mirror, tmp_path: Path) -> None:
    mirror("home/.terraform.d/plugins", "something/else")
    assert discover_mirrors("", tmp_path / "home") == ()


def test_written_where_it_is_asked_for(mirror, tmp_path: Path) -> None:
    path = mirror("m", AWS)
    target = tmp_path / "work" / "dev_min" / "terraform.rc"
    assert write(target, str(path)) == target
    assert target.read_text() == render([path])
    write(target, str(mirror("other", TIME)))
    assert AWS not in target.read_text()
