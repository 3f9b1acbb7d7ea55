"""Our check runs: nobody else's count, and a failed evaluation never leaves an old success (cases 73, 74, 75)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.adapters.github.installation import Installation
from bot.errors import UserError
from bot.run import approvals as approvals_run
from bot.run import approvals_kept
from bot.run import rules as rules_run
from bot.run.pull import facts as pull_facts
from bot.run.pull import look as pull_look
from bot.sandbox.state import App, Pull
from tests.stories.cast import RULES, Bot, Town

SUMMARY = "lockstep: main"
RULES_FILE = "promotion/promotion-rules.yaml"
DAY = 86_400.0


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """Staging's pull request waits for an approval."""
    town.release(api="a")
    bot.settles()
    return town.pull("staging")


@pytest.fixture
def green(bot: Bot, town: Town) -> Pull:
    """Staging's pull request shows success, and a person is to merge it."""
    manual = RULES.replace("merge: approved", "merge: manual")
    town.github.push("splattop/config", "main", {RULES_FILE: manual}, by="ana")
    bot.settles()
    town.release(api="a")
    bot.settles()
    pull = town.pull("staging")
    town.github.review(pull, by="ana")
    bot.settles().waits(60)
    assert town.check(pull) == ("completed", "success")
    return pull


def other_app(town: Town, private_key: str) -> App:
    rights = {"checks": "write", "statuses": "write", "contents": "read", "metadata": "read"}
    app = town.github.app(4712, private_key, "s", name="helper", permissions=rights, events=[])
    town.github.install(app, "splattop")
    return app


def posted_by(town: Town, app: App, pull: Pull, name: str, conclusion: str = "success") -> None:
    town.github.check("splattop/config", pull.head_sha, name, conclusion, by_app=app)


def ours(town: Town, pull: Pull, name: str = SUMMARY) -> tuple[str, str | None, int]:
    """Status, conclusion and id of the newest run of ours."""
    runs = [
        run
        for run in town.github.repo("splattop/config").check_runs.values()
        if run.head_sha == pull.head_sha and run.name == name and run.suite.app.id == town.app.id
    ]
    newest = max(runs, key=lambda run: run.id)
    return newest.status, newest.conclusion, newest.id


def test_case_73_another_app_s_check_under_our_name_counts_for_nothing(
    bot: Bot, town: Town, staging: Pull, private_key: str
):
    helper = other_app(town, private_key)
    before = ours(town, staging)[2]
    posted_by(town, helper, staging, SUMMARY)
    bot.settles().sweeps()
    assert not staging.merged
    status, conclusion, number = ours(town, staging)
    assert (status, conclusion) == ("completed", "failure")
    assert number > before
    ((decision, reason),) = bot.ledger("spoofed_check")
    assert (decision, reason) == ("refused", f"somebody else posted {SUMMARY} by App 4712")

    with town.expect_no_writes():
        bot.sweeps()
    assert len(bot.ledger("spoofed_check")) == 1


def test_case_73_a_status_under_our_name_counts_for_nothing(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="ana")
    town.github.status("splattop/config", staging.head_sha, SUMMARY, "success", by="ana")
    bot.settles().sweeps()
    assert not staging.merged
    assert ours(town, staging)[:2] == ("completed", "failure")
    assert len(bot.ledger("spoofed_check")) == 1


def test_case_73_a_required_check_from_the_wrong_app_does_not_count(bot: Bot, town: Town, private_key: str):
    named = RULES.replace(
        "required_checks: [helm-lint]", "required_checks: [{name: helm-lint, app: 15368}]", 1
    )
    town.github.push("splattop/config", "main", {RULES_FILE: named}, by="ana")
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    bot.settles()
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    posted_by(town, other_app(town, private_key), pull, "helm-lint")
    bot.settles().sweeps()
    assert not pull.merged
    assert ours(town, pull)[:2] == ("in_progress", None)
    assert bot.ledger("spoofed_check") == []


def raising(error: Exception) -> Callable[..., Any]:
    def broken(*_args: Any, **_more: Any) -> Any:
        raise error

    return broken


STAGES = [
    pytest.param((Installation, "pull"), id="reading"),
    pytest.param((rules_run, "read"), id="the rules"),
    pytest.param((pull_look, "obey"), id="commands"),
    pytest.param((pull_facts, "measure"), id="gates"),
    pytest.param((approvals_run, "read"), id="approvals"),
    pytest.param((pull_facts, "decide_pull"), id="the decision"),
    pytest.param((approvals_kept, "remember"), id="the record"),
]
ERRORS = [
    pytest.param(ZeroDivisionError("nobody thought of it"), id="raises"),
    pytest.param(TimeoutError("too slow"), id="times out"),
    pytest.param(UserError("somebody must mend this"), id="refuses"),
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("stage", STAGES)
def test_case_74_an_evaluation_that_fails_takes_the_old_success_away(
    bot: Bot,
    town: Town,
    green: Pull,
    stage: tuple[Any, str],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
):
    with monkeypatch.context() as patch:
        patch.setattr(*stage, raising(error))
        town.github.label(green, "ana", "seen")
        bot.settles()
        assert ours(town, green)[:2] == ("completed", "failure")
        for _ in range(8):
            bot.waits(900)
        assert ours(town, green)[:2] == ("completed", "failure")
    bot.waits(900).sweeps()
    assert ours(town, green)[:2] == ("completed", "success")


def test_case_74_an_outage_that_lasts_shows_and_ends(bot: Bot, town: Town, green: Pull):
    town.github.faults.fails(502, operation="Pull", times=5)
    town.github.label(green, "ana", "seen")
    bot.settles().waits(10).waits(10).waits(20)
    assert ours(town, green)[:2] == ("completed", "failure")
    bot.waits(900)
    assert ours(town, green)[:2] == ("completed", "success")


@pytest.mark.parametrize("rules", [None, "version: 1\nsources: nonsense\n"], ids=["missing", "invalid"])
def test_case_74_rules_that_are_gone_take_the_old_success_away(
    bot: Bot, town: Town, green: Pull, rules: str | None
):
    town.github.push("splattop/config", "main", {RULES_FILE: rules}, by="ana")
    bot.settles()
    assert ours(town, green)[:2] == ("completed", "failure")
    bot.sweeps().waits(60)
    assert ours(town, green)[:2] == ("completed", "failure")


def test_case_75_a_check_that_waits_for_two_weeks_is_posted_again_before_it_grows_stale(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    first = ours(town, pull)
    assert first[:2] == ("in_progress", None)
    bot.waits(12 * DAY).sweeps()
    assert ours(town, pull)[2] == first[2]
    bot.waits(1.5 * DAY).sweeps()
    again = ours(town, pull)
    assert again[:2] == ("in_progress", None)
    assert again[2] > first[2]

    with town.expect_no_writes():
        bot.sweeps()
