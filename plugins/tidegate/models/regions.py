"""The regions that an environment may name: those of AWS's commercial partition, as botocore ships them.

Names in policies, roles and topics begin with `arn:aws:`, so no other partition can work. Nothing is listed by hand.
"""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from typing import Any

COMMERCIAL = "aws"


@cache
def partitions() -> Mapping[str, tuple[str, ...]]:
    """By partition its regions, from botocore's data; read at the first call, and botocore itself is not imported."""
    botocore: Any = find_spec("botocore")
    data = json.loads(botocore.loader.get_data(f"{botocore.submodule_search_locations[0]}/data/partitions.json"))
    return {
        str(each["id"]): tuple(name for name in each["regions"] if not name.endswith("-global"))
        for each in data["partitions"]
    }


def region_problem(name: str) -> str:
    """Why a region cannot be used, in words; empty: it can."""
    known = partitions()
    if name in known[COMMERCIAL]:
        return ""
    for partition, regions in known.items():
        if name in regions:
            return (
                f"{name} is a region of the partition {partition}, which is not supported: only the commercial regions "
                f"of AWS (partition {COMMERCIAL}) are"
            )
    near = get_close_matches(name, known[COMMERCIAL], n=1)
    meant = f"; {near[0]} is the nearest name" if near else ""
    return f"{name} is no region of AWS that this version knows{meant}"


def usable_region(name: str) -> str:
    """The region itself. Raises ValueError with the reason where it cannot be used."""
    problem = region_problem(name)
    if problem:
        raise ValueError(problem)
    return name
