"""What is wrong with evidence, said so that a person finds the file and the difference."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be. `certain` False: it may be in order, but nobody here can tell."""

    code: str
    file: str
    observed: str
    expected: str
    remedy: str
    certain: bool = True


KEEP = "keep the file and its versions as evidence and find out who wrote it; then run the phase again"


def digest_mismatch(file: str, observed: str, expected: str) -> Finding:
    """The content is not what its digest vouches for."""
    return Finding(code="DIGEST-MISMATCH", file=file, observed=observed, expected=expected, remedy=KEEP)


def schema_mismatch(file: str, observed: str, expected: str) -> Finding:
    """The document is sealed, but is not one that tidegate writes."""
    return Finding(code="SCHEMA-MISMATCH", file=file, observed=observed, expected=expected, remedy=KEEP)


def judgement_mismatch(file: str, observed: str, expected: str) -> Finding:
    """The stored judgement is not what its own facts lead to."""
    return Finding(code="JUDGEMENT-MISMATCH", file=file, observed=observed, expected=expected, remedy=KEEP)


def foreign(file: str, observed: str, expected: str) -> Finding:
    """The snapshot belongs to another place."""
    return Finding(code="FOREIGN", file=file, observed=observed, expected=expected, remedy=KEEP)


def missing(file: str, observed: str, expected: str) -> Finding:
    """A snapshot that must be there is not."""
    return Finding(
        code="SNAPSHOT-MISSING",
        file=file,
        observed=observed,
        expected=expected,
        remedy="look for it in the other copy (--from runs, --from s3) and among the versions in the bucket; "
        "when it is gone for good, run the phase again",
    )


def unknown(code: str, file: str, observed: str, expected: str, remedy: str) -> Finding:
    """Something that this version cannot judge."""
    return Finding(code=code, file=file, observed=observed, expected=expected, remedy=remedy, certain=False)
