"""BACKEND-READINESS: the backend, one broken thing at a time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from factories_world import NOW, backend_facts, bucket, lock_table, probe, stack_backend, state_lock
from tidegate.gates.backend_readiness import GATE
from tidegate.models.backend import BackendFacts, Purpose
from tidegate.models.observed import Absent, Known, Unreadable

DARK = Unreadable("AccessDenied")


def with_bucket(purpose: Purpose, **changes: Any) -> BackendFacts:
    purposes: tuple[Purpose, ...] = ("state", "evidence", "work")
    return backend_facts(buckets=tuple(bucket(each, **(changes if each == purpose else {})) for each in purposes))


def with_table(**changes: Any) -> BackendFacts:
    return backend_facts(lock_table=lock_table(**changes))


def with_demo(**changes: Any) -> BackendFacts:
    return backend_facts(stacks=(stack_backend("core"), stack_backend("demo", **changes)))


def codes_of(facts: BackendFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(backend_facts(), [], id="ready"),
        pytest.param(with_bucket("state", encryption=Known("aws:kms")), [], id="a-key-of-our-own"),
        pytest.param(with_bucket("evidence", object_lock=Known("COMPLIANCE")), [], id="the-stricter-lock"),
        pytest.param(with_bucket("state", object_lock=Absent()), [], id="only-evidence-needs-an-object-lock"),
        pytest.param(
            with_bucket("state", object_lock=DARK),
            ["BUCKET-OBJECT-LOCK-UNREADABLE"],
            id="not-needed-and-yet-not-readable",
        ),
        pytest.param(
            with_bucket("work", versioning=DARK, version_deletion_denied=DARK),
            ["BUCKET-VERSIONING-UNREADABLE", "BUCKET-VERSION-DELETION-UNREADABLE"],
            id="two-not-needed-and-yet-not-readable",
        ),
        pytest.param(
            with_bucket("work", versioning=Absent(), version_deletion_denied=Absent(), object_lock=Absent()),
            [],
            id="plans-need-no-versions",
        ),
        pytest.param(
            backend_facts(buckets=(bucket("state"), bucket("evidence"))),
            ["BUCKET-PURPOSE-MISSING"],
            id="nobody-looked-at-the-work-bucket",
        ),
        pytest.param(
            backend_facts(buckets=(bucket("state"), bucket("state", name="b"), bucket("evidence"), bucket("work"))),
            ["BUCKET-PURPOSE-AMBIGUOUS"],
            id="two-state-buckets",
        ),
        pytest.param(
            with_bucket("state", exists=Absent(), region=Absent(), tls_only=Absent(), versioning=Absent()),
            ["BUCKET-MISSING"],
            id="a-bucket-that-is-not-there-is-said-once",
        ),
        pytest.param(with_bucket("work", exists=Known(False)), ["BUCKET-MISSING"], id="known-not-to-exist"),
        pytest.param(
            with_bucket("state", exists=DARK, region=DARK), ["BUCKET-UNREADABLE"], id="bucket-of-somebody-else"
        ),
    ],
)
def test_buckets(facts: BackendFacts, codes: Sequence[str]) -> None:
    assert codes_of(facts) == codes


@pytest.mark.parametrize(
    ("purpose", "field", "wrong", "stem", "code"),
    [
        pytest.param("work", "region", "us-east-1", "BUCKET-REGION", "BUCKET-REGION-MISMATCH", id="region"),
        pytest.param("work", "encryption", "none", "BUCKET-ENCRYPTION", "BUCKET-ENCRYPTION-MISMATCH", id="encryption"),
        pytest.param(
            "work",
            "public_access_blocked",
            False,
            "BUCKET-PUBLIC-ACCESS",
            "BUCKET-PUBLIC-ACCESS-OPEN",
            id="public-access",
        ),
        pytest.param("work", "tls_only", False, "BUCKET-TLS", "BUCKET-TLS-OFF", id="tls"),
        pytest.param("work", "tls_only", 1, "BUCKET-TLS", "BUCKET-TLS-OFF", id="one-is-not-true"),
        pytest.param(
            "state", "versioning", "Suspended", "BUCKET-VERSIONING", "BUCKET-VERSIONING-OFF", id="state-versioning"
        ),
        pytest.param(
            "evidence",
            "versioning",
            "Suspended",
            "BUCKET-VERSIONING",
            "BUCKET-VERSIONING-OFF",
            id="evidence-versioning",
        ),
        pytest.param(
            "state",
            "version_deletion_denied",
            False,
            "BUCKET-VERSION-DELETION",
            "BUCKET-VERSION-DELETION-ALLOWED",
            id="state-version-deletion",
        ),
        pytest.param(
            "evidence",
            "version_deletion_denied",
            False,
            "BUCKET-VERSION-DELETION",
            "BUCKET-VERSION-DELETION-ALLOWED",
            id="evidence-version-deletion",
        ),
        pytest.param(
            "evidence", "object_lock", "OFF", "BUCKET-OBJECT-LOCK", "BUCKET-OBJECT-LOCK-MISMATCH", id="object-lock"
        ),
    ],
)
def test_a_bucket_setting(purpose: Purpose, field: str, wrong: object, stem: str, code: str) -> None:
    assert codes_of(with_bucket(purpose, **{field: Known(wrong)})) == [code]
    assert codes_of(with_bucket(purpose, **{field: Absent()})) == [f"{stem}-MISSING"]
    assert codes_of(with_bucket(purpose, **{field: DARK})) == [f"{stem}-UNREADABLE"]


@pytest.mark.parametrize(
    ("field", "wrong", "stem", "code"),
    [
        pytest.param("status", "CREATING", "LOCK-TABLE-STATUS", "LOCK-TABLE-STATUS-NOT-ACTIVE", id="status"),
        pytest.param("region", "us-east-1", "LOCK-TABLE-REGION", "LOCK-TABLE-REGION-MISMATCH", id="region"),
        pytest.param("key_schema", ("Id:HASH:S",), "LOCK-TABLE-KEY", "LOCK-TABLE-KEY-MISMATCH", id="key"),
        pytest.param(
            "key_schema",
            ("LockID:HASH:S", "Sort:RANGE:S"),
            "LOCK-TABLE-KEY",
            "LOCK-TABLE-KEY-MISMATCH",
            id="one-key-too-many",
        ),
        pytest.param(
            "deletion_protection",
            False,
            "LOCK-TABLE-DELETION-PROTECTION",
            "LOCK-TABLE-DELETION-PROTECTION-OFF",
            id="deletion-protection",
        ),
    ],
)
def test_a_lock_table_setting(field: str, wrong: object, stem: str, code: str) -> None:
    assert codes_of(with_table(**{field: Known(wrong)})) == [code]
    assert codes_of(with_table(**{field: Absent()})) == [f"{stem}-MISSING"]
    assert codes_of(with_table(**{field: DARK})) == [f"{stem}-UNREADABLE"]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(with_table(exists=Absent(), status=Absent()), ["LOCK-TABLE-MISSING"], id="no-table-is-said-once"),
        pytest.param(with_table(exists=Known(False)), ["LOCK-TABLE-MISSING"], id="table-known-not-to-exist"),
        pytest.param(with_table(exists=DARK), ["LOCK-TABLE-UNREADABLE"], id="table-not-readable"),
        pytest.param(
            backend_facts(dynamodb_probe=Known(probe(acquired=False))), ["LOCK-PROBE-NOT-ACQUIRED"], id="no-lock-taken"
        ),
        pytest.param(
            backend_facts(lockfile_probe=Known(probe("s3-lockfile", second_refused=False))),
            ["LOCK-PROBE-NOT-EXCLUSIVE"],
            id="a-lock-for-two",
        ),
        pytest.param(
            backend_facts(dynamodb_probe=Known(probe(released=False))),
            ["LOCK-PROBE-NOT-RELEASED"],
            id="a-lock-that-stuck",
        ),
        pytest.param(
            backend_facts(lockfile_probe=Known(probe("dynamodb"))), ["LOCK-PROBE-MISMATCH"], id="the-same-lock-twice"
        ),
        pytest.param(backend_facts(dynamodb_probe=DARK), ["LOCK-PROBE-UNREADABLE"], id="trial-not-readable"),
        pytest.param(backend_facts(lockfile_probe=Absent()), ["LOCK-PROBE-MISSING"], id="no-trial"),
    ],
)
def test_locks(facts: BackendFacts, codes: Sequence[str]) -> None:
    assert codes_of(facts) == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(backend_facts(stacks=()), ["STACKS-MISSING"], id="no-stack"),
        pytest.param(with_demo(bucket="elsewhere"), ["BACKEND-INCOHERENT"], id="another-bucket"),
        pytest.param(with_demo(lock_table="elsewhere"), ["BACKEND-INCOHERENT"], id="another-table"),
        pytest.param(
            with_demo(region="us-east-1"), ["BACKEND-INCOHERENT", "STACK-REGION-MISMATCH"], id="another-region"
        ),
        pytest.param(with_demo(encrypt=False), ["BACKEND-INCOHERENT", "STACK-ENCRYPTION-OFF"], id="unencrypted"),
        pytest.param(with_demo(use_lockfile=False), ["BACKEND-INCOHERENT", "LOCKING-OFF"], id="without-lock-file"),
        pytest.param(with_demo(lock_table=" "), ["BACKEND-INCOHERENT", "LOCKING-OFF"], id="without-lock-table"),
        pytest.param(
            backend_facts(
                stacks=(stack_backend("core", use_lockfile=False), stack_backend("demo", use_lockfile=False))
            ),
            ["LOCKING-OFF", "LOCKING-OFF"],
            id="alike-and-wrong",
        ),
        pytest.param(
            backend_facts(stacks=(stack_backend("core", bucket="b"), stack_backend("demo", bucket="b"))),
            ["BACKEND-INCOHERENT", "BACKEND-INCOHERENT"],
            id="alike-in-a-bucket-that-nobody-looked-at",
        ),
        pytest.param(with_demo(key="dev_min/core/terraform.tfstate"), ["STATE-KEY-SHARED"], id="one-key-for-two"),
        pytest.param(with_demo(locks=Known((state_lock(),))), [], id="a-held-lock-is-another-gates-business"),
        pytest.param(with_demo(locks=DARK), ["STATE-LOCK-UNREADABLE"], id="locks-not-readable"),
        pytest.param(with_demo(locks=Absent()), ["STATE-LOCK-UNREADABLE"], id="no-answer-about-locks"),
    ],
)
def test_stacks(facts: BackendFacts, codes: Sequence[str]) -> None:
    assert codes_of(facts) == codes


def test_a_shared_key_names_both_stacks() -> None:
    (blocker,) = GATE.evaluate(with_demo(key="dev_min/core/terraform.tfstate"), judged_at=NOW)
    assert blocker.observed == "core and demo"
    assert blocker.remedy.text.startswith("set stacks.demo.state_key")


def test_without_a_state_bucket_the_stacks_are_held_against_the_first() -> None:
    """What is missing is said once, not once more for every stack."""
    assert codes_of(backend_facts(buckets=(bucket("evidence"), bucket("work")))) == ["BUCKET-PURPOSE-MISSING"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (with_bucket("work", public_access_blocked=Known(False)), "True"),
        (with_bucket("work", tls_only=Known(False)), "True"),
        (with_bucket("state", versioning=Known("Suspended")), "Enabled"),
        (with_bucket("state", version_deletion_denied=Known(False)), "True"),
        (with_table(status=Known("CREATING")), "ACTIVE"),
        (with_table(deletion_protection=Known(False)), "True"),
    ],
)
def test_the_setting_that_is_expected(facts: BackendFacts, expected: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.expected == expected


@pytest.mark.parametrize(
    ("facts", "resource", "observed", "setting"),
    [
        (backend_facts(stacks=()), "stacks", "0 stacks", "set stacks "),
        (with_demo(bucket="other"), "demo.bucket", "bucket = other", "set stacks.demo.state_bucket "),
        (with_demo(lock_table="x"), "demo.lock_table", "lock_table = x", "set stacks.demo.lock_table "),
        (with_demo(region=""), "demo.region", "region = blank", "set stacks.demo.region "),
        (with_demo(region=""), "demo", "region = blank", "set stacks.demo.region "),
        (with_demo(region="us-east-1"), "demo", "region = us-east-1", "set stacks.demo.region "),
        (with_demo(encrypt=False), "demo.encrypt", "encrypt = False", "set stacks.demo.encrypt "),
        (with_demo(encrypt=False), "demo", "encrypt = false", "set backend.encrypt "),
        (with_demo(use_lockfile=False), "demo.use_lockfile", "use_lockfile = False", "set stacks.demo.use_lockfile "),
        (with_demo(use_lockfile=False), "demo", "use_lockfile = false", "set backend.use_lockfile "),
        (with_demo(lock_table=""), "demo", "no lock_table", "set backend.lock_table "),
    ],
)
def test_what_to_set_where(facts: BackendFacts, resource: str, observed: str, setting: str) -> None:
    """The stack that differs is named, never the one that it is held against; and the setting in the manifest."""
    found = {
        (blocker.resource, blocker.observed): blocker.remedy.text for blocker in GATE.evaluate(facts, judged_at=NOW)
    }
    assert found[resource, observed].startswith(setting)
    assert "core" not in " ".join(name for name, _ in found)


@pytest.mark.parametrize(
    ("changes", "observed", "expected"),
    [
        ({"acquired": False}, "not acquired", "acquired"),
        ({"second_refused": False}, "not refused", "refused"),
        ({"released": False}, "not released", "released"),
        ({"mechanism": "s3-lockfile"}, "s3-lockfile", "dynamodb"),
    ],
)
def test_what_a_trial_of_the_lock_showed(changes: dict[str, Any], observed: str, expected: str) -> None:
    (blocker,) = GATE.evaluate(backend_facts(dynamodb_probe=Known(replace(probe(), **changes))), judged_at=NOW)
    assert (blocker.resource, blocker.observed, blocker.expected) == ("dynamodb lock", observed, expected)
