"""`tidegate prices ...`: the prices against the AWS price list. It asks and writes a file that is named; no more."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS

if TYPE_CHECKING:
    from rich.console import Console

    from tidegate.cost.price_check import CheckedPrice
    from tidegate.cost.price_region import MadePrice

COLUMNS = ("of", "region", "usage type", "ours", "AWS", "offer", "published", "age", "said")
BY_HAND = "not in the price list: check by hand"

prices = typer.Typer(no_args_is_help=True, help="Look at the prices. Changes nothing.")


@prices.callback()
def _root() -> None:
    """Look at the prices. Changes nothing."""


@prices.command("check")
def check(
    environment: EnvironmentOption,
    write: Annotated[str, typer.Option(help="write the refreshed prices to this file, to look at")] = "",
) -> None:
    """Compare the prices with the AWS price list (free). 0 all agree, 1 some do not, 2 something cannot be read."""
    from rich.console import Console

    from tidegate import environments
    from tidegate.collectors.aws.clients import Clients
    from tidegate.collectors.aws.price_list import read_listed_price
    from tidegate.cost.price_check import check_prices

    manifest = environments.load(environment)
    policy = environments.load_policies(manifest).prices
    target = _writable(write)
    clients = Clients.from_environment(manifest.region)
    today = datetime.now(UTC).date()
    checked = check_prices(
        policy,
        lambda offer, region: read_listed_price(clients, offer, region),
        today=today,
        max_age_days=manifest.budget.prices_max_age_days,
    )
    console = Console(soft_wrap=True)
    _print(console, checked)
    if target is not None:
        from tidegate.commands.price_file import refreshed

        source = environments.prices_path(manifest)
        text, changed = refreshed(source.read_text(encoding="utf-8"), checked, today)
        _write(target, text)
        console.print(f"{target}: {source.name}, {changed} refreshed", highlight=False, markup=False)
    raise typer.Exit(status_of(checked))


@prices.command("refresh")
def refresh(
    region: Annotated[str, typer.Option(help="the region whose prices are asked for, such as eu-central-1")],
    environment: EnvironmentOption,
    write: Annotated[str, typer.Option(help="write the prices with the new entries to this file, to look at")] = "",
) -> None:
    """Make the entries that a region lacks from the AWS price list (free). 0 all made, 1 some not, 2 something unread.

    Only what the price list answered is written, with its source and the day. An entry that is there stays as it is.
    """
    from rich.console import Console

    from tidegate import environments
    from tidegate.collectors.aws.clients import Clients
    from tidegate.collectors.aws.price_list import find_listed_price
    from tidegate.cost.price_region import make_prices
    from tidegate.models.prices import STAND_IN
    from tidegate.models.regions import region_problem
    from tidegate.settings import settings

    problem = region_problem(region)
    if problem:
        raise typer.BadParameter(f"--region: {problem}")
    manifest = environments.load(environment)
    target = _writable(write)
    clients = Clients.from_environment(manifest.region)
    made = make_prices(
        environments.load_policies(manifest).prices,
        region,
        lambda offer, where: find_listed_price(clients, offer, where),
        today=datetime.now(UTC).date(),
        source="offer" if settings().profile == "aws" else f"{STAND_IN} of the sandbox, no price of AWS: offer",
    )
    console = Console(soft_wrap=True)
    _print_made(console, made, region)
    if target is not None:
        from tidegate.commands.price_file import with_entries

        source = environments.prices_path(manifest)
        text, number = with_entries(source.read_text(encoding="utf-8"), made)
        _write(target, text)
        console.print(f"{target}: {source.name}, {number} added for {region}", highlight=False, markup=False)
    codes = {each.finding.code for each in made if each.finding is not None}
    raise typer.Exit(COULD_NOT_TELL if "PRICE-UNREADABLE" in codes else BLOCKED if codes else PASS)


def status_of(checked: "Sequence[CheckedPrice]") -> int:
    """The exit status; what could not be read weighs most."""
    if any(each.unreadable for each in checked):
        return COULD_NOT_TELL
    return BLOCKED if any(each.findings for each in checked) else PASS


def _writable(name: str) -> Path | None:
    """The file to write, known to be writable before anything is asked."""
    if not name:
        return None
    path = Path(name)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"--write {name}: expected a file in a directory that exists")
    return path


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"--write {target}: {error.strerror}") from error


def _print_made(console: "Console", made: "Sequence[MadePrice]", region: str) -> None:
    for each in made:
        if each.entry is not None:
            line = f"{each.pattern.name}: {each.entry.usd.normalize():f} USD per {each.entry.unit}, {each.entry.source}"
            console.print(line, highlight=False, markup=False)
    for each in made:
        if each.finding is not None:
            console.print(
                f"{each.finding.code} {each.pattern.name}: {each.finding.said}", highlight=False, markup=False
            )
            console.print(f"    remedy    {each.finding.remedy}", highlight=False, markup=False)
    entries = sum(each.entry is not None for each in made)
    console.print(f"{region}: {entries} made, {len(made) - entries} not", highlight=False, markup=False)


def _print(console: "Console", checked: "Sequence[CheckedPrice]") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for each in checked:
        table.add_row(*map(Text, _row(each)))
    console.print(table)
    for each in checked:
        for finding in each.findings:
            place = f"{each.section}.{each.number} {each.name} in {each.entry.region}"
            console.print(f"{finding.code} {place}: {finding.said}", highlight=False, markup=False)
            console.print(f"    remedy    {finding.remedy}", highlight=False, markup=False)
    console.print(_summary(checked), highlight=False, markup=False)


def _row(each: "CheckedPrice") -> tuple[str, ...]:
    entry, listed = each.entry, each.listed
    theirs = ("", "", "") if listed is None else (f"{listed.usd.normalize():f}", listed.version, str(listed.published))
    usage_type = entry.source if entry.offer is None else entry.offer.usage_type
    said = ", ".join(finding.code for finding in each.findings) or ("" if entry.offer is None else "agrees")
    by_hand = BY_HAND if entry.offer is None else ""
    return (
        each.name,
        entry.region,
        usage_type,
        f"{entry.usd} per {entry.unit}",
        *theirs,
        f"{each.age_days} d",
        ", ".join(filter(None, (said, by_hand))),
    )


def _summary(checked: "Sequence[CheckedPrice]") -> str:
    by_hand = sum(each.entry.offer is None for each in checked)
    found = sum(bool(each.findings) for each in checked)
    agree = sum(each.entry.offer is not None and not each.findings for each in checked)
    return f"{len(checked)} prices: {agree} agree, {found} with findings; {by_hand} {BY_HAND}"
