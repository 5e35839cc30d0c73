"""Why a run that tidegate triggered itself was asked for: the same for each of its tries."""

import re

_STEMS = (
    re.compile(r"(ttl__.+?__\d{8}T\d{6}Z)__\d+"),
    re.compile(r"(cost_stop__\d+)(?:__\d+)?"),
    re.compile(r"(scheduled_(?:build|teardown)__\d{8}T\d{6}Z)(?:__\d+)?"),
)
_TEARDOWN_OF_A_STOP = re.compile(r"stop_\d{8}T\d{6}Z__try\d+")


def is_of_a_stop(run_id: str) -> bool:
    """Is it a teardown that an emergency stop asked for? Each stop has a time of its own; their latch is the cause."""
    return _TEARDOWN_OF_A_STOP.fullmatch(run_id) is not None


def asked_by(run_id: str, latch: int | None) -> str:
    """`ttl__demo__20260213T201427Z`, `cost_stop__3`, `stop of latch 3`. Empty: not asked for by tidegate, or unknown.

    `latch` is the number of the latch's newest record, where it can be read.
    """
    if is_of_a_stop(run_id):
        return "" if latch is None else f"stop of latch {latch}"
    found = next(filter(None, (stem.fullmatch(run_id) for stem in _STEMS)), None)
    return "" if found is None else found[1]
