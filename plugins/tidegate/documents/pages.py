"""The pages about gates and lanes: every gate, every lane, and per phase the way of a decision from lane to closure."""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from tidegate import environments
from tidegate.documents.taxonomy import COMMON, Entry, taxonomy
from tidegate.evidence.layout import Phase
from tidegate.gates.base import MAX_FACT_AGE, Gate
from tidegate.gates.registry import GATES, by_id
from tidegate.lanes.phases import phase_of
from tidegate.lanes.spec import Lane
from tidegate.lanes.texts import SUMMARIES, TITLES
from tidegate.models.cost import PLATFORMS
from tidegate.models.environment import Environment

MADE = "<!-- Made by `make docs` from the code. Do not edit. -->"
_PHASES: tuple[Phase, ...] = get_args(Phase)
_UNREAD = {
    "MISSING": "is not there",
    "UNREADABLE": "cannot be read",
}


def gates_page() -> str:
    """docs/gates.md"""
    known = _environments()
    parts = [
        "# Gates",
        MADE,
        "A gate is a pure function from facts to blockers; no blocker is the only pass. What each blocker says and\n"
        "what closes it stands in the [decision trail](decision-trail.md), how to add a gate in\n"
        "[CONTRIBUTING](../CONTRIBUTING.md), what a requirement id means in [requirements](requirements.md).",
        "Besides its own codes every gate can raise "
        + " and ".join(f"`{entry.code}` ({entry.summary})" for entry in COMMON)
        + f". Facts are judged within {int(MAX_FACT_AGE.total_seconds() // 60)} minutes. `validity` in the manifest\n"
        "says for how many hours a pass counts.",
        table(
            ("gate", "title", "owner", "lanes"),
            ((f"[`{gate.id}`](#{gate.id.lower()})", gate.title, gate.owner, _lanes_of(gate, known)) for gate in GATES),
        ),
    ]
    for gate in GATES:
        parts += _gate(gate, known)
    return "\n\n".join(parts) + "\n"


def lanes_page() -> str:
    """docs/lanes.md"""
    known = _environments()
    parts = [
        "# Lanes",
        MADE,
        "Each phase is one DAG, each lane one task of it. A lane collects facts, one gate judges them, and one\n"
        "snapshot stays. Lanes run in this order; a stack that the manifest does not have has no lanes. What each\n"
        "lane may say, and what closes it, is in the [decision trail](decision-trail.md); how lanes wait, and what\n"
        "they change, is in [operations](operations.md#how-lanes-run).",
    ]
    for phase in _PHASES:
        rows = ((lane.name, f"`{lane.task_id}`", lane.title, f"`{lane.gate}`") for lane in _lanes(phase, known))
        listed = table(("lane", "task", "what it checks or does", "gate"), rows)
        parts += [f"## {TITLES[phase]}", SUMMARIES[phase], listed]
    return "\n\n".join(parts) + "\n"


def trail_page() -> str:
    """docs/decision-trail.md"""
    known = _environments()
    parts = [
        "# Decision trail",
        MADE,
        "Per phase: its lanes in order, the gate of each, and every kind of blocker with what closes it. `<name>`\n"
        "stands for what is known at run time only. A pass needs no closure; a blocker is closed by its remedy and a\n"
        "new attempt of the lane, and the failed attempt stays in the evidence. What a requirement id means stands in\n"
        "[requirements](requirements.md).",
        "Every gate can raise these as well:",
        _blockers(COMMON),
    ]
    for phase in _PHASES:
        parts += _phase(phase, known)
    return "\n\n".join(parts) + "\n"


def _gate(gate: Gate[Any], known: dict[str, Environment]) -> Iterator[str]:
    yield f"## {gate.id}"
    yield gate.title + "."
    transient = ", ".join(f"`{code}`" for code in sorted(gate.transient_codes)) or "none"
    yield "\n".join(
        [
            f"- owner: {gate.owner}; version {gate.version}; judges `{gate.facts.__name__}`",
            f"- requirements: {', '.join(gate.requirements)}",
            f"- lanes: {_lanes_of(gate, known)}",
            f"- depends on: {', '.join(f'`{section}`' for section in gate.policy_sections) or 'its facts only'}",
            f"- may clear by waiting: {transient}",
        ]
    )
    yield "Codes: " + ", ".join(f"`{code}`" for code in dict.fromkeys(entry.code for entry in taxonomy(gate))) + "."


def _phase(phase: Phase, known: dict[str, Environment]) -> Iterator[str]:
    lanes = _lanes(phase, known)
    yield f"## {TITLES[phase]}"
    yield SUMMARIES[phase]
    yield table(
        ("lane", "task", "decides", "gate", "owner", "requirements", "snapshot", "effect"),
        (
            (
                lane.name,
                f"`{lane.task_id}`",
                lane.title,
                f"`{lane.gate}`",
                by_id(lane.gate).owner,
                ", ".join(by_id(lane.gate).requirements),
                f"`{lane.snapshot}`",
                _effect(lane),
            )
            for lane in lanes
        ),
    )
    for gate_id in dict.fromkeys(lane.gate for lane in lanes):
        gate = by_id(gate_id)
        names = dict.fromkeys(lane.name for lane in lanes if lane.gate == gate_id)
        yield f"### {phase.upper()} {gate.id}"
        yield f"{gate.title}. Lanes {', '.join(names)}."
        yield _blockers(taxonomy(gate))


def _effect(lane: Lane) -> str:
    waits = f"; looks again for up to {lane.waits_seconds} s" if lane.waits_seconds else ""
    if lane.effect:
        return f"{lane.effect}{waits}"
    if lane.mutates:
        return f"changes the environment{waits}"
    if lane.on_pass is not None:
        return f"`{lane.on_pass.partition(':')[2]}` after a pass{waits}"
    return f"none{waits}" if lane.gate != "PHASE-VERDICT" else "the verdict is chained"


def _blockers(entries: Iterable[Entry]) -> str:
    return table(("blocker", "says", "closed by"), _rows(entries))


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[str, str, str]]:
    """One row for each thing that can be said; the ways of not knowing one value share a row."""
    rows: dict[tuple[str, str, str], tuple[list[str], list[str]]] = {}
    for entry in entries:
        stem, what = _unread(entry)
        codes, ways = rows.setdefault((stem, what, entry.remedy), ([], []))
        codes.append(f"`{entry.code}`")
        ways.append(entry.summary.removeprefix(what).strip())
    for (_, what, remedy), (codes, ways) in rows.items():
        yield " ".join(codes), f"{what} {' / '.join(filter(None, ways))}".strip(), remedy


def _unread(entry: Entry) -> tuple[str, str]:
    """Stem and subject of a blocker that says that a value was not obtained; else its code and whole summary."""
    for ending, said in _UNREAD.items():
        if entry.code.endswith(f"-{ending}") and entry.summary.endswith(f" {said}"):
            return entry.code.removesuffix(f"-{ending}"), entry.summary.removesuffix(f" {said}")
    return entry.code, entry.summary


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """Nothing that Markdown takes for a column or a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


def _environments() -> dict[str, Environment]:
    """Every manifest, under the widest cost scope: the pages show each lane that an environment can have."""
    return {name: environments.load(name).model_copy(update={"cost_scope": PLATFORMS}) for name in environments.names()}


def _lanes(phase: Phase, known: dict[str, Environment]) -> tuple[Lane, ...]:
    """The lanes of a phase in all environments, those with the same task once."""
    specs = [phase_of(environment, phase) for environment in known.values()]
    lanes = {lane.task_id: lane for spec in specs for lane in spec.lanes}
    lanes |= {spec.verdict.task_id: spec.verdict for spec in specs}
    return tuple(sorted(lanes.values(), key=lambda lane: lane.letter))


def _lanes_of(gate: Gate[Any], known: dict[str, Environment]) -> str:
    lanes = (lane for phase in _PHASES for lane in _lanes(phase, known) if lane.gate == gate.id)
    return ", ".join(dict.fromkeys(lane.name for lane in lanes)) or "none"
