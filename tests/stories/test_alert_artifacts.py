"""Bundles that CI renders: the artifact of a run at exactly the head, trusted as a release is (rows A4, R1)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.stories.alert_town import (
    BASE,
    DRIFT,
    SLOWER,
    SOURCE,
    proposed,
    rendered,
    told,
    with_alerts,
)
from tests.stories.cast import Bot, Town

WORKFLOW = ".github/workflows/render.yml"
BY_CI = f"alerts: {{source: ops/alerts, artifact: bundles, workflow: {WORKFLOW}}}\n"


@pytest.fixture(autouse=True)
def alerts(bot: Bot, town: Town) -> None:
    with_alerts(bot, town, BY_CI)


def runs(bot: Bot, town: Town, pull: Pull, files: dict[str, bytes], sha: str | None = None) -> None:
    """The config repository's CI renders, and uploads what it made."""
    run = town.github.start_run(
        "splattop/config", WORKFLOW, name="render", branch="change", sha=sha or pull.head_sha, by="ana",
        event="pull_request",
    )  # fmt: skip
    town.github.finish_run(run, "success", {"bundles": files})
    bot.settles()


def test_a_render_by_ci_is_waited_for_and_then_compared(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: SLOWER})
    assert town.check(pull, DRIFT) == ("in_progress", None)
    both = {f"{name}/api.yml": rendered(SLOWER, name) for name in ("staging", "production")}
    runs(bot, town, pull, both)
    bot.waits(600)
    assert town.check(pull, DRIFT) == ("completed", "success"), told(town, pull)

    with town.expect_no_writes():
        bot.sweeps()


def test_bundles_that_differ_block_at_the_source(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: SLOWER})
    runs(
        bot, town, pull,
        {"staging/api.yml": rendered(BASE, "staging"), "production/api.yml": rendered(SLOWER, "production")},
    )  # fmt: skip
    bot.waits(600)
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert "differs from the bundle of staging in more than the label" in told(town, pull)


def test_a_run_of_another_commit_is_no_answer(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: SLOWER})
    older = town.github.repo("splattop/config").git.resolve("refs/heads/main")
    both = {f"{name}/api.yml": rendered(SLOWER, name) for name in ("staging", "production")}
    runs(bot, town, pull, both, sha=older)
    bot.waits(600)
    assert town.check(pull, DRIFT) == ("in_progress", None)


def test_a_pull_request_that_changes_the_workflow_is_not_believed(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: SLOWER, WORKFLOW: "on: push\n"})
    both = {f"{name}/api.yml": rendered(SLOWER, name) for name in ("staging", "production")}
    runs(bot, town, pull, both)
    bot.waits(600)
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert "is not believed" in told(town, pull)
