"""What the fake Confluent Cloud API refuses, and what it is still kinder about."""

from sandbox.refusals import EVERY, Kinder, Refusal

SERVICE = "Confluent Cloud"
_REFERENCE = "https://docs.confluent.io/cloud/current/api.html"
_ENVIRONMENTS, _CLUSTERS = "/org/v2/environments", "/cmk/v2/clusters"
_ACCOUNTS, _KEYS, _BINDINGS = "/iam/v2/service-accounts", "/iam/v2/api-keys", "/iam/v2/role-bindings"
_ALL = (_ENVIRONMENTS, _CLUSTERS, _ACCOUNTS, _KEYS, _BINDINGS)
_GONE = {
    _ENVIRONMENTS: "404 resource_not_found",
    _CLUSTERS: "403 forbidden_access",
    _ACCOUNTS: "404 resource_not_found",
    _KEYS: "403 forbidden_access",
    _BINDINGS: "404 resource_not_found",
}


def _refusal(operation: str, code: str, when: str) -> Refusal:
    return Refusal(operation, code, when, _REFERENCE)


REFUSALS = (
    *(_refusal(f"GET {path}", "400 invalid_filter", "a page of 101 is asked for") for path in _ALL),
    *(_refusal(f"GET {path}", "400 invalid_filter", "the token is of no page") for path in _ALL),
    *(_refusal(f"POST {path}", "400 invalid_request", "the body is no object") for path in _ALL),
    *(
        _refusal(f"{method} {path}/{{id}}", code, "it is not there")
        for path, code in _GONE.items()
        for method in ("GET", "PATCH", "DELETE")
        if (method, path) != ("PATCH", _BINDINGS)
    ),
    _refusal(EVERY, "405 method_not_allowed", "a role binding is to change"),
    _refusal(f"POST {_ENVIRONMENTS}", "400 invalid_request", "there is no name"),
    _refusal(f"POST {_ENVIRONMENTS}", "400 invalid_request", "the package is none"),
    _refusal(f"POST {_ENVIRONMENTS}", "409 resource_already_exists", "the name is taken"),
    _refusal(f"PATCH {_ENVIRONMENTS}/{{id}}", "409 resource_already_exists", "the name is another's"),
    _refusal(f"DELETE {_ENVIRONMENTS}/{{id}}", "409 resource_already_exists", "it still holds a cluster"),
    _refusal(f"GET {_CLUSTERS}", "400 invalid_filter", "no environment is named"),
    _refusal(f"GET {_CLUSTERS}/{{id}}", "403 forbidden_access", "it lies in another environment"),
    _refusal(f"POST {_CLUSTERS}", "400 invalid_request", "the availability is none"),
    _refusal(f"POST {_CLUSTERS}", "400 invalid_request", "the cloud is none"),
    _refusal(f"POST {_CLUSTERS}", "403 forbidden_access", "the environment is not there"),
    _refusal(f"PATCH {_CLUSTERS}/{{id}}", "400 invalid_request", "it is to move to another region"),
    _refusal(f"DELETE {_CLUSTERS}/{{id}}", "400 deletion_protection", "it is protected"),
    _refusal(f"POST {_ACCOUNTS}", "400 invalid_request", "there is no name"),
    _refusal(f"POST {_ACCOUNTS}", "409 resource_already_exists", "the name is taken"),
    _refusal(f"PATCH {_ACCOUNTS}/{{id}}", "409 resource_already_exists", "the name is another's"),
    _refusal(f"POST {_KEYS}", "400 invalid_request", "no owner is named"),
    _refusal(f"POST {_KEYS}", "404 resource_not_found", "the owner is not there"),
    _refusal(f"POST {_KEYS}", "403 forbidden_access", "the cluster is not there"),
    _refusal(f"GET {_BINDINGS}", "400 invalid_filter", "no pattern is named"),
    _refusal(f"POST {_BINDINGS}", "400 invalid_request", "the principal is none"),
)
KINDER = (
    Kinder(f"POST {_CLUSTERS}", "400 invalid_request", "regions are not looked up, and every kind of cluster is taken"),
    Kinder(
        f"POST {_BINDINGS}",
        "400 invalid_request",
        "neither the principal nor the role nor what the pattern names is looked up: what Confluent says is not known",
    ),
    Kinder(f"PATCH {_KEYS}/{{id}}", "400 invalid_request", "a field that cannot change is ignored, not refused"),
)
