"""Rollback: back to the last good release by a revert pull request, with the veto and the hold after it (R6, B3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.model.policy_after import Trigger
from bot.model.rollback import RollbackState
from bot.model.subject import environment
from bot.run import rollback
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.deploying import stands
from tests.stories.terminal import Terminal
from tests.stories.test_cli_promote import working
from tests.stories.test_overrides import answers, says

SAY = "/rollback reason: checkout fails since the deploy"


def moves(bot: Bot, town: Town, *, then: float = 300, **components: str) -> Pull:
    """A release goes all the way to staging; its merged pull request there."""
    town.release(**components)
    bot.settles()
    town.github.advance(5)
    found = town.pull("staging")
    town.github.review(found, "ana")
    bot.settles()
    assert found.merged
    town.github.advance(then)
    return found


def rollbacks(town: Town, state: str = "open") -> list[Pull]:
    return [each for each in town.pulls(state) if "/rollback+" in each.head_ref]


def records(bot: Bot, town: Town, environment: str = "staging") -> tuple[Any, ...]:
    return bot.store.rollbacks.of(town.github.repo("splattop/config").id, environment)


@pytest.fixture
def twice(bot: Bot, town: Town) -> Pull:
    """staging has run two releases; the pull request of the second."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    moves(bot, town, api="a", web="c")
    return moves(bot, town, api="b")


def test_rollback_opens_a_revert_to_the_release_before(bot: Bot, town: Town, twice: Pull):
    answer = says(bot, town, twice, "ana", SAY)
    (back,) = rollbacks(town)
    assert f"#{back.number}: Roll back api to 7.0.0 in staging." in answer
    assert "Next: the approval of 1 of platform, then Lockstep merges it once its checks are green." in answer
    assert back.title == "Roll back api to 7.0.0 in staging"
    assert {"automation:rollback", "env:staging"} <= {each.name for each in back.labels}
    message = town.github.repo("splattop/config").git.commit(back.head_sha).message
    assert f"This reverts commit {twice.merge_commit_sha}." in message
    assert "checkout fails since the deploy" in back.body
    with town.expect_no_writes():
        bot.sweeps()


def test_it_is_open_after_at_most_eight_requests_to_github(bot: Bot, town: Town, twice: Pull):
    opened: list[bool] = []
    town.github.on_exchange(lambda *_: opened.append(bool(rollbacks(town))))
    says(bot, town, twice, "ana", SAY)
    assert opened.index(True) < 8


def test_it_restores_the_file_byte_for_byte(bot: Bot, town: Town, twice: Pull):
    before = town.github.repo("splattop/config").git.commit(twice.head_sha).parent_ids[0]
    says(bot, town, twice, "ana", SAY)
    (back,) = rollbacks(town)
    assert town.values("staging", back.head_sha) == town.values("staging", str(before))


def test_the_environment_s_merge_rule_applies(bot: Bot, town: Town, twice: Pull):
    says(bot, town, twice, "cho", SAY)
    (back,) = rollbacks(town)
    assert town.check(back) == ("completed", "action_required")
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged
    assert digest("a") in town.values("staging")
    (record,) = records(bot, town)
    assert record.state is RollbackState.UNWATCHED
    with town.expect_no_writes():
        bot.sweeps()


def test_it_is_not_held_by_gates_that_only_a_step_forward_must_pass(bot: Bot, town: Town, twice: Pull):
    strict = RULES.replace("concurrency: pinned\n", "concurrency: pinned\n    soak: 7d\n").replace(
        "slo: off, error_budget: off,\n            critical_alerts: off",
        "slo: {min_availability_percent: 99}, error_budget: off,\n            critical_alerts: off",
    )
    strict += "freeze: [{name: Fair, starts: 2020-01-01T00:00, ends: 2040-01-01T00:00}]\n"
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": strict}, by="ana")
    bot.settles()
    says(bot, town, twice, "cho", SAY)
    (back,) = rollbacks(town)
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged


def test_what_ran_before_lockstep_came_can_be_gone_back_to(bot: Bot, town: Town):
    before = town.values("staging")
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    first = moves(bot, town, api="a")
    says(bot, town, first, "cho", SAY)
    (back,) = rollbacks(town)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged
    assert town.values("staging") == before


def test_an_expedited_role_may_be_named_for_rollbacks(bot: Bot, town: Town, twice: Pull):
    quick = (
        RULES.replace("roles:\n", "roles:\n  oncall: {users: [cho]}\n")
        + "    rollback: {approvals: [{role: oncall, count: 1}]}\n"
    )
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": quick}, by="ana")
    bot.settles()
    says(bot, town, twice, "ana", SAY)
    (back,) = rollbacks(town)
    town.github.advance(5)
    town.github.review(back, "cho")
    bot.settles()
    assert back.merged


def went_back(bot: Bot, town: Town, twice: Pull) -> Pull:
    says(bot, town, twice, "cho", SAY)
    (back,) = rollbacks(town)
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged
    return back


def test_case_87_the_bad_digest_is_not_promoted_again(bot: Bot, town: Town, twice: Pull):
    went_back(bot, town, twice)
    town.release(api="b")
    bot.settles()
    town.github.advance(600)
    bot.sweeps()
    assert town.pulls("open") == []
    assert digest("a") in town.values("staging")
    assert ("refused", True) in [(it, "api 9.0.0 is vetoed" in why) for it, why in bot.ledger("vetoed")]


def test_case_87_promote_of_a_vetoed_digest_is_refused_with_the_reason(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    answer = says(bot, town, back, "ana", "/promote staging api")
    assert "api 8.0.0 is vetoed since it was rolled back in staging" in answer
    assert town.pulls("open") == []


def test_a_veto_is_lifted_with_a_reason_by_who_may_roll_back(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    assert "needs write permission" in says(bot, town, back, "ben", "/veto lift api reason: it was the CDN")
    answer = says(bot, town, back, "ana", "/veto lift api reason: it was the CDN")
    assert "may be proposed again (it was the CDN)" in answer
    assert "it stays" not in says(bot, town, back, "ana", "/unhold staging")
    assert town.pull("staging").title == "Promote api 8.0.0 to staging"


def test_the_environment_is_held_until_somebody_lets_it_go(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    town.release(api="d")
    bot.settles()
    assert town.pulls("open") == []
    assert "moves again" in says(bot, town, back, "ana", "/unhold staging")
    assert town.pull("staging").title == "Promote api 9.0.0 to staging"


def test_closing_it_without_a_merge_takes_veto_and_hold_back(bot: Bot, town: Town, twice: Pull):
    says(bot, town, twice, "cho", SAY)
    (back,) = rollbacks(town)
    town.github.close(back, "ana")
    bot.settles()
    config = town.github.repo("splattop/config").id
    assert bot.store.vetoes.active(config) == ()
    assert bot.store.holds.active(config) == ()
    assert records(bot, town)[0].state is RollbackState.CLOSED


def test_a_later_bump_of_another_component_stays(bot: Bot, town: Town, twice: Pull):
    moves(bot, town, web="e")
    says(bot, town, twice, "ana", SAY)
    (back,) = rollbacks(town)
    there = town.values("staging", back.head_sha)
    assert digest("a") in there
    assert digest("e") in there


def test_a_component_that_was_bumped_again_is_a_named_conflict(bot: Bot, town: Town, twice: Pull):
    moves(bot, town, api="d")
    answer = says(bot, town, twice, "ana", SAY)
    assert f"api was bumped again since #{twice.number}: it runs 9.0.0 now" in answer
    assert rollbacks(town) == []
    assert ("refused", True) in [(it, "bumped again" in why) for it, why in bot.ledger("rollback")]


def test_a_named_release_must_have_run_there(bot: Bot, town: Town, twice: Pull):
    assert "staging never ran api `6.6.6`" in says(
        bot, town, twice, "ana", "/rollback api to:6.6.6 reason: it was fine then"
    )
    answer = says(bot, town, twice, "ana", "/rollback api to:7.0.0 reason: it was fine then")
    assert "Roll back api to 7.0.0 in staging" in answer


@pytest.mark.parametrize("by", ["tag", "digest", "digest as shown", "commit", "promotion"])
def test_what_ran_there_is_named_by_tag_digest_commit_or_promotion(
    bot: Bot, town: Town, twice: Pull, by: str
):
    (first,) = [
        each for each in town.pulls("closed") if each.number < twice.number and "/staging/" in each.head_ref
    ]
    moves(bot, town, api="d")
    release = next(
        each for each in bot.store.releases.newest(9) if each.components["api"].digest == digest("a")
    )
    named = {
        "tag": "7.0.0", "digest": digest("a"), "digest as shown": digest("a")[:19],
        "commit": release.head_sha[:9], "promotion": f"#{first.number}",
    }[by]  # fmt: skip
    says(bot, town, twice, "ana", f"/rollback api to:{named} reason: the last that worked")
    (back,) = rollbacks(town)
    assert back.title == "Roll back api to 7.0.0 in staging"
    assert digest("a") in town.values("staging", back.head_sha)


def test_a_promotion_that_did_not_bring_it_there_is_no_target(bot: Bot, town: Town, twice: Pull):
    answer = says(bot, town, twice, "ana", "/rollback api to:#9999 reason: oops")
    assert "staging never ran api `#9999` as far as the record goes; it ran `7.0.0`" in answer
    assert rollbacks(town) == []


def test_case_42_a_digest_that_never_ran_there_is_no_target(bot: Bot, town: Town, twice: Pull):
    answer = says(bot, town, twice, "ana", f"/rollback api to:{digest('e')} reason: please")
    assert "never ran api" in answer
    assert rollbacks(town) == []


def test_the_second_rollback_of_the_same_is_answered_with_the_first(bot: Bot, town: Town, twice: Pull):
    says(bot, town, twice, "ana", SAY)
    (back,) = rollbacks(town)
    assert f"#{back.number} is open already" in says(bot, town, twice, "cho", SAY)
    assert rollbacks(town) == [back]


def test_what_was_rolled_back_is_not_rolled_back_again(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    assert f"#{twice.number} was rolled back already by #{back.number}" in says(bot, town, twice, "ana", SAY)
    assert f"#{back.number} has just rolled api back" in says(bot, town, back, "ana", SAY)
    assert rollbacks(town) == []


def test_the_last_good_release_is_never_one_that_was_rolled_back(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    town.github.advance(600)
    says(bot, town, back, "ana", "/veto lift api reason: try again")
    says(bot, town, back, "ana", "/unhold staging")
    again = town.pull("staging")
    town.github.review(again, "ana")
    bot.settles()
    assert again.merged
    town.github.advance(600)
    third = moves(bot, town, api="d")
    answer = says(bot, town, third, "ana", SAY)
    assert "Roll back api to 7.0.0 in staging" in answer


def test_a_reader_may_not(bot: Bot, town: Town, twice: Pull):
    assert "`/rollback` needs write permission" in says(bot, town, twice, "ben", SAY)
    assert rollbacks(town) == []


def test_the_role_for_rollbacks_is_its_own(bot: Bot, town: Town, twice: Pull):
    rules = RULES + "commands: {rollback: [platform]}\n"
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    bot.settles()
    assert "is for the role platform" in says(bot, town, twice, "cho", SAY)
    assert "Roll back api" in says(bot, town, twice, "ana", SAY)


def test_dev_goes_back_by_itself_once_ci_is_green(bot: Bot, town: Town, twice: Pull):
    dev = [each for each in town.pulls("merged") if each.head_ref.startswith("lockstep/dev/")][-1]
    says(bot, town, dev, "ana", SAY)
    (back,) = rollbacks(town, "merged")
    assert back.title == "Roll back api to 7.0.0 in dev"
    assert digest("a") in town.values("dev")
    bot.sweeps()
    assert digest("a") in town.values("dev")


def test_an_open_rollback_follows_its_base(bot: Bot, town: Town, twice: Pull):
    says(bot, town, twice, "cho", SAY)
    (back,) = rollbacks(town)
    text = "# staging\n" + town.values("staging")
    town.github.push("splattop/config", "main", {"helm/values-staging.yaml": text}, by="ana")
    bot.settles()
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged


def test_a_crash_between_opening_and_recording_is_mended(bot: Bot, town: Town, twice: Pull):
    config = town.github.repo("splattop/config").id
    says(bot, town, twice, "cho", SAY)
    (back,) = rollbacks(town)
    bot.store.database.run("delete from promotions where pull_number = %s", (back.number,))
    bot.store.database.run("update rollbacks set state = 'asked', pull_number = null", ())
    bot.again().sweeps()
    assert rollbacks(town) == [back]
    found = bot.store.promotions.by_pull(config, back.number)
    assert found is not None
    assert records(bot, town)[0].pull_number == back.number


def test_the_answer_is_given_once(bot: Bot, town: Town, twice: Pull):
    says(bot, town, twice, "ana", SAY)
    count = len(answers(twice))
    bot.sweeps()
    assert len(answers(twice)) == count


def incidents(town: Town) -> list[Any]:
    found = town.github.repo("splattop/config").issues.values()
    return [each for each in found if "lockstep:incident" in [label.name for label in each.labels]]


def test_the_incident_is_written_down_with_timeline_evidence_and_a_checklist(
    bot: Bot, town: Town, twice: Pull
):
    back = went_back(bot, town, twice)
    (issue,) = incidents(town)
    assert issue.title == "Incident in staging: rolled back api to 7.0.0"
    assert f"#{back.number} merged; the clock runs" in issue.body
    assert "- [ ] Cause: what was wrong with the release?" in issue.body
    assert any(f"The incident is told in #{issue.number}" in comment.body for comment in back.comments)
    with town.expect_no_writes():
        bot.sweeps()


def test_a_crash_after_opening_the_incident_leaves_one(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    bot.store.database.run("update rollbacks set incident = null", ())
    town.github.comment(back, "ana", "/status")
    bot.again().settles()
    (issue,) = incidents(town)
    assert records(bot, town)[0].incident == issue.number


def ends(bot: Bot, town: Town, back: Pull, seconds: int, trouble: str = "") -> None:
    """Verification speaks so many seconds after the merge."""
    found = bot.store.promotions.by_pull(town.github.repo("splattop/config").id, back.number)
    assert found is not None
    assert back.merged_at is not None
    place = environment(found.installation_id, found.config_repository_id, "staging")
    at = back.merged_at + timedelta(seconds=seconds)
    if trouble:
        rollback.not_healthy(bot.works.house, place, back.number, at, trouble)
    else:
        rollback.healthy(bot.works.house, place, back.number, at)


@pytest.mark.parametrize(
    ("seconds", "says"), [(42, "42 s after the merge (within"), (301, "301 s after the merge (over")]
)
def test_the_clock_from_merge_to_healthy_is_told_everywhere(
    bot: Bot, town: Town, twice: Pull, seconds: int, says: str
):
    back = went_back(bot, town, twice)
    ends(bot, town, back, seconds)
    assert any(says in comment.body for comment in back.comments)
    (issue,) = incidents(town)
    assert any(says in comment.body for comment in issue.comments)
    assert any(says in why for _, why in bot.ledger("rollback_ended"))
    assert bot.store.numbers()["rollback_last_seconds"] == seconds
    with town.expect_no_writes():
        ends(bot, town, back, seconds)


LOGGED = (
    RULES
    + """\
    rollback: {operations_log: docs/operations-log.md}
"""
)


def test_a_rollback_where_nothing_is_watched_ends_with_its_merge_and_claims_nothing(
    bot: Bot, town: Town, twice: Pull
):
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": LOGGED}, by="ana")
    bot.waits(60)
    back = went_back(bot, town, twice)
    (record,) = records(bot, town)
    assert (record.state, record.took) == (RollbackState.UNWATCHED, None)
    says = "nothing is watched in `staging`: the rules name neither `argocd` nor `verify` there"
    assert any(says in comment.body for comment in back.comments)
    (issue,) = incidents(town)
    assert any(says in comment.body for comment in issue.comments)
    assert [decision for decision, _ in bot.ledger("rollback_ended")] == ["skipped"]
    assert (stands(bot, back), stands(bot, twice)) == ("live", "rolled back")
    (log,) = [each for each in town.pulls("open") if each.head_ref == "lockstep-release-log"]
    kept = town.github.file("splattop/config", log.head_sha, "docs/operations-log.md")
    assert kept is not None
    assert kept.decode().splitlines()[-1].count(f"[#{back.number}]") == 1
    assert "| nothing is watched there |" in kept.decode()
    with town.expect_no_writes():
        bot.waits(3600).sweeps()


def test_a_rollback_that_does_not_help_is_left_to_people(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    ends(bot, town, back, 60, "staging-api is Degraded")
    (issue,) = incidents(town)
    assert any("not healthy" in comment.body for comment in issue.comments)
    assert records(bot, town)[0].state is RollbackState.FAILED
    assert rollbacks(town) == []


FAILS = """\
    rollback: {automatic: true, triggers: [health_check_failure]}
"""


@pytest.mark.parametrize(("rules", "lock"), [(RULES + FAILS, None), (RULES, "opt_in")])
def test_a_failed_verification_asks_for_the_rollback_of_its_pull_request(
    bot: Bot, town: Town, twice: Pull, rules: str, lock: str | None
):
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    bot.settles()
    found = bot.store.promotions.by_pull(town.github.repo("splattop/config").id, twice.number)
    assert found is not None
    for _ in range(2):
        rollback.failed_deploy(
            bot.works.house,
            installation_id=found.installation_id,
            repository_id=found.config_repository_id,
            environment="staging",
            pull_number=twice.number,
            trigger=Trigger.HEALTH_CHECK_FAILURE,
            reason="GET /health answers 500",
            findings=["health: 500, wanted 200"],
        )
        bot.settles()
    locked = [row.entry.details["lock"] for row in bot.store.ledger.rows(event="rollback_locked")]
    if lock is not None:
        assert (rollbacks(town), locked) == ([], [lock])
        return
    (back,) = rollbacks(town)
    assert "500, wanted 200" in back.body
    assert "automatic (health check failure)" in back.body


def test_the_command_line_asks_by_the_same_way_through(bot: Bot, town: Town, terminal: Terminal):
    # Little time may pass: the command line goes by this machine's clock.
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    moves(bot, town, then=1, api="a")
    moves(bot, town, then=1, api="b")
    words = ("rollback", "--environment", "staging", "--reason", "checkout fails")
    with working(bot):
        said = terminal.runs(*words, GITHUB_TOKEN=town.github.user_token("cho"))
        again = terminal.runs(*words, GITHUB_TOKEN=town.github.user_token("cho"))
        refused = terminal.runs(*words, GITHUB_TOKEN=town.github.user_token("ben"))
        unknown = terminal.runs(
            "rollback", "--environment", "moon", "--reason", "x", GITHUB_TOKEN=town.github.user_token("cho")
        )
    assert said.code == 0, said.err
    (back,) = rollbacks(town)
    assert (said.code, said.out.strip()) == (0, f"#{back.number}: Roll back api to 7.0.0 in staging")
    assert (again.code, "is open already" in again.err) == (1, True)
    assert (refused.code, "needs write permission" in refused.err) == (1, True)
    assert (unknown.code, "there are dev, staging" in unknown.err) == (2, True)


def test_a_component_goes_back_by_the_promotion_that_moved_it_last(bot: Bot, town: Town):
    moves(bot, town, api="a", web="c")
    second = moves(bot, town, web="d")
    third = moves(bot, town, api="b")
    record = bot.store.promotions.by_pull(town.github.repo("splattop/config").id, third.number)
    assert record is not None
    assert set(record.components) == {"api"}
    answer = says(bot, town, third, "ana", "/rollback web reason: the page is blank")
    assert f"web was not moved by #{third.number}, but by #{second.number}: say it there." in answer
    says(bot, town, second, "ana", "/rollback web reason: the page is blank")
    (back,) = rollbacks(town)
    assert back.title == "Roll back web to 7.0.0 in staging"
    message = town.github.repo("splattop/config").git.commit(back.head_sha).message
    assert f"This reverts commit {second.merge_commit_sha}." in message
