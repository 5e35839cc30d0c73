"""Protected addresses, and resources that Terraform marked as tainted because their creation was interrupted."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_remedies import BUILD, REPAIR, STATE_BUCKET
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import Remedy

EVERYTHING = "*"
"""The entry that covers every address."""
_REPLACE = Remedy.of(BUILD, note="Its plan replaces the resource")
_MEND = Remedy.of(REPAIR, note="It takes the mark off, and its plan mends the resource in place")


def protected_by(entries: tuple[str, ...], address: str) -> str | None:
    """The entry that covers an address; None when nothing protects it.

    An entry covers its own address with every index; one that ends in a dot covers all below it; `*` covers all.
    """
    return next((entry for entry in entries if _covers(entry, address)), None)


def tainted_blockers(
    tainted: Observed[tuple[str, ...]], *, stack: str, protected: tuple[str, ...], protected_only: bool
) -> Iterator[Blocker]:
    """Block for each tainted resource, and when nobody could look. No state holds none.

    Terraform wants to replace what is tainted. For a protected one `prevent_destroy` forbids that, for ever.
    """
    need = Need(
        stem="TAINTED",
        what="the list of tainted resources in the state",
        resource=stack,
        expected="a list of addresses, or no state",
        remedy=STATE_BUCKET,
    )
    yield from readable(tainted, need)
    for address in tainted.value if isinstance(tainted, Known) else ():
        is_protected = protected_by(protected, address) is not None
        if is_protected or not protected_only:
            yield Blocker(
                code="RESOURCE-TAINTED",
                summary="the creation of the resource did not finish, and Terraform marked it as tainted",
                resource=address,
                observed=f"tainted in the state of {stack}",
                expected="not tainted",
                remedy=_MEND if is_protected else _REPLACE,
            )


def _covers(entry: str, address: str) -> bool:
    if entry == EVERYTHING:
        return True
    stem = entry.removesuffix(".")
    return address.startswith((f"{stem}[", entry if entry.endswith(".") else f"{stem}[")) or address == entry
