"""`lockstep demo --once`: a release travels over real processes, and nothing is left behind."""

from __future__ import annotations

import re

import pytest

from bot.demo.trip import STEPS
from tests.demo.conftest import Ended


def test_two_trips_at_the_same_time_both_end_with_0(at_once: tuple[Ended, Ended]) -> None:
    assert [(each.code, each.err[-2000:] if each.code else "") for each in at_once] == [(0, ""), (0, "")]


def test_dev_and_staging_are_merged(once: Ended) -> None:
    pulls = once.summary["pull_requests"]
    assert (pulls["dev"]["state"], pulls["staging"]["state"]) == ("merged", "merged")
    assert pulls["dev"]["title"] == "Promote api 1.7.0, web 2.4.0, worker 1.11.0 to dev"


def test_a_bad_release_is_rolled_back_by_itself_and_the_clock_is_told(once: Ended) -> None:
    back = once.summary["pull_requests"]["rollback"]
    assert (back["title"], back["state"]) == ("Roll back api to 1.7.0 in staging", "merged")
    assert 0 <= once.summary["rollback_seconds"] < 300
    assert "s from merge to healthy (goal: 300 s)" in once.err


def test_every_step_was_seen_with_its_time(once: Ended) -> None:
    assert set(once.summary["seconds"]) == {step.key for step in STEPS}
    assert once.summary["missing"] == []


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("ci_finished", "stored"),
        ("stored", "verified"),
        ("verified", "dev_opened"),
        ("dev_opened", "checks_queued"),
        ("checks_queued", "ci_green_helm_lint"),
        ("ci_green_helm_lint", "dev_merged"),
        ("dev_merged", "promote_asked"),
        ("promote_asked", "staging_opened"),
        ("staging_opened", "staging_measures"),
        ("staging_measures", "evidence_complete"),
        ("evidence_complete", "gates_green"),
        ("gates_green", "staging_judged"),
        ("staging_judged", "staging_approved"),
        ("staging_approved", "staging_merged"),
        ("staging_merged", "evidence_recorded"),
        ("evidence_recorded", "alerts_changed"),
        ("alerts_changed", "drift_found"),
        ("drift_found", "drift_mended"),
        ("staging_merged", "staging_synced"),
        ("staging_synced", "staging_live"),
        ("drift_mended", "bad_in_dev"),
        ("bad_in_dev", "bad_opened"),
        ("bad_opened", "bad_merged"),
        ("bad_merged", "bad_failed"),
        ("bad_failed", "rollback_opened"),
        ("rollback_opened", "vetoed"),
        ("rollback_opened", "held"),
        ("rollback_opened", "rollback_judged"),
        ("rollback_judged", "rollback_merged"),
        ("rollback_merged", "healthy_again"),
        ("healthy_again", "validation_failed"),
        ("validation_failed", "production_incident"),
        ("validation_failed", "people_told"),
        ("production_incident", "frontend_blocked"),
        ("frontend_blocked", "validation_overridden"),
        ("validation_overridden", "frontend_passes"),
    ],
)
def test_what_causes_something_comes_before_it(once: Ended, first: str, then: str) -> None:
    seconds = once.summary["seconds"]
    assert seconds[first] <= seconds[then]


def test_every_webhook_was_accepted_and_every_delivery_worked_on(once: Ended) -> None:
    found = once.summary
    assert found["webhooks"]["accepted"] == found["webhooks"]["sent"] > 0
    assert found["deliveries"]["completed"] == found["deliveries"]["received"] > 0


def test_the_evidence_record_of_staging_is_shown(once: Ended) -> None:
    record = once.summary["evidence"]["record"]
    gates = {each["gate"]: each for each in record["judged"]["gates"]}
    assert gates["coverage"]["measurements"][0]["measured"].startswith("86.8%")
    assert [each["by"]["login"] for each in record["judged"]["approvals"]] == ["ben"]
    shown = once.err.partition("Why staging runs it:")[2]
    assert "gates passed, merged by lockstep[bot]" in shown
    assert re.search(r"^ +coverage 86\.8%", shown, re.M)
    assert "approved: ben as platform" in shown
    assert re.search(r"api 1\.7\.0 sha256:[0-9a-f]{12}…, web", shown)


def test_people_are_told_by_slack_in_words(once: Ended) -> None:
    (line,) = [
        each
        for each in once.err.splitlines()
        if "Slack is told: " in each and "Production validation" in each
    ]
    for words in ("<!channel>", "add-to-basket.yml", "Assertion failed: expected element 'basket-list'"):
        assert words in line
    assert "Slack is told: 🔵 Promotion #2 to staging waits for approval" in once.err


def test_requests_are_told_by_purpose(once: Ended) -> None:
    found = once.summary
    # dev and staging, the bad release in both, and its rollback.
    assert found["github_requests"]["merge"] == 5
    assert sum(found["github_requests"].values()) == found["github_requests_total"]


def test_the_ledger_is_whole(once: Ended) -> None:
    ledger = once.summary["ledger"]
    assert ledger["whole"]
    assert ledger["rows"] > 10


def test_the_local_github_knew_every_request(once: Ended) -> None:
    assert once.summary["local_github"] == {"unknown_routes": [], "crashes": []}


def test_the_story_is_told_in_plain_text_with_times_and_links(once: Ended) -> None:
    assert "\x1b" not in once.err
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3} +\+\d+\.\d\d s ✓ Pull request #1 to dev opened", once.err, re.M)
    assert once.summary["pull_requests"]["dev"]["url"] in once.err


def test_the_diff_is_shown_once(once: Ended) -> None:
    assert once.err.count("+++ b/helm/splattop/values-dev.yaml") == 1
    assert '    +    tag: "1.7.0"' in once.err


def test_nothing_is_left_running_and_nothing_is_left_on_the_disk(at_once: tuple[Ended, Ended]) -> None:
    for each in at_once:
        assert each.place.processes() == []
        assert list(each.place.temporary.iterdir()) == []
        assert list(each.place.home.iterdir()) == []


def test_no_setting_of_a_real_installation_was_used(once: Ended) -> None:
    assert "real-installation" not in once.err
