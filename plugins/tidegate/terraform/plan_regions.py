"""In which regions of AWS a plan would work: those of its resources (`region`, provider 6) and of its providers."""

from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.models.observed import Absent, Known, Planned, UnknownUntilApply
from tidegate.models.plan import RegionUse

_PROVIDER = "/hashicorp/aws"
_TYPE = "aws_"
_COMPUTED = frozenset({"aws_s3_bucket"})
"""Provider 5 has a `region` here that AWS answers, and none that anybody could set."""


def region_uses(document: dict[str, Any]) -> tuple[RegionUse, ...]:
    """Every region once, with the first that names it. Raises TypeError, KeyError and AttributeError on a bad shape.

    A variable of the root that a provider's region refers to alone is taken for its value, whatever is made of it.
    """
    found: dict[Planned[str], list[str]] = {}
    for who, region in (*_of_providers(document), *_of_resources(document)):
        found.setdefault(region, []).append(who)
    return tuple(RegionUse(region=region, first=whose[0], count=len(whose)) for region, whose in found.items())


def _of_providers(document: dict[str, Any]) -> Iterator[tuple[str, Planned[str]]]:
    configured = (document.get("configuration") or {}).get("provider_config") or {}
    for name, provider in sorted(configured.items()):
        given = (provider.get("expressions") or {}).get("region")
        if str(provider.get("full_name") or provider["name"]).endswith(_PROVIDER) and given is not None:
            # A module's variables are its own, and the plan does not show what they were given.
            known = {} if provider.get("module_address") else document.get("variables") or {}
            yield f"provider {name}", _evaluated(given, known)


def _evaluated(expression: dict[str, Any], variables: Mapping[str, Any]) -> Planned[str]:
    if "constant_value" in expression:
        return _known(expression["constant_value"])
    match expression.get("references"):
        case [str(reference)] if reference.startswith("var.") and reference.removeprefix("var.") in variables:
            return _known(variables[reference.removeprefix("var.")]["value"])
    return UnknownUntilApply()


def _of_resources(document: dict[str, Any]) -> Iterator[tuple[str, Planned[str]]]:
    deferred = [it["resource_change"] for it in document.get("deferred_changes") or ()]
    for change in (*(document.get("resource_changes") or ()), *deferred):
        if change["mode"] != "managed" or not change["type"].startswith(_TYPE):
            continue
        region = _planned(change["type"], change["change"])
        if region != Absent():
            yield change["address"], region


def _planned(kind: str, inner: dict[str, Any]) -> Planned[str]:
    """Absent where it names none, and where nothing stands afterwards."""
    unknown = inner.get("after_unknown")
    if unknown is True or (isinstance(unknown, dict) and unknown.get("region")):
        return Absent() if kind in _COMPUTED else UnknownUntilApply()
    given = (inner.get("after") or {}).get("region")
    return Absent() if given is None else _known(given)


def _known(value: object) -> Planned[str]:
    if not isinstance(value, str):
        raise TypeError(f"a region is {type(value).__name__}, expected a text")
    return Known(value)
