"""`tidegate ...`: looks, and changes nothing in the cloud (requirement ID3: nothing applies or destroys from a shell).

Exit statuses: 0 pass, 1 blocked, 2 could not tell, 64 wrong usage.
"""

import sys
import traceback
from typing import Any

import typer

from tidegate.commands import findings, manifest, new, plan_check, policy, preflight, prices, show, state, verify
from tidegate.commands.printable import printing_safely
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS, WRONG_USAGE

_USAGE_ERROR: Any = typer.BadParameter.__base__
"""click's UsageError, also where typer brings its own click."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def _root() -> None:
    """Look at environments and at what their runs left; write skeletons into the project. The cloud stays as it is."""


@app.command("environments")
def list_environments() -> None:
    """Check every manifest and list the environments with their stacks."""
    from rich.console import Console

    from tidegate import environments
    from tidegate.settings import settings

    console, broken = Console(soft_wrap=True), False
    names = environments.names()
    if not names:
        raise environments.ManifestError(f"there is no manifest in {settings().environments_dir}")
    for name in names:
        try:
            environment = environments.load(name)
            environments.load_policies(environment)
        except environments.ManifestError as error:
            broken = True
            console.print(f"MANIFEST-INVALID {error}", highlight=False, markup=False)
            continue
        stacks = ", ".join(f"{stack} ({it.lifecycle})" for stack, it in environment.stacks.items())
        console.print(
            f"{name}  account {environment.account_id}, {environment.region}: {stacks}; "
            f"budget {environment.budget.limit_usd} USD, stop at {environment.budget.stop_usd}",
            highlight=False,
        )
    raise typer.Exit(BLOCKED if broken else PASS)


@app.command("pools")
def list_pools() -> None:
    """Print the pools that Airflow needs, as `airflow pools import FILE` takes them."""
    import json

    from tidegate.pools import pools

    print(json.dumps(pools(), indent=2))  # noqa: T201


app.command("show")(show.show)
app.command("findings")(findings.findings)
app.command("verify")(verify.verify)
app.command("plan-check")(plan_check.plan_check)
app.command("policy")(policy.policy)
app.command("preflight")(preflight.preflight)
app.add_typer(manifest.manifest, name="manifest")
app.add_typer(new.new, name="new")
app.add_typer(prices.prices, name="prices")
app.add_typer(state.state, name="state")


def main() -> int:
    """Run the command line."""
    with printing_safely():
        return _run()


def _run() -> int:
    try:
        return int(app(standalone_mode=False) or PASS)
    except _USAGE_ERROR as error:
        error.show()
        return WRONG_USAGE
    except Exception as error:  # whatever breaks in a command, it never looks like an answer
        return _status_of(error)


def _status_of(error: Exception) -> int:
    """Say an error and give its exit status. Late imports keep the start fast."""
    from pydantic import ValidationError

    from tidegate.environments import ManifestError

    if isinstance(error, ManifestError | ValidationError):  # the latter: a TIDEGATE_* setting
        print(f"tidegate: {error}", file=sys.stderr)  # noqa: T201
        return WRONG_USAGE
    from tidegate.evidence.store import StoreError

    if isinstance(error, StoreError):
        print(f"tidegate: EVIDENCE-UNREACHABLE {error}", file=sys.stderr)  # noqa: T201
        return COULD_NOT_TELL
    traceback.print_exception(error)
    return COULD_NOT_TELL


if __name__ == "__main__":
    sys.exit(main())
