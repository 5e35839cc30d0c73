"""The quick reader of YAML says the same as the one with line numbers, or nothing."""

import random
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from manifests import ENVIRONMENTS, POLICIES
from tidegate import environments, plain_yaml
from tidegate.environments import ManifestError, load, load_policies
from tidegate.plain_yaml import plain

FILES = sorted([*ENVIRONMENTS.glob("*.yaml"), *POLICIES.glob("*.yaml")])
"""Those of the tests; all policies but the prices are the shipped ones. For a person's own see test_shipped.py."""


def with_lines(text: str) -> Any:
    """What the reader with line numbers reads."""
    return environments._without_positions(YAML(typ="rt").load(text))


def alike(one: Any, other: Any) -> bool:
    """Equal, in the same order and of the same types: `1 == True` and `0 == 0.0` do not count."""
    if isinstance(one, dict):
        same = isinstance(other, dict) and list(one) == list(other)
        return same and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(alike, one, other))
    return isinstance(other, type(one)) and isinstance(other, bool) == isinstance(one, bool) and bool(one == other)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_manifest_and_policy_is_read_alike(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    quick = plain(text)
    assert quick is not None, "this file is read by the slow reader"
    assert alike(quick, with_lines(text))


def test_there_are_files_to_compare() -> None:
    assert len(FILES) == 6


PLAIN: list[tuple[str, object]] = [
    # YAML 1.1 takes these for true and false, YAML 1.2 and both readers here do not.
    *((word, word) for word in ("yes", "Yes", "YES", "no", "No", "on", "On", "off", "OFF", "y", "Y", "n", "N")),
    ("true", True),
    ("false", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("0", 0),
    ("17", 17),
    ("-17", -17),
    ("123456789012", 123456789012),
    ('"012"', "012"),
    ("'2099-01-01'", "2099-01-01"),
    ('"true"', "true"),
    ("2099-01-01", date(2099, 1, 1)),
    ("18 USD a month", "18 USD a month"),
    ("eu-west-2", "eu-west-2"),
    ("arn:aws:iam::1:role/x", "arn:aws:iam::1:role/x"),
    ("s3:Get*", "s3:Get*"),
    ("[]", []),
    ("{}", {}),
    ("[a, 1, {b: yes}]", ["a", 1, {"b": "yes"}]),
    ('"a\\nb\\x41\\/"', "a\nbA/"),
    ("a\n  b", "a b"),
    ("Fräud €", "Fräud €"),
]
"""What means the same to both."""

LEFT = [
    "012",  # YAML 1.1: 10; 1.2: 12
    "0o17",
    "0x1F",
    "0b101",
    "1_000",
    "+1",
    "-0",
    "00",
    "1:30",  # YAML 1.1: 90; 1.2: a text
    "1:30.5",
    "1.5",
    "1.",
    ".5",
    "1e3",  # YAML 1.2: a number; 1.1: a text
    "1.0e+3",
    "9" * 19,
    ".inf",
    "-.INF",
    ".nan",
    "True",
    "FALSE",
    "Null",
    "NULL",
    "=",
    "2099-1-1",
    "2099-01-01T10:00:00Z",
    "2099-01-01 10:00:00 +01:00",
    "|\n  a\n  b\n",
    ">\n  a\n  b\n",
    "!!str 012",
    "! 012",
    "!!int '12'",
    "!mine x",
    "&here x",
    "[&here x, *here]",
    "{<<: {b: 1}}",
    "{1: a}",
    "{true: a}",
    "{[a]: b}",
    "a\tb",
    '"a\u2028b"',
    '"a\u0085b"',
    "\U0001f600",
]
"""What is left to the reader with line numbers, so that it stays as that has always read it."""

WRONG = {
    "a key twice": "a: 1\nb: 2\na: 3\n",
    "a key twice within": "a: {b: 1, b: 1}\n",
    "a key twice in quotes": "a: 1\n'a': 1\n",
    "30 February": "a: 2026-02-30\n",
    "no such alias": "a: *b\n",
    "not closed": "a: [b\n",
    "wrong after the first mapping": "a: 1\n  b: 2\n",
    "another mapping further in": "  a: 1\nb: 2\n",
    "a tab": "a:\n\tb: 1\n",
    "a null byte": "a: \x00\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "too deep": f"a: {'[' * 5000}{']' * 5000}\n",
}
"""What the reader with line numbers refuses, by what is wrong with it."""


@pytest.mark.parametrize(("text", "meant"), PLAIN)
def test_what_is_plain_means_the_same_to_both(text: str, meant: object) -> None:
    assert alike(plain(f"a: {text}\n"), {"a": meant})
    assert alike({"a": meant}, with_lines(f"a: {text}\n"))


@pytest.mark.parametrize("text", LEFT)
def test_what_is_more_than_plain_is_left_to_the_other_reader(text: str) -> None:
    assert plain(f"a: {text}\n") is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("012", 12),
        ("1_000", 1000),
        ("0o17", 15),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        ("True", True),
        ("2099-01-01T10:00:00", datetime(2099, 1, 1, 10)),  # noqa: DTZ001 - as YAML has it, without a zone
    ],
)
def test_what_is_left_is_read_as_before(text: str, meant: object) -> None:
    assert with_lines(f"a: {text}\n") == {"a": meant}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_left_to_the_other_reader(text: str) -> None:
    with pytest.raises((YAMLError, ValueError, RecursionError)):
        with_lines(text)
    assert plain(text) is None


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a\n", "17\n", "%YAML 1.1\n---\na: yes\n", "---\na: 1\n", "\ufeffa: 1\n"]
)
def test_what_is_no_mapping_or_framed_is_left_too(text: str) -> None:
    assert plain(text) is None


def test_without_libyaml_the_other_reader_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_yaml.yaml, "__with_libyaml__", False)
    assert plain("a: 1\n") is None
    environments._parsed.cache_clear()
    assert load_policies(load("dev_min")).forbidden.rules


_PIECES = """: |- |, |[|]|{|}|#| #|'|"|?|? |>|!|&|*|%|@|`|~|=|<| |\\|a: b|{a: 1}|[a, b]|<<|...|---|\\n|\\/|a|é
yes|on|012|1_000|1:30|0x1f|1e3|.5|1.|+1|-0|2099-01-01|Null|TRUE|.nan|''""".replace("\n", "|")
PIECES = [*_PIECES.split("|"), "\n", "\n  ", "\n\n", "|", "\u2028"]


def test_texts_broken_at_random_are_read_alike_or_left() -> None:
    """Each is a few lines of a shipped file with some pieces put in. A difference would be a text with two meanings."""
    choose = random.Random(20261130)
    lines = [line for path in FILES for line in path.read_text("utf-8").splitlines(True) if len(line) < 120]
    compared = 0
    for _ in range(3000):
        start = choose.randrange(len(lines) - 5)
        text = "".join(lines[start : start + choose.randrange(1, 5)])
        for _ in range(choose.randrange(1, 4)):
            at = choose.randrange(len(text) + 1)
            text = text[:at] + choose.choice(PIECES) + text[at + choose.randrange(2) :]
        quick = plain(text)
        if quick is not None:
            compared += 1
            assert alike(quick, with_lines(text)), text
    assert compared > 300


def test_the_slow_reader_is_asked_only_when_something_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(path: Path, *_: object) -> Any:
        raise ManifestError(f"{path.name}: read slowly")

    environments._parsed.cache_clear()
    monkeypatch.setattr(environments, "_parsed_with_lines", slow)
    environment = load("dev_min")
    assert load_policies(environment).prices.prices
    text = (ENVIRONMENTS / "dev_min.yaml").read_text("utf-8")
    for wrong in (text.replace("unit: USD", "unit: EUR"), text.replace("unit: USD", "unit: USD\n  unit: USD")):
        path = tmp_path / "dev_min.yaml"
        path.write_text(wrong, "utf-8")
        with pytest.raises(ManifestError, match="read slowly"):
            environments._read(path, type(environment))
