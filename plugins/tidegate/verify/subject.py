"""What is verified: an execution, the snapshots that its phase asks for, and where each of them must lie."""

from dataclasses import dataclass
from string import ascii_uppercase

from tidegate.evidence.layout import Phase, Place, attempt_of, proof_place, snapshot_place

PROOF = "teardown_proof"
"""The one snapshot that lies with its platform run, not with its execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """One snapshot of a phase: its lane (`M2.C`), the task that writes it, its gate, its name and its stack."""

    lane: str
    task: str
    gate: str
    snapshot: str
    stack: str | None = None
    """The stack that the lane speaks of; None: all of them."""
    whole_build: bool = False
    """It speaks of the build as a whole, and has nothing to do where a stack is repaired alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An execution. `remote` tells whether keys are those of the bucket or those of the mirror."""

    environment: str
    mirror: str
    """Its folder below runs/."""
    phase: Phase
    execution_id: str
    bucket: str
    lanes: tuple[Required, ...]
    verdict: Required
    remote: bool

    @property
    def required(self) -> tuple[Required, ...]:
        """All snapshots, the verdict last."""
        return (*self.lanes, self.verdict)

    def place(self, required: Required, platform_run: str | None = None) -> Place:
        """Where the attempts of a snapshot lie."""
        if required.snapshot == PROOF:
            return proof_place(platform_run or f"unnumbered_{self.execution_id}")
        return self._place(required.lane, required.snapshot)

    def stem(self, place: Place) -> str:
        """Key of a place in this store, without attempt and extension."""
        return place.remote if self.remote else place.local

    def key(self, place: Place, attempt: int) -> str:
        """Key of an attempt in this store."""
        return place.remote_key(attempt) if self.remote else place.local_key(attempt)

    def folders(self) -> tuple[str, ...]:
        """Every folder in which a snapshot of this execution may lie, ending in a slash."""
        lanes = {required.lane for required in self.required}
        if self.phase == "m2":  # the mirror has a folder per lane: also look where no lane of this version writes
            lanes |= {f"M2.{letter}" for letter in ascii_uppercase}
        return tuple(sorted({self.stem(self._place(lane, "")) for lane in lanes}))

    def _place(self, lane: str, snapshot: str) -> Place:
        return snapshot_place(self.environment, self.mirror, self.phase, lane, self.execution_id, snapshot)

    def key_of(self, uri: str, places: tuple[Place, ...]) -> str | None:
        """The key under which this store would hold a document; None when it is not one of this store's.

        Evidence names itself by its address in the bucket, M1's by its address in the mirror: both are understood.
        """
        bucket = f"s3://{self.bucket}/"
        if uri.startswith(bucket):
            key, of_bucket = uri.removeprefix(bucket), True
        elif uri.startswith("file:"):
            key, of_bucket = uri.removeprefix("file:"), False
        else:
            return None
        if of_bucket is self.remote:
            return key
        for place in places:
            attempt = attempt_of(place.remote if of_bucket else place.local, key)
            if attempt is not None:
                return self.key(place, attempt)
        return None
