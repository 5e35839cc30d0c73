"""Writes docs/remedies.md: for each code the scenario that proves its remedy, or that it is checked without a run."""

from collections.abc import Iterator

from remedies.scenarios import SCENARIOS
from stage import PROJECT
from tidegate.documents.taxonomy import COMMON, taxonomy
from tidegate.gates.registry import GATES

PAGE = PROJECT / "docs" / "remedies.md"


def page() -> str:
    """The document, whole."""
    proven = {code: scenario for scenario in reversed(SCENARIOS) for code in scenario.codes}
    codes = sorted({entry.code for gate in GATES for entry in (*taxonomy(gate), *COMMON)} | set(proven))
    lines = [
        "# Remedies",
        "",
        "<!-- Made by `make docs` from the code and from tests/remedies. Do not edit. -->",
        "",
        "What a blocker tells a person to do is data. **Proven**: `make remedies` breaks the world so, follows the",
        "remedy from the snapshot's data, and the phase that was red passes. **Checked**: without a run, for each",
        "blocker that any test makes: the conf fits the DAG's own params, the task exists, the field is in the model",
        "of the manifest or the policy, and the AWS CLI's own parser takes the command.",
        "",
        f"{len(SCENARIOS)} scenarios prove {len(proven)} of {len(codes)} codes; no scenario takes more than "
        f"{max(it.steps for it in SCENARIOS)} steps.",
        "",
        "## Scenarios",
        "",
        "| scenario | phase | codes met, in order | steps |",
        "| --- | --- | --- | --- |",
        *(_row(it.name, it.phase, " ".join(f"`{code}`" for code in it.codes), str(it.steps)) for it in SCENARIOS),
        "",
        "## Codes",
        "",
        "| code | remedy is | by |",
        "| --- | --- | --- |",
        *(_row(f"`{code}`", *_standing(code)) for code in codes),
    ]
    return "\n".join(lines) + "\n"


def _standing(code: str) -> Iterator[str]:
    scenario = next((it for it in SCENARIOS if code in it.codes), None)
    yield "checked" if scenario is None else "proven"
    yield "the blockers of its unit tests" if scenario is None else scenario.name


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
