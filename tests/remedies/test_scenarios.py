"""The remedies of these blockers are followed until the phase that was red passes, in four steps at most."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from manifests import POLICIES
from remedies.scenario import Scenario, Scene
from remedies.scenarios import SCENARIOS
from remedies.walker import MOST_STEPS, walk
from stage import BUILD, Stage, environment_variable

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]


@pytest.fixture
def scene(bootstrapped: Stage) -> Iterator[Scene]:
    """A built environment, with a manifest and policies of its own that an edit may change."""
    from tidegate.settings import settings

    settings.cache_clear()
    directory = bootstrapped.directory / "edited"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(settings().environments_dir, directory / "environments")
    shutil.copytree(POLICIES, directory / "policies")
    with (
        environment_variable("TIDEGATE_ENVIRONMENTS_DIR", str(directory / "environments")),
        environment_variable("TIDEGATE_POLICIES_DIR", str(directory / "policies")),
    ):
        settings.cache_clear()
        _impatient(directory / "environments" / "dev_min.yaml")
        if not _is_sound(bootstrapped):
            bootstrapped.emptied()
            built = bootstrapped.run("m2", **BUILD)
            assert built.state == "success", built.tasks
        made = Scene(bootstrapped, directory / "environments" / "dev_min.yaml")
        with made.undo:
            yield made
    settings.cache_clear()


def _impatient(manifest: Path) -> None:
    """A person waits; a test that moves the world on need not."""
    text = manifest.read_text(encoding="utf-8")
    for name, seconds in (("lock_wait", 3), ("residual_wait", 2), ("look_again", 1)):
        text, changed = re.subn(rf"\b{name}: \d+", f"{name}: {seconds}", text)
        assert changed == 1, name
    manifest.write_text(text, encoding="utf-8")


def _is_sound(stage: Stage) -> bool:
    return (stage.state_of("demo") or ("", 0, 0))[2] > 0 and not Path(stage.directory / "unsound").exists()


def _marked(scenario: Scenario) -> object:
    marks = () if scenario.cheap else (pytest.mark.remedies,)
    return pytest.param(scenario, id=scenario.name.replace(" ", "-"), marks=marks)


@pytest.mark.parametrize("scenario", [_marked(it) for it in SCENARIOS])
def test_the_way_out(scene: Scene, scenario: Scenario) -> None:
    unsound = Path(scene.stage.directory / "unsound")
    unsound.touch()  # what a scenario that fails leaves is no start for the next
    scenario.broken(scene)
    conf: dict[str, Any] = dict(scenario.conf)
    happening = {task: partial(happens, scene) for task, happens in scenario.right_before.items()}
    red = scene.stage.run(scenario.phase, right_before=happening, **conf)
    assert red.state == "failed", red.tasks
    done = walk(scene.stage, red, conf, scenario.played(scene), scene.manifest)
    assert (tuple(done.codes), len(done.steps)) == (scenario.codes, scenario.steps), done
    if not scenario.tears_down:
        unsound.unlink()


def test_no_scenario_asks_for_more_steps_than_a_person_takes() -> None:
    assert max(it.steps for it in SCENARIOS) <= MOST_STEPS
    assert len({it.name for it in SCENARIOS}) == len(SCENARIOS)
    assert sum(it.cheap for it in SCENARIOS) == 6
