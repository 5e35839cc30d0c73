"""Under which keys evidence lies, in S3 and in the local mirror (EV1)."""

from dataclasses import dataclass

from tidegate.models.phase import Phase as Phase

_FOLDERS: dict[Phase, str] = {
    "m1": "bootstrap",
    "m2": "substrate",
    "m9": "run_control",
    "stop": "emergency_stop",
    "release": "emergency_release",
    "audit": "audit",
    "hourly": "hourly_check",
    "extend": "time_to_live",
    "unlock": "release_lock",
    "scheduledbuild": "scheduled_build",
    "scheduledteardown": "scheduled_teardown",
    "hold": "hold",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one named document goes: key stem in S3 and in `runs/`, without attempt and extension."""

    remote: str
    local: str

    def remote_key(self, attempt: int) -> str:
        """Key of an attempt in the evidence bucket."""
        return _attempt(self.remote, attempt)

    def local_key(self, attempt: int) -> str:
        """Path of an attempt below `runs/`."""
        return _attempt(self.local, attempt)


def snapshot_place(environment: str, mirror: str, phase: Phase, lane: str, execution_id: str, name: str) -> Place:
    """The place of a lane's snapshot. `mirror` is the environment's folder below `runs/`, `lane` e.g. `M2.C`."""
    stamp = execution_id.partition("_")[2]
    if phase == "m2":
        folder = f"m2_{lane.partition('.')[2].lower()}/{stamp}"
    else:
        folder = f"{phase if phase in ('m1', 'm9') else _FOLDERS[phase]}/{execution_id}"
    return Place(
        remote=f"evidence/{environment}/{_FOLDERS[phase]}/{execution_id}/{name}",
        local=f"{mirror}/{folder}/{name}",
    )


def proof_place(platform_run: str) -> Place:
    """The place of the teardown proof of a platform run."""
    key = f"evidence/runs/{platform_run}/teardown/teardown_proof"
    return Place(remote=key, local=key.removeprefix("evidence/"))


def attempt_of(stem: str, key: str) -> int | None:
    """Which attempt a key is of a stem; None when it is another document."""
    if key == _attempt(stem, 1):
        return 1
    rest = key.removeprefix(f"{stem}.attempt").removesuffix(".json")
    number = int(rest) if rest.isdecimal() and rest.isascii() else 0
    return number if number > 1 and key == _attempt(stem, number) else None


def _attempt(stem: str, attempt: int) -> str:
    return f"{stem}.json" if attempt == 1 else f"{stem}.attempt{attempt}.json"
