"""May this pull request be merged now? Verdicts, check runs and the merge as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.decide.pull import PullFacts, decide_pull
from bot.model.action import MergePull, SetCheck
from bot.model.facts import Check, CheckState, Mergeable, OwnCheck, PullState, Unknown
from bot.model.policy import RulesError
from bot.model.snapshot import PullSnapshot
from tests.builders import ANA, BASE, BOT, CONFIG, NOW, commit, policy, promotion, pull, release

OURS = "c" * 40
GREEN = (Check(name="helm-lint", state=CheckState.SUCCESS, app_id=15368),)


def facts(
    environment: str = "dev", *, checks: Any = GREEN, own: tuple[OwnCheck, ...] = (), **more: Any
) -> PullFacts:
    changed = {name: more.pop(name) for name in list(more) if name in PullFacts.__dataclass_fields__}
    snapshot = PullSnapshot(
        taken_at=NOW,
        repository=CONFIG,
        base_head_sha=BASE,
        pull=pull(environment, more.pop("head_sha", OURS), **more),
        head=commit(OURS),
        checks=checks,
        own_checks=own,
        base_files={},
        head_files={},
    )
    fields: dict[str, Any] = {
        "snapshot": snapshot,
        "policy": policy(),
        "errors": (),
        "proposed_errors": None,
        "promotion": promotion(environment, OURS, release(7, api="a")),
        "bot_id": BOT.id,
    }
    return PullFacts(**{**fields, **changed})


def summary(decided) -> tuple[str, str | None, str]:
    check = next(
        each.check for each in decided.actions if isinstance(each, SetCheck) and "/" not in each.check.name
    )
    return check.status, check.conclusion, check.title


def merges(decided) -> list[MergePull]:
    return [each for each in decided.actions if isinstance(each, MergePull)]


def test_dev_merges_by_itself_when_its_required_checks_are_green():
    (merge,) = merges(decide_pull(facts()))
    assert (merge.number, merge.expected_head) == (12, OURS)


def test_the_merge_is_the_last_action():
    assert isinstance(decide_pull(facts()).actions[-1], MergePull)


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        ((), "Waits for `helm-lint`"),
        ((Check(name="helm-lint", state=CheckState.PENDING, app_id=1),), "Waits for `helm-lint`"),
    ],
    ids=["absent", "running"],
)
def test_a_required_check_that_is_not_there_yet_holds_the_merge(checks, says):
    decided = decide_pull(facts(checks=checks))
    assert (summary(decided), merges(decided)) == (("in_progress", None, says), [])


def test_case_81_a_red_required_check_blocks():
    decided = decide_pull(facts(checks=(Check(name="helm-lint", state=CheckState.FAILURE, app_id=1),)))
    assert (summary(decided), merges(decided)) == (("completed", "failure", "`helm-lint` failed"), [])


def test_case_81_of_two_checks_with_one_name_the_red_one_counts():
    red = Check(name="helm-lint", state=CheckState.FAILURE, app_id=2)
    assert merges(decide_pull(facts(checks=(*GREEN, red)))) == []


def test_checks_that_cannot_be_read_are_a_failure():
    decided = decide_pull(facts(checks=Unknown(why="GitHub did not answer")))
    assert summary(decided)[1] == "failure"


def test_case_76_a_commit_that_lockstep_did_not_write_is_not_merged():
    decided = decide_pull(facts(head_sha="e" * 40))
    assert (summary(decided)[1], merges(decided)) == ("failure", [])


@pytest.mark.parametrize(
    "imitation",
    [
        {"author": ANA},
        {"head_repository_id": 999},
        {"author": ANA, "promotion": None},
        {"base_ref": "release"},
    ],
    ids=["another author", "a fork", "not on record", "another base"],
)
def test_case_78_what_looks_like_a_promotion_but_is_none_is_never_merged(imitation):
    decided = decide_pull(facts(**imitation))
    assert (summary(decided)[1], merges(decided)) == ("failure", [])


def test_case_24_a_pull_request_too_large_to_read_is_blocked():
    decided = decide_pull(facts(files_complete=False))
    assert (summary(decided)[1:], merges(decided)) == (
        ("failure", "This pull request is too large to evaluate"),
        [],
    )


def test_staging_waits_for_a_person():
    quiet = replace(policy().environments[1].gates, **dict.fromkeys(policy().environments[1].gates.__slots__))
    ruling = policy()
    staging = replace(ruling.environments[1], gates=quiet, required_checks=())
    ruling = replace(ruling, environments=(ruling.environments[0], staging))
    decided = decide_pull(facts("staging", policy=ruling))
    assert summary(decided)[:2] == ("completed", "action_required")


def test_a_demanded_gate_that_nothing_measures_is_a_failure():
    decided = decide_pull(facts("staging"))
    assert (summary(decided)[1], merges(decided)) == ("failure", [])


def test_the_hold_label_holds():
    labels = ("automation:release-bump", "env:dev", "lockstep:hold")
    decided = decide_pull(facts(labels=labels))
    assert (summary(decided)[1], merges(decided)) == ("action_required", [])


def test_a_conflict_asks_for_the_branch_to_be_rebuilt():
    decided = decide_pull(facts(mergeable=Mergeable.CONFLICTING))
    assert (decided.rebuild, merges(decided)) == (True, [])


def test_case_49_invalid_rules_on_the_default_branch_are_a_failure_that_names_the_line():
    error = RulesError(
        file="promotion/promotion-rules.yaml", line=3, column=5, key="sources", message="unknown key"
    )
    decided = decide_pull(facts(policy=None, errors=(error,)))
    assert "promotion-rules.yaml:3:5" in summary(decided)[2]


def test_case_43_rules_that_a_pull_request_would_break_are_annotated_on_their_line():
    error = RulesError(
        file="promotion/promotion-rules.yaml", line=3, column=5, key="sources", message="unknown key"
    )
    decided = decide_pull(
        facts(promotion=None, author=ANA, head_ref="fix", labels=(), proposed_errors=(error,))
    )
    config = next(
        each.check for each in decided.actions if isinstance(each, SetCheck) and "/ config" in each.check.name
    )
    assert [(note.path, note.line) for note in config.annotations] == [("promotion/promotion-rules.yaml", 3)]


def test_a_person_s_pull_request_passes_when_the_rules_are_valid():
    decided = decide_pull(facts(promotion=None, author=ANA, head_ref="fix", labels=()))
    assert (summary(decided)[:2], merges(decided)) == (("completed", "success"), [])


def test_what_github_shows_already_is_not_posted_again():
    first = [each.check for each in decide_pull(facts()).actions if isinstance(each, SetCheck)]
    own = tuple(
        OwnCheck(
            id=f"CR_{check.name}",
            name=check.name,
            status=check.status,
            conclusion=check.conclusion,
            title=check.title,
            summary=check.summary,
        )
        for check in first
    )
    assert [each for each in decide_pull(facts(own=own)).actions if isinstance(each, SetCheck)] == []


def test_case_74_a_failure_takes_the_place_of_an_earlier_success():
    own = OwnCheck(
        id="CR_1", name="lockstep: main", status="completed", conclusion="success", title="x", summary="y"
    )
    decided = decide_pull(facts(own=(own,), checks=Unknown(why="GitHub did not answer")))
    change = next(each for each in decided.actions if isinstance(each, SetCheck) and each.existing == "CR_1")
    assert change.check.conclusion == "failure"


def test_case_73_a_foreign_check_under_our_name_blocks_and_ours_is_posted_anew():
    own = OwnCheck(
        id="CR_1", name="lockstep: main", status="completed", conclusion="success", title="x", summary="y"
    )
    foreign = Check(name="lockstep: main", state=CheckState.SUCCESS, app_id=2)
    decided = decide_pull(facts(own=(own,), checks=(*GREEN, foreign)))
    assert merges(decided) == []
    change = next(
        each for each in decided.actions if isinstance(each, SetCheck) and each.check.name == "lockstep: main"
    )
    assert (change.existing, change.check.conclusion) == (None, "failure")


def test_case_75_ten_thousand_lines_are_counted_and_a_conclusion_is_there():
    errors = tuple(
        RulesError(file="rules.yaml", line=line, column=1, key="k", message="no") for line in range(1, 10_001)
    )
    decided = decide_pull(
        facts(promotion=None, author=ANA, head_ref="fix", labels=(), proposed_errors=errors)
    )
    config = next(
        each.check for each in decided.actions if isinstance(each, SetCheck) and "/ config" in each.check.name
    )
    assert (config.conclusion, len(config.annotations)) == ("failure", 1000)
    assert "9000 more lines" in config.summary
    assert len(config.summary) <= 65_535


@pytest.mark.parametrize(("days", "again"), [(12, False), (13.5, True)])
def test_case_75_an_unfinished_run_is_posted_anew_before_it_grows_stale(days: float, again: bool):
    waiting = facts(checks=())
    first = [each.check for each in decide_pull(waiting).actions if isinstance(each, SetCheck)]
    since = waiting.snapshot.taken_at - timedelta(days=days)
    own = tuple(
        OwnCheck(
            id=f"CR_{each.name}",
            name=each.name,
            status=each.status,
            conclusion=each.conclusion,
            title=each.title,
            summary=each.summary,
            started_at=since,
        )
        for each in first
    )
    posted = [each for each in decide_pull(facts(checks=(), own=own)).actions if isinstance(each, SetCheck)]
    unfinished = [(each.name, None) for each in first if each.status != "completed"]
    assert unfinished
    assert [(each.check.name, each.existing) for each in posted] == (unfinished if again else [])


@pytest.mark.parametrize("state", [PullState.CLOSED, PullState.MERGED])
def test_an_ended_pull_request_is_not_judged(state):
    assert decide_pull(facts(state=state)).actions == ()


def without_required_checks(**more: Any) -> PullFacts:
    ruling = policy()
    dev = replace(ruling.environments[0], required_checks=())
    return facts(policy=replace(ruling, environments=(dev, *ruling.environments[1:])), **more)


def test_with_no_required_checks_listed_every_check_that_reports_must_be_green():
    red = Check(name="anything", state=CheckState.FAILURE, app_id=2)
    assert summary(decide_pull(without_required_checks(checks=(*GREEN, red))))[2] == "`anything` failed"


def test_with_no_required_checks_listed_silence_is_not_green():
    assert merges(decide_pull(without_required_checks(checks=()))) == []


def test_case_73_a_required_check_from_the_wrong_app_does_not_count():
    ruling = policy()
    dev = replace(ruling.environments[0], check_apps={"helm-lint": 15368})
    ruling = replace(ruling, environments=(dev, *ruling.environments[1:]))
    spoofed = (Check(name="helm-lint", state=CheckState.SUCCESS, app_id=666),)
    assert merges(decide_pull(facts(policy=ruling, checks=spoofed))) == []


def test_a_pull_request_of_ours_whose_record_is_missing_waits_for_it():
    decided = decide_pull(facts(promotion=None))
    assert (summary(decided)[:2], merges(decided)) == (("in_progress", None), [])


def writing(age_seconds: float, **more: Any) -> bool:
    from datetime import timedelta

    from bot.decide.pull import being_written

    found = facts(head_sha="e" * 40, **more)
    head = replace(commit("e" * 40), committed_at=NOW - timedelta(seconds=age_seconds))
    return being_written(replace(found.snapshot, head=head), found.promotion, BOT.id)


def test_a_fresh_commit_of_ours_that_is_not_on_record_is_waited_for():
    assert writing(5)


def test_a_commit_of_ours_that_stays_off_the_record_is_judged():
    assert not writing(120)


def test_a_commit_in_somebody_else_s_pull_request_is_judged_at_once():
    assert not writing(5, author=ANA)
