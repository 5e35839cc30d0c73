"""What a backend must be like: buckets, lock table, a lock that really locks, stacks that agree (ST1, ST2, ST3)."""

from collections.abc import Iterator
from typing import get_args

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, readable, required_equal, unusable
from tidegate.gates.rules_remedies import BOOTSTRAP, SAME_DAG, manifest
from tidegate.models.backend import BackendFacts, BucketPosture, LockProbe, Purpose, StackBackend
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.remedy import Clear, Remedy

_BOOTSTRAP = Remedy.of(BOOTSTRAP, Clear())

_ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")
_OVERRIDES = {"bucket": "state_bucket"}
"""Settings of a stack's backend that have another name in the manifest."""
_LOCKS = ("GOVERNANCE", "COMPLIANCE")
KEY_SCHEMA = ("LockID:HASH:S",)
"""What Terraform's S3 backend writes its locks with."""


def bucket_blockers(facts: BackendFacts) -> Iterator[Blocker]:
    """One bucket of each purpose, and every bucket with every setting that its purpose asks for."""
    for purpose in get_args(Purpose):
        names = [bucket.name for bucket in facts.buckets if bucket.purpose == purpose]
        if len(names) != 1:
            yield Blocker(
                code="BUCKET-PURPOSE-MISSING" if not names else "BUCKET-PURPOSE-AMBIGUOUS",
                summary="not exactly one bucket has this purpose",
                resource=f"{purpose} bucket",
                observed=", ".join(names) or "none was looked at",
                expected="one bucket",
                remedy=Remedy.of(
                    manifest(
                        f"{'backend' if purpose == 'state' else purpose}.bucket", why="one bucket for each purpose"
                    ),
                    SAME_DAG,
                ),
            )
    for bucket in facts.buckets:
        yield from _bucket(bucket, facts.expected_region)


def lock_table_blockers(facts: BackendFacts) -> Iterator[Blocker]:
    """The table is there, active, at home, keyed as Terraform writes, and not deletable by accident."""
    table = facts.lock_table
    there = _there(table.name, table.exists, stem="LOCK-TABLE")
    if there is not None:
        yield there
        return

    def need(stem: str, what: str, expected: str) -> Need:
        return Need(stem=stem, what=what, resource=table.name, expected=expected, remedy=_BOOTSTRAP)

    yield from each(
        required_equal(
            table.status,
            "ACTIVE",
            need("LOCK-TABLE-STATUS", "the status of the lock table", "ACTIVE"),
            otherwise="NOT-ACTIVE",
        ),
        required_equal(
            table.region,
            facts.expected_region,
            need("LOCK-TABLE-REGION", "the region of the lock table", facts.expected_region),
            otherwise="MISMATCH",
        ),
        required_equal(
            table.key_schema,
            KEY_SCHEMA,
            need("LOCK-TABLE-KEY", "the key schema of the lock table", str(KEY_SCHEMA)),
            otherwise="MISMATCH",
        ),
        required_equal(
            table.deletion_protection,
            True,
            need("LOCK-TABLE-DELETION-PROTECTION", "the deletion protection of the lock table", "True"),
            otherwise="OFF",
        ),
    )


def probe_blockers(facts: BackendFacts) -> Iterator[Blocker]:
    """A real lock of each kind was taken, held against a second taker, and given back."""
    yield from _probe("dynamodb", facts.dynamodb_probe)
    yield from _probe("s3-lockfile", facts.lockfile_probe)


def stack_blockers(facts: BackendFacts) -> Iterator[Blocker]:
    """Every stack by itself, then all of them against the backend that was looked at."""
    if not facts.stacks:
        yield Blocker(
            code="STACKS-MISSING",
            summary="no stack uses the backend, so nothing can be said about its settings",
            resource="stacks",
            observed="0 stacks",
            expected="at least one stack",
            remedy=Remedy.of(manifest("stacks", why="at least one stack"), SAME_DAG),
        )
    yield from _shared_keys(facts.stacks)
    for stack in facts.stacks:
        yield from each(_coherence(facts, stack), _settings(facts, stack), _locks(stack))


def _there(name: str, exists: Observed[bool], *, stem: str) -> Blocker | None:
    if exists == Known(True):
        return None
    observed = Absent() if isinstance(exists, Known) else exists
    return unusable(
        observed, Need(stem=stem, what=name, resource=name, expected="there, in this account", remedy=_BOOTSTRAP)
    )


def _bucket(bucket: BucketPosture, region: str) -> Iterator[Blocker]:
    there = _there(bucket.name, bucket.exists, stem="BUCKET")
    if there is not None:
        yield there
        return

    def need(stem: str, what: str, expected: str) -> Need:
        return Need(
            stem=stem,
            what=f"{what} of the {bucket.purpose} bucket",
            resource=bucket.name,
            expected=expected,
            remedy=_BOOTSTRAP,
        )

    yield from each(
        required_equal(bucket.region, region, need("BUCKET-REGION", "the region", region), otherwise="MISMATCH"),
        _one_of(
            bucket.encryption, _ENCRYPTIONS, need("BUCKET-ENCRYPTION", "the encryption", " or ".join(_ENCRYPTIONS))
        ),
        required_equal(
            bucket.public_access_blocked,
            True,
            need("BUCKET-PUBLIC-ACCESS", "the block of public access", "True"),
            otherwise="OPEN",
        ),
        required_equal(bucket.tls_only, True, need("BUCKET-TLS", "the TLS-only policy", "True"), otherwise="OFF"),
    )
    versioning = need("BUCKET-VERSIONING", "the versioning", "Enabled")
    deletion = need("BUCKET-VERSION-DELETION", "the refusal to delete versions", "True")
    if bucket.purpose == "work":  # plans may expire; but what cannot be read is never taken for fine
        yield from each(readable(bucket.versioning, versioning), readable(bucket.version_deletion_denied, deletion))
    else:
        yield from each(
            required_equal(bucket.versioning, "Enabled", versioning, otherwise="OFF"),
            required_equal(bucket.version_deletion_denied, True, deletion, otherwise="ALLOWED"),
        )
    lock = need("BUCKET-OBJECT-LOCK", "the object lock", " or ".join(_LOCKS))
    if bucket.purpose == "evidence":
        yield from _one_of(bucket.object_lock, _LOCKS, lock)
    else:
        yield from readable(bucket.object_lock, lock)


def _one_of(observed: Observed[str], wanted: tuple[str, ...], need: Need) -> Iterator[Blocker]:
    if isinstance(observed, Known) and observed.value in wanted:
        return
    yield from required_equal(observed, wanted[0], need, otherwise="MISMATCH")


def _probe(mechanism: str, observed: Observed[LockProbe]) -> Iterator[Blocker]:
    resource = f"{mechanism} lock"
    if not isinstance(observed, Known):
        need = Need(
            stem="LOCK-PROBE",
            what="the trial of a real lock",
            resource=resource,
            expected="a lock taken, held and released",
            remedy=_BOOTSTRAP,
        )
        yield unusable(observed, need)
        return
    probe = observed.value
    wrong = (
        (
            "LOCK-PROBE-MISMATCH",
            "another mechanism was tried",
            probe.mechanism == mechanism,
            probe.mechanism,
            mechanism,
        ),
        ("LOCK-PROBE-NOT-ACQUIRED", "a real lock could not be taken", probe.acquired, "not acquired", "acquired"),
        (
            "LOCK-PROBE-NOT-EXCLUSIVE",
            "a second taker got the lock as well",
            probe.second_refused,
            "not refused",
            "refused",
        ),
        ("LOCK-PROBE-NOT-RELEASED", "the lock could not be given back", probe.released, "not released", "released"),
    )
    for code, summary, fine, seen, expected in wrong:
        if not fine:
            yield Blocker(
                code=code,
                summary=summary,
                resource=resource,
                observed=seen,
                expected=expected,
                remedy=_BOOTSTRAP,
            )


def _shared_keys(stacks: tuple[StackBackend, ...]) -> Iterator[Blocker]:
    owners: dict[tuple[str, str], str] = {}
    for stack in stacks:
        place = (stack.bucket, stack.key)
        first = owners.setdefault(place, stack.stack)
        if first != stack.stack:
            yield Blocker(
                code="STATE-KEY-SHARED",
                summary="two stacks keep their state under one key",
                resource=f"s3://{stack.bucket}/{stack.key}",
                observed=f"{first} and {stack.stack}",
                expected="one stack per key",
                remedy=Remedy.of(manifest(f"stacks.{stack.stack}.state_key", why="a key of its own"), SAME_DAG),
            )


def _coherence(facts: BackendFacts, stack: StackBackend) -> Iterator[Blocker]:
    """Against the first stack, and against the bucket and table whose posture was looked at."""
    first = facts.stacks[0]
    state_bucket = next((bucket.name for bucket in facts.buckets if bucket.purpose == "state"), first.bucket)
    settings = (
        ("bucket", stack.bucket, state_bucket),
        ("region", stack.region, first.region),
        ("lock_table", stack.lock_table, facts.lock_table.name),
        ("encrypt", stack.encrypt, first.encrypt),
        ("use_lockfile", stack.use_lockfile, first.use_lockfile),
    )
    for name, seen, expected in settings:
        if seen != expected:
            yield Blocker(
                code="BACKEND-INCOHERENT",
                summary="the stack's backend differs from the shared one",
                resource=f"{stack.stack}.{name}",
                observed=f"{name} = {'blank' if seen == '' else seen}",
                expected=f"{name} = {expected}",
                remedy=Remedy.of(
                    manifest(f"stacks.{stack.stack}.{_OVERRIDES.get(name, name)}", why="remove the override"), SAME_DAG
                ),
            )


def _settings(facts: BackendFacts, stack: StackBackend) -> Iterator[Blocker]:
    wrong = (
        (
            "STACK-REGION-MISMATCH",
            "the stack keeps its state in another region",
            stack.region == facts.expected_region,
            f"region = {stack.region or 'blank'}",
            f"region = {facts.expected_region}",
            f"stacks.{stack.stack}.region",
        ),
        (
            "STACK-ENCRYPTION-OFF",
            "the stack writes its state unencrypted",
            stack.encrypt,
            "encrypt = false",
            "encrypt = true",
            "backend.encrypt",
        ),
        (
            "LOCKING-OFF",
            "the stack locks its state with no table",
            bool(stack.lock_table.strip()),
            "no lock_table",
            "a lock_table",
            "backend.lock_table",
        ),
        (
            "LOCKING-OFF",
            "the stack locks its state with no lock file",
            stack.use_lockfile,
            "use_lockfile = false",
            "use_lockfile = true",
            "backend.use_lockfile",
        ),
    )
    for code, summary, fine, seen, expected, setting in wrong:
        if not fine:
            yield Blocker(
                code=code,
                summary=summary,
                resource=stack.stack,
                observed=seen,
                expected=expected,
                remedy=Remedy.of(manifest(setting, why=expected), SAME_DAG),
            )


def _locks(stack: StackBackend) -> Iterator[Blocker]:
    """A held lock is another gate's business; that nobody can tell is this one's."""
    if not isinstance(stack.locks, Known):
        yield Blocker(
            code="STATE-LOCK-UNREADABLE",
            summary="nobody can tell whether the state is locked",
            resource=stack.stack,
            observed=shown(stack.locks),
            expected="the locks held now, or none",
            remedy=_BOOTSTRAP,
        )
