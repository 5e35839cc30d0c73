"""What a manifest may say: one table, against which the manifest's validator and the validations of the HCL are tested.

A row is one value of a manifest that otherwise fits. Where the HCL cannot know a rule, the row says why.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from standins import three_stacks

LONGEST_PROJECT = "p" + "r" * 30
"""31 characters; with an environment of 13 it comes to 44, and the longest role name to 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value: where it stands in the manifest, how the root calls it, and whether it fits."""

    id: str
    manifest: dict[str, Any]
    root: str = "core"
    hcl: dict[str, Any] = field(default_factory=dict)
    refused_by: str = ""
    """The variable whose validation refuses it. Empty: the value fits."""
    only_manifest: str = ""
    """Why the HCL has no such rule; the manifest refuses the value all the same."""

    @property
    def fits(self) -> bool:
        return not self.refused_by and not self.only_manifest


def changed(row: Row) -> dict[str, Any]:
    """A manifest that fits, with the value of the row."""
    document: Any = deepcopy(three_stacks().model_dump(mode="json", by_alias=True))
    for path, value in row.manifest.items():
        *parents, last = path.split(".")
        node = document
        for parent in parents:
            node = node[parent]
        node[last] = value
    return dict(document)


def _one(path: str, variable: str, root: str = "core") -> Any:
    def rows(value: Any, *, fits: bool, id: str = "", hcl: Any = None) -> Row:
        return Row(
            id=f"{variable} {id or value}",
            manifest={path: value},
            root=root,
            hcl={variable: value if hcl is None else hcl},
            refused_by="" if fits else variable,
        )

    return rows


def _alerts(amounts: list[str], *, fits: bool, id: str) -> Row:
    """Rungs of the ladder; the limit is 30."""
    return Row(
        id=f"ladder: {id}",
        manifest={"budget.alerts_usd": amounts},
        hcl={"budget_thresholds_usd": [float(it) for it in amounts], "budget_limit_usd": 30},
        refused_by="" if fits else "budget_thresholds_usd",
    )


def _names(project: str, environment: str, refused_by: str, root: str) -> Row:
    core = {"parameter_prefix": f"/{project}/{environment}/core"} if root == "core" else {}
    return Row(
        id=f"{root}: {project} {environment}",
        manifest={"project": project, "name": environment},
        root=root,
        hcl={"project": project, "environment": environment} | core,
        refused_by=refused_by,
    )


_retention = _one("evidence.retention_days", "evidence_retention_days")
_expiry = _one("work.expiry_days", "work_expiry_days")
_budget = _one("budget.name", "budget_name")
_email = _one("budget.alert_email", "alert_email")
_account = _one("account_id", "account_id")
_state, _evidence = _one("backend.bucket", "state_bucket"), _one("evidence.bucket", "evidence_bucket")
_work = _one("work.bucket", "work_bucket")
_log = _one("stacks.demo.variables.log_retention_days", "log_retention_days", "demo")
_count = _one("stacks.demo.variables.ecs_desired_count", "ecs_desired_count", "demo")
_zones = _one("stacks.demo.variables.availability_zone_count", "availability_zone_count", "demo")
_cidr = _one("stacks.demo.variables.vpc_cidr", "vpc_cidr", "modules/network")
_generation = _one("stacks.confluent.variables.api_key_generation", "api_key_generation", "confluent")
_topics = _one("stacks.confluent.variables.topics", "topics", "confluent")


OWNERS = "the identity provider and the trust of the execution role are their owner's: no HCL takes them"


def _oidc(field: str, value: object, *, fits: bool, id: str = "") -> Row:
    return Row(
        id=f"oidc {field} {id or repr(value)}",
        manifest={f"oidc.{field}": value},
        only_manifest="" if fits else OWNERS,
    )


def _region(name: str, *, fits: bool, why: str = "") -> list[Row]:
    manifest = {"region": name, "scan_regions": [name]}
    refused = "" if fits or why else "region"
    return [
        Row(
            id=f"{root}: {name}",
            manifest=manifest,
            root=root,
            hcl={"region": name},
            refused_by=refused,
            only_manifest=why,
        )
        for root in ("core", "confluent", "demo")
    ]


UNLISTED = "which regions there are changes: the HCL knows the form of the commercial ones, botocore's data their names"

ROWS: tuple[Row, ...] = (
    *(row for name in ("eu-west-2", "us-east-1", "ap-southeast-2", "il-central-1") for row in _region(name, fits=True)),
    *(
        row
        for name in ("us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1", "europe")
        for row in _region(name, fits=False)
    ),
    *(row for name in ("eu-west-9", "eu-wets-2") for row in _region(name, fits=False, why=UNLISTED)),
    *(_retention(days, fits=fits) for days, fits in ((0, False), (1, True), (365, True), (366, False), (3650, False))),
    *(_expiry(days, fits=fits) for days, fits in ((0, False), (1, True), (30, True), (31, False))),
    _oidc("provider_url", "https://issuer.example.com", fits=True),
    _oidc("provider_url", "https://issuer.example.com/lanes", fits=True),
    _oidc("provider_url", "https://issuer.example.com/", fits=False),
    _oidc("provider_url", "https://issuer.example.com/lanes/", fits=False),
    _oidc("provider_url", "https://issuer.example.com/?a=b", fits=False),
    _oidc("provider_url", "http://issuer.example.com", fits=False),
    _oidc("provider_url", "https://", fits=False),
    _oidc("provider_url", f"https://{'i' * 243}.com", fits=True, id="of 255 characters"),
    _oidc("provider_url", f"https://{'i' * 244}.com", fits=False, id="of 256 characters"),
    _oidc("audience", "sts.amazonaws.com", fits=True),
    *(_oidc("audience", value, fits=False) for value in ("", "*", "sts.*", "a" * 256)),
    _oidc("subject", "system:serviceaccount:tidegate:dev-min", fits=True),
    *(_oidc("subject", value, fits=False) for value in ("", "*", "system:serviceaccount:tidegate:*")),
    _oidc("shared", True, fits=True),
    _oidc("shared", False, fits=False),
    _budget("b" * 100, fits=True, id="of 100 characters"),
    _budget("b" * 101, fits=False, id="of 101 characters"),
    *(_budget(value, fits=False, id=repr(value)) for value in ("", "a:b", "a\\b")),
    _email("on-call@example.com", fits=True),
    *(_email(value, fits=False) for value in ("nobody", "a@b@example.com", "a b@example.com", "a@localhost")),
    _account("012345678901", fits=True),
    *(_account(value, fits=False) for value in ("12345678901", "1234567890123", "12345678901x")),
    _alerts(["10", "20", "28"], fits=True, id="three rungs"),
    _alerts(["29.99"], fits=True, id="one rung, right below the limit"),
    _alerts([str(rung) for rung in range(1, 11)], fits=True, id="ten rungs"),
    _alerts([str(rung) for rung in range(1, 12)], fits=False, id="eleven rungs"),
    _alerts([], fits=False, id="no rung"),
    _alerts(["10", "30"], fits=False, id="an alert equal to the limit"),
    _alerts(["10", "31"], fits=False, id="an alert above the limit"),
    _alerts(["20", "10"], fits=False, id="falling"),
    _alerts(["10", "10"], fits=False, id="twice the same"),
    _alerts(["0", "10"], fits=False, id="from zero on"),
    *(
        bucket(name, fits=fits)
        for bucket in (_state, _evidence, _work)
        for name, fits in (
            ("my.work", True),
            ("a-b", True),
            ("w" * 63, True),
            ("w" * 64, False),
            ("my..work", False),
            ("My-work", False),
            ("-work", False),
            ("work-", False),
            ("wo", False),
            ("192.168.5.4", False),
            ("xn--work", False),
            ("work-s3alias", False),
            ("work--ol-s3", False),
        )
    ),
    Row(
        id="two buckets of one name",
        manifest={"work.bucket": "one-bucket", "evidence.bucket": "one-bucket"},
        hcl={"work_bucket": "one-bucket", "evidence_bucket": "one-bucket"},
        refused_by="work_bucket",
    ),
    *(
        _names(project, environment, refused_by, root)
        for root in ("core", "confluent", "demo")
        for project, environment, refused_by in (
            ("fraud-platform", "dev_min", ""),
            (LONGEST_PROJECT, "e" * 13, ""),
            (LONGEST_PROJECT, "e" * 14, "environment"),
            ("p" * 23, "e" * 21, ""),
            ("p" * 22, "e" * 22, "environment"),
            ("p" * 32, "dev", "project"),
            ("fraud", "d", "environment"),
            ("f", "dev", "project"),
            ("fraud-", "dev", "project"),
            ("fraud--platform", "dev", "project"),
            ("9fraud", "dev", "project"),
            ("awsfraud", "dev", "project"),
            ("ssm-fraud", "dev", "project"),
            ("fraud", "dev__min", "environment"),
            ("fraud", "dev_", "environment"),
            ("fraud", "dev-min", "environment"),
        )
    ),
    *(_log(days, fits=fits) for days, fits in ((1, True), (365, True), (0, False), (2, False), (366, False))),
    *(_count(number, fits=fits) for number, fits in ((0, True), (3, True), (-1, False), (1.5, False))),
    *(_zones(number, fits=fits) for number, fits in ((2, True), (3, True), (1, False), (4, False))),
    *(
        _cidr(value, fits=fits)
        for value, fits in (
            ("10.42.0.0/20", True),
            ("10.0.0.0/16", True),
            ("10.0.0.0/24", True),
            ("10.0.0.0/15", False),
            ("10.0.0.0/25", False),
            ("10.0.0.0", False),
            ("10.0.0.256/20", False),
            ("2001:db8::/20", False),
        )
    ),
    *(_generation(number, fits=fits) for number, fits in ((1, True), (9, True), (0, False), (1.5, False))),
    _topics({"payments": {"partitions": 3, "access": {"producer": "write"}}}, fits=True),
    _topics({"pay ments": {}}, fits=False),
    _topics({"payments": {"partitions": 0}}, fits=False),
    _topics({"payments": {"access": {"operator": "write"}}}, fits=False),
    _topics({"payments": {"access": {"producer": "all"}}}, fits=False),
    Row(
        id="a variable that no root has",
        manifest={"stacks.demo.variables.ecs_desired_cuont": 1},
        only_manifest="Terraform warns of a value for a variable that is not declared, and goes on",
    ),
    Row(
        id="a variable of core",
        manifest={"stacks.core.variables.budget_limit_usd": 1},
        only_manifest="the values of core are the manifest's own fields, and nothing beside them",
    ),
    Row(id="role name of 64", manifest={"role_name": "r" * 64}, hcl={"execution_role_name": "r" * 64}),
    Row(
        id="role name of 65",
        manifest={"role_name": "r" * 65},
        only_manifest="core imports the role: a name that IAM does not take was never one",
    ),
    Row(
        id="a stop above the limit",
        manifest={"budget.stop_usd": "30.01"},
        only_manifest="the stop is tidegate's own; AWS knows the alerts",
    ),
)
