"""Versions against constraints."""

import pytest

from tidegate.gates.rules_version import meets, parse_constraint, parse_precedence, parse_version


@pytest.mark.parametrize(
    ("version", "constraint", "expected"),
    [
        pytest.param("1.11.0", ">= 1.11.0", True, id="at-least-itself"),
        pytest.param("1.10.9", ">= 1.11.0", False, id="not-at-least"),
        pytest.param("1.11.0", "> 1.11.0", False, id="not-above-itself"),
        pytest.param("1.11.1", "> 1.11.0", True, id="above"),
        pytest.param("2.0.0", "<= 2.0.0", True, id="at-most-itself"),
        pytest.param("2.0.1", "<= 2.0.0", False, id="not-at-most"),
        pytest.param("2.0.0", "< 2.0.0", False, id="not-below-itself"),
        pytest.param("1.99.9", "< 2.0.0", True, id="below"),
        pytest.param("1.12.2", "= 1.12.2", True, id="exactly"),
        pytest.param("1.12.3", "= 1.12.2", False, id="not-exactly"),
        pytest.param("1.12.2", "!= 1.12.2", False, id="the-excluded-one"),
        pytest.param("1.12.3", "!= 1.12.2", True, id="not-the-excluded-one"),
        pytest.param("1.12.9", "~> 1.12.2", True, id="a-later-patch"),
        pytest.param("1.12.2", "~> 1.12.2", True, id="the-very-patch"),
        pytest.param("1.12.1", "~> 1.12.2", False, id="an-earlier-patch"),
        pytest.param("1.13.0", "~> 1.12.2", False, id="the-next-minor"),
        pytest.param("1.9.10", ">= 1.10.0", False, id="numbers-not-text"),
        pytest.param("1.12.2", ">= 1.11.0, < 1.16.0, != 1.12.2", False, id="every-clause-must-hold"),
        pytest.param("1.12.2", ">=1.11.0,<2.0.0", True, id="spaces-do-not-matter"),
    ],
)
def test_meets(version: str, constraint: str, expected: bool) -> None:
    """As Terraform reads it."""
    assert meets(parse_version(version), parse_constraint(constraint)) is expected


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.3-rc1", "1.02.3", " 1.2.3", "1.2.3\n", "1.٢.3"]
)
def test_odd_versions_are_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="not a version"):
        parse_version(text)


@pytest.mark.parametrize(
    "text", ["", "1.11.0", ">= 1.11", ">= 1.11.0,", "=> 1.11.0", ">= 1.11.0 < 2.0.0", "~> 1.11", "*"]
)
def test_odd_constraints_are_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="not a"):
        parse_constraint(text)


def test_precedence_is_that_of_semantic_versioning() -> None:
    ascending = [
        "1.9.8",
        "1.12.0-alpha",
        "1.12.0-alpha.1",
        "1.12.0-alpha.2",
        "1.12.0-alpha.10",
        "1.12.0-alpha.beta",
        "1.12.0-alpha20250319",
        "1.12.0-beta1",
        "1.12.0-dev",
        "1.12.0-rc1",
        "1.12.0-rc2",
        "1.12.0",
        "1.12.1-rc1",
        "1.12.1",
        "1.12.10",
        "2.0.0",
    ]
    descending = ascending[::-1]
    assert sorted(descending, key=parse_precedence) == ascending
    assert len({parse_precedence(text) for text in ascending}) == len(ascending)
    assert parse_precedence("1.12.0+ent") == parse_precedence("1.12.0")


@pytest.mark.parametrize(
    "text", ["", "1.12", "v1.12.0", "1.12.0-", "1.12.0-rc..1", "1.12.0 ", "01.2.3", "soon", "1.2.3+"]
)
def test_no_precedence_without_a_version(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        parse_precedence(text)
