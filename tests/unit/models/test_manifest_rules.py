"""The table of rules against the manifest's validator; its twin in tests/terraform holds the HCL against it."""

import pytest
from pydantic import ValidationError

from manifest_rules import LONGEST_PROJECT, ROWS, Row, changed
from tidegate.models.environment import Environment
from tidegate.models.names import derived_names, too_long
from tidegate.models.regions import partitions


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_manifest_refuses_what_aws_or_the_code_would(row: Row) -> None:
    document = changed(row)
    if row.fits:
        Environment.model_validate(document)
    else:
        with pytest.raises(ValidationError):
            Environment.model_validate(document)


def test_rows_differ() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert {row.fits for row in ROWS} == {True, False}


def test_a_name_that_is_too_long_is_named_with_its_length_and_limit() -> None:
    document = changed(Row(id="", manifest={"project": LONGEST_PROJECT, "name": "e" * 14}))
    with pytest.raises(ValidationError) as raised:
        Environment.model_validate(document)
    name = f"{LONGEST_PROJECT}-{'e' * 14}-demo-runtime-start"
    said = f"IAM role that starts the tasks of demo would be called {name}, 65 characters; at most 64 fit"
    assert said in str(raised.value)


def test_the_longest_names_that_are_admitted_fit_everywhere() -> None:
    assert list(too_long(LONGEST_PROJECT, "e" * 13)) == []
    assert max(len(each.name) for each in derived_names(LONGEST_PROJECT, "e" * 13) if each.limit == 64) == 64


def test_every_name_that_is_too_long_is_said() -> None:
    assert len(list(too_long("p" * 300, "e" * 300))) == len([it for it in derived_names("p", "e") if it.limit < 1000])


def test_regions_are_those_of_botocore() -> None:
    """Not one of them is written down here: an update of botocore brings new ones."""
    assert {"eu-west-2", "us-east-1"} < set(partitions()["aws"])
    assert not any(name.startswith(("cn-", "us-gov-", "us-iso")) for name in partitions()["aws"])
    assert "aws-global" not in partitions()["aws"]
