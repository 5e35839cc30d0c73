"""Steps that the remedies of several gates share: runs to trigger, grants to ask for, files to change."""

from typing import Any

from tidegate.models.remedy import MANIFEST, OWNER, Clear, Edit, Person, Remedy, Trigger

OPERATOR = "whoever runs the workers"
"""Who sets up Airflow's workers: their environment, their programs, their clocks."""

AUTHOR = "whoever writes the stack's Terraform"
"""Who changes the HCL below include/terraform."""

MAINTAINER = "the maintainers of tidegate"
"""Who mends what is a defect of the product."""

FINDER = "whoever answers for the environment"
"""Who finds out which person or program acted, and decides."""

BOOTSTRAP = Trigger("<environment>.m1_backend_bootstrap")
BUILD = Trigger("<environment>.m2_substrate_build")
REPAIR = Trigger("<environment>.m2_substrate_build", {"repair_drift": True}, ("repair_reason",))
TEARDOWN = Trigger("<environment>.m9_teardown_cost_check", {}, ("confirm",))
SAME_DAG = Trigger("<dag>")

CLEAR = Remedy.of(Clear())
REBUILD = Remedy.of(BUILD)
GIVE_THE_ROLE = Remedy.of(Person(OWNER, "apply what `tidegate policy <environment> --owner` prints"), Clear())
STATE_BUCKET = Remedy.of(Person(OWNER, "let the execution role read the state bucket"), Clear())
INTENTS = Remedy.of(Person(OWNER, "let the execution role read intents/ in the work bucket"), Clear())
EVIDENCE_BUCKET = Remedy.of(
    Person(OWNER, "let the execution role read the evidence bucket", "docs/runbooks/evidence-unreachable.md"), Clear()
)
DESCRIBE = Remedy.of(
    Person(OWNER, "allow the execution role to describe them", "include/policies/execution_role.yaml"), Clear()
)
MANIFEST_STACKS = Remedy.of(
    Clear(), note="If it repeats, the stacks of the manifest and the lanes of this version do not fit"
)


def repair_alone(stack: str) -> Trigger:
    """M2 for one persistent stack alone, which is allowed while the emergency latch is set as well."""
    return Trigger("<environment>.m2_substrate_build", {"stacks": stack, "repair_drift": True}, ("repair_reason",))


def teardown(target: str) -> Trigger:
    """M9 for a target."""
    return Trigger("<environment>.m9_teardown_cost_check", {"target": target}, ("confirm",))


def root_of(stack: str) -> str:
    """Where a stack's Terraform lies; the lane puts the path in, for no gate knows it."""
    return f"<root of {stack}>"


def manifest(field: str, value: Any = None, why: str = "") -> Edit:
    """A change of the environment's manifest."""
    return Edit(MANIFEST, field, value, why)


def allow(what: str) -> Remedy:
    """The account's owner lets the execution role do something; then the task is cleared."""
    return Remedy.of(Person(OWNER, f"let the execution role {what}"), Clear())
