"""The end of an apply cannot store its state (hashicorp/terraform#33264): nothing that was made is lost (ST7)."""

import pytest

from stage import BUILD, TEARDOWN, Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]


def test_m9_pushes_what_could_not_be_saved_and_destroys_all_of_it(bootstrapped: Stage) -> None:
    stage = bootstrapped
    stage.emptied()
    built = stage.run("m2", right_before={"f_demo.apply": stage.refuse_the_state_once_a_vpc_is_asked_for}, **BUILD)
    assert built.tasks["f_demo.apply"] == "failed"
    assert stage.state_of("demo") is None
    (kept,) = stage.unsaved_files()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700

    stage.sandbox.admin.clear_faults()
    elsewhere = kept.with_name("not-on-this-worker")
    kept.rename(elsewhere)  # as another worker sees it, and the bucket took no copy
    again = stage.run("m2", platform_run="continue", **BUILD)
    assert again.codes("m2_f_demo_plan_snapshot") == {"STATE-NOT-SAVED"}
    (vpc,) = _vpcs(stage)  # no second one
    elsewhere.rename(kept)

    with stage.manifest_with(("residual_wait: 900", "residual_wait: 2"), ("look_again: 20", "look_again: 1")):
        torn = stage.run("m9", **TEARDOWN)
    assert torn.state == "success", (torn.tasks, {name: torn.codes(name) for name in torn.snapshots})
    assert _vpcs(stage) == [], vpc
    roles = [it["RoleName"] for it in stage.sandbox.client("iam").list_roles()["Roles"]]
    assert [name for name in roles if "-demo-" in name] == []
    assert stage.unsaved_files() == []


def _vpcs(stage: Stage) -> list[str]:
    answer = stage.sandbox.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])
    return [it["VpcId"] for it in answer["Vpcs"]]
