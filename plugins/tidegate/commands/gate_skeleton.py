"""The files of a new gate, and its lines in the registry and in the table of facts that pass. Texts only: no I/O."""

MARK = "Write here"
"""Stands in the skeleton wherever only the author knows the words; a test finds what is left of it."""

TOKENS = ("GATE-ID", "gate_name", "GateClass")


class NoPlace(Exception):
    """A file is not as this command knows it, so that nobody can tell where a line belongs."""


def gate_id(name: str) -> str:
    """`sample_quota` is `SAMPLE-QUOTA`."""
    return name.upper().replace("_", "-")


def class_name(name: str) -> str:
    """`sample_quota` is `SampleQuota`."""
    return "".join(word.capitalize() for word in name.split("_"))


def filled(skeleton: str, name: str) -> str:
    """A file of the skeleton for this gate, its imports in their order, which depends on the name."""
    for token, value in zip(TOKENS, (gate_id(name), name, class_name(name)), strict=True):
        skeleton = skeleton.replace(token, value)
    return _with_sorted_imports(skeleton.splitlines())


def with_gate(registry: str, name: str) -> str:
    """The registry with the gate: imported, and listed before the verdict, which judges all others."""
    lines = registry.splitlines()
    start = _only(lines, "from tidegate.gates import (") + 1
    end = lines.index(")", start)
    lines[start:end] = sorted([*lines[start:end], f"    {name},"])
    lines.insert(_only(lines, "    phase_verdict.GATE,"), f"    {name}.GATE,")
    return "\n".join(lines) + "\n"


def with_facts(table: str, name: str) -> str:
    """The table of facts that pass with a line for the gate, before that of the verdict."""
    lines = table.splitlines()
    facts = f"{class_name(name)}Facts(observed_at=control.NOW, count=Known(2), allowed=3)"
    before = next((at for at, line in enumerate(lines) if line.startswith('    "PHASE-VERDICT": ')), None)
    if before is None:
        raise NoPlace('there is no line "PHASE-VERDICT" in it')
    lines.insert(before, f'    "{gate_id(name)}": lambda: {facts},')
    lines.insert(
        _only(lines, "from tidegate.models.facts import Facts"),
        f"from tidegate.models.{name} import {class_name(name)}Facts",
    )
    return _with_sorted_imports(lines)


def _only(lines: list[str], wanted: str) -> int:
    if lines.count(wanted) != 1:
        raise NoPlace(f"the line {wanted.strip()!r} is in it {lines.count(wanted)} times")
    return lines.index(wanted)


def _with_sorted_imports(lines: list[str]) -> str:
    """Sort the imports of the package: each of them is one line in these files."""
    places = [number for number, line in enumerate(lines) if line.startswith("from tidegate.")]
    for number, line in zip(places, sorted(lines[number] for number in places), strict=True):
        lines[number] = line
    return "\n".join(lines) + "\n"
