"""Manifests and prices in include/ are a person's to change: they must be usable, and no other test reads them."""

import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from manifests import ENVIRONMENTS, POLICIES
from sources import sources
from tidegate import cli
from tidegate.cost.price_check import UNITS
from tidegate.models.prices import ALL, PricePolicy
from tidegate.plain_yaml import plain
from tidegate.settings import PROJECT, settings

INCLUDE = PROJECT / "include"
SHIPPED = sorted((INCLUDE / "environments").glob("*.yaml"))
LEADS_THERE = re.compile(
    r"""(?i:["']include["']|\binclude)\s*/\s*["'](?:environments|policies)|/\s*f?["']include/(?:environments|policies)"""
)
"""A path that is built. A remedy that names such a file leads nobody there."""

each = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)


def document(path: Path) -> object:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def test_there_is_one() -> None:
    assert SHIPPED


@each
def test_it_is_valid_and_every_type_of_its_stacks_has_a_price(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(path.parent))
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(INCLUDE / "policies"))
    monkeypatch.setattr(sys, "argv", ["tidegate", "manifest", "check", path.stem])
    status = cli.main()
    said = capsys.readouterr()
    assert status == 0, said.out + said.err


@pytest.mark.parametrize(
    ("path", "schema"),
    [*((path, "environment") for path in SHIPPED), (INCLUDE / "policies" / "prices.yaml", "policy_prices")],
)
def test_it_fits_the_schema_that_editors_read(path: Path, schema: str) -> None:
    text = (PROJECT / "docs" / "schemas" / f"{schema}.json").read_text("utf-8")
    jsonschema.validate(document(path), json.loads(text))


@pytest.mark.parametrize("path", [*SHIPPED, *sorted((INCLUDE / "policies").glob("*.yaml"))], ids=lambda path: path.name)
def test_the_quick_reader_says_the_same_of_it(path: Path) -> None:
    quick = plain(path.read_text("utf-8"))
    assert quick is None or quick == document(path)


def prices(directory: Path) -> PricePolicy:
    return PricePolicy.model_validate(document(directory / "prices.yaml"))


def test_every_price_from_an_offer_can_be_asked_for() -> None:
    shipped = prices(INCLUDE / "policies")
    for entry in (*shipped.prices, *shipped.usage):
        assert (entry.offer is not None) is ("offer " in entry.source), entry.source
        if entry.offer is not None:
            assert entry.offer.usage_type in entry.source
            assert entry.unit in UNITS, "the unit that AWS uses for it is not known"
            assert (entry.offer.region is not None) is (entry.region == ALL)


def test_what_the_tests_know_a_price_of_has_one() -> None:
    """Tests ask the tests' own prices for each type that is scanned or built; the shipped ones answer for no fewer."""

    def types(policy: PricePolicy) -> set[str]:
        return {kind for entry in (*policy.prices, *policy.free, *policy.gaps) for kind in entry.types}

    assert types(prices(POLICIES)) <= types(prices(INCLUDE / "policies"))


def test_tests_find_their_own() -> None:
    assert (settings().environments_dir, settings().policies_dir) == (ENVIRONMENTS, POLICIES)


def test_policies_that_are_the_same_for_every_account_are_the_shipped_ones() -> None:
    shared = {path.name for path in (INCLUDE / "policies").glob("*.yaml")} - {"prices.yaml"}
    assert {path.name: path.resolve() for path in POLICIES.glob("*.yaml") if path.is_symlink()} == {
        name: INCLUDE / "policies" / name for name in shared
    }


def test_no_other_test_leads_to_them() -> None:
    assert {name for name, text in ours().items() if LEADS_THERE.search(text)} == {"tests/unit/test_shipped.py"}


def test_whoever_takes_the_settings_away_says_again_where_the_tests_own_lie() -> None:
    takers = {name: text for name, text in ours().items() if re.search(r"in os\.environ if .*TIDEGATE", text)}
    assert len(takers) > 2
    assert [name for name, text in takers.items() if not re.search(r"\bOWN\b", text)] == []


def ours() -> dict[str, str]:
    """Text of every test and helper by its path."""
    return {path.as_posix(): text for path, text in sources().items() if path.parts[0] == "tests"}
