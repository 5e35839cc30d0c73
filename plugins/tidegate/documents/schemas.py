"""JSON Schemas of what tidegate writes and of what people write for it."""

import json
from typing import Any

from pydantic import BaseModel

from tidegate.models.environment import Environment
from tidegate.models.policy import AllowedTypesPolicy, BillPolicy, ForbiddenPolicy
from tidegate.models.prices import PricePolicy
from tidegate.models.snapshot import Snapshot
from tidegate.models.verdict_record import VerdictRecord

_MODELS: dict[str, type[BaseModel]] = {
    "snapshot": Snapshot,
    "verdict_record": VerdictRecord,
    "environment": Environment,
    "policy_forbidden": ForbiddenPolicy,
    "policy_allowed_types": AllowedTypesPolicy,
    "policy_prices": PricePolicy,
    "policy_bill": BillPolicy,
}

_ALWAYS_WRITTEN = {"snapshot": ("schema", "digest")}
"""Fields with a default for whoever builds the model, which every stored document has."""


def schemas() -> dict[str, str]:
    """File name and text of every schema."""
    return {f"{name}.json": _text(name, model) for name, model in _MODELS.items()}


def _text(name: str, model: type[BaseModel]) -> str:
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(by_alias=True),
    }
    missing = [field for field in _ALWAYS_WRITTEN.get(name, ()) if field not in schema["required"]]
    schema["required"] = [*schema["required"], *missing]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
