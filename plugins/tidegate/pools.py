"""The pools in which Terraform runs: one for each environment, with as many slots as its manifest says."""

from typing import Any

from tidegate import environments
from tidegate.environments import ManifestError


def pool_of(environment: str) -> str:
    """The pool in which an environment's plans, applies and destroys wait for a slot."""
    return f"{environment}_terraform"


def pools() -> dict[str, dict[str, Any]]:
    """Every pool by name, as `airflow pools import` takes it.

    An environment whose manifest cannot be used has one slot: its only task says why.
    """
    return {
        pool_of(name): {
            "slots": 1 if isinstance(found, ManifestError) else found.slots,
            "description": f"Plans, applies and destroys of {name}",
            "include_deferred": False,
        }
        for name, found in environments.load_all().items()
    }
