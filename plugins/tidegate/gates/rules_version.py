"""Does a version meet a constraint? A strict reading of Terraform's own syntax: what is odd is refused, not guessed."""

import re

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_SEMVER = re.compile(rf"({_VERSION.pattern})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?")
_CLAUSE = re.compile(r"(>=|<=|!=|~>|>|<|=) *([0-9.]+)")

Version = tuple[int, int, int]

NEWEST_TESTED = (1, 15)
"""The newest minor version of Terraform that tidegate's own tests run with (requirements-terraform.txt)."""
Precedence = tuple[Version, bool, tuple[tuple[bool, int, str], ...]]


def parse_version(text: str) -> Version:
    """`1.12.2` as numbers. Raises ValueError for anything else, also for a pre-release."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a version like 1.12.2")
    return int(found[1]), int(found[2]), int(found[3])


def parse_precedence(text: str) -> Precedence:
    """A version, pre-releases included, as a value that sorts as Semantic Versioning says. Raises ValueError.

    `1.12.0-alpha1 < 1.12.0-beta1 < 1.12.0-rc1 < 1.12.0 < 1.12.1-rc1`; what follows a `+` does not count.
    """
    found = _SEMVER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a version like 1.12.2 or 1.12.0-rc1")
    parts = found[5].split(".") if found[5] else []
    return (
        (int(found[2]), int(found[3]), int(found[4])),
        not parts,
        tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts),
    )


def parse_constraint(text: str) -> tuple[tuple[str, Version], ...]:
    """`>= 1.11.0, < 1.16.0` as clauses that must all hold. Raises ValueError; every clause needs its operator."""
    clauses = []
    for part in text.split(","):
        found = _CLAUSE.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"{part.strip()!r} is not a clause like >= 1.11.0")
        clauses.append((found[1], parse_version(found[2])))
    return tuple(clauses)


def meets(version: Version, constraint: tuple[tuple[str, Version], ...]) -> bool:
    """True when every clause holds. `~> 1.11.2` means: at least that, and still 1.11."""
    return all(_holds(version, operator, bound) for operator, bound in constraint)


def admits_untested(constraint: tuple[tuple[str, Version], ...]) -> Version | None:
    """A version newer than any that was tested and that the constraint lets through; None: it lets none through."""
    major, minor = NEWEST_TESTED
    newer = ((major, minor + 1, 0), (major, 10**6, 0), (major + 1, 0, 0), (10**6, 0, 0))
    bounds = tuple(bound for _, bound in constraint if bound[:2] > NEWEST_TESTED)
    return next((version for version in (*newer, *bounds) if meets(version, constraint)), None)


def _holds(version: Version, operator: str, bound: Version) -> bool:
    return {
        ">=": version >= bound,
        "<=": version <= bound,
        ">": version > bound,
        "<": version < bound,
        "=": version == bound,
        "!=": version != bound,
        "~>": version >= bound and version[:2] == bound[:2],
    }[operator]
