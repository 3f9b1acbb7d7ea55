"""The ledger's rows come to the right numbers, whoever folds them and in whatever pieces (rows P9, C7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.decide.figures import EVENTS, FAMILIES, Kind, Tally
from bot.decide.figures.numbers import MOST
from bot.decide.figures.summary import page, plain
from bot.model.ledger import LedgerEntry

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def row(
    event: str, minutes: float = 0, decision: str = "done", pull: int | None = 7, **details: Any
) -> LedgerEntry:
    at = START + timedelta(minutes=minutes)
    return LedgerEntry(
        at=at, event=event, decision=decision, repository_id=1, pull_number=pull, subject="environment:1:1:production",
        details=details,
    )  # fmt: skip


def opened(minutes: float = 0, pull: int = 7, branch: str = "lockstep/production/app") -> LedgerEntry:
    return row("open_pull", minutes, pull=pull, branch=branch)


def folded(*entries: LedgerEntry, since: datetime | None = None) -> Tally:
    tally = Tally(since=since)
    for entry in entries:
        tally.take(entry)
    return tally


WAY = (
    row(
        "release_accepted", 0, pull=None, release="app@1.1", began=(START - timedelta(minutes=10)).isoformat()
    ),
    opened(10),
    row("verdicts", 11, environment="production", changed={"tests": "block", "approvals": "wait"}),
    row("verdicts", 20, environment="production", changed={"tests": "pass"}),
    row("approval", 40),
    row("verdicts", 41, environment="production", changed={"approvals": "pass"}),
    row(
        "promotion_merged", 50, environment="production", kind="promotion", releases=["app@1.1"], seconds=2400
    ),
    row("deployment", 50, environment="production", state="merged"),
    row("deployment", 60, environment="production", state="live", was="verifying"),
)
BACK = (
    row("rollback_asked", 100, pull=None, rollback=3, trigger="person"),
    opened(101, pull=8, branch="lockstep/production/rollback+3"),
    row("rollback_merged", 103, pull=8, rollback=3, environment="production"),
    row("deployment", 103, environment="production", state="rolled back", was="live"),
    row("promotion_merged", 103, pull=8, environment="production", kind="rollback", releases=[], seconds=120),
    row("deployment", 106, pull=8, environment="production", state="live", was="verifying"),
    row("rollback_ended", 106, pull=8, rollback=3, environment="production", seconds="180"),
)
INCIDENT = (
    row("validation_passed", 0, pull=None, environment="production"),
    row("validation_failed", 1, pull=None, environment="production"),
    row("incident_opened", 1, pull=None, environment="production", incident=1),
    row("incident_acknowledged", 5, pull=None, environment="production", acknowledged_after=240),
    row("incident_decided", 9, pull=None, environment="production", decided="rollback"),
    row(
        "incident_closed", 30, pull=None, environment="production",
        acknowledged_after=240, closed_after=1740, alerts=3, decided="rollback", false_positive=False,
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("branch", "kind"),
    [
        ("lockstep/production/app", "promotion"),
        ("lockstep/production/hotfix", "promotion"),
        ("lockstep/production/hotfix+app", "hotfix"),
        ("lockstep/production/rollback+3", "rollback"),
        ("lockstep/production/alerts", "alerts"),
    ],
)
def test_an_attempt_counts_as_what_its_branch_brings(branch: str, kind: str):
    tally = folded(opened(branch=branch))
    assert tally.counts["lockstep_promotion_attempts"] == {("production", kind): 1}


def test_a_hotfix_is_one_from_its_opening_to_its_failure():
    closed = row("promotion_closed", 3, environment="production")
    tally = folded(opened(branch="lockstep/production/hotfix+app"), closed)
    assert number(tally, "promotion_failures", "production", "hotfix", "closed") == 1


def number(tally: Tally, name: str, *labels: str) -> int:
    return tally.counts.get(f"lockstep_{name}", {}).get(labels, 0)


def seconds(tally: Tally, name: str, *labels: str) -> tuple[int, float]:
    spread = tally.spreads[f"lockstep_{name}_seconds"][labels]
    return spread.count, spread.total


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("releases_accepted", ()),
        ("promotion_attempts", ("production", "promotion")),
        ("promotion_successes", ("production", "promotion")),
        ("gate_verdicts", ("production", "tests", "pass")),
        ("validation_failures", ("production", "tests")),
        ("approvals", ("production",)),
        ("deployments", ("production", "live")),
    ],
)
def test_a_promotion_that_goes_well_counts_once_in(name: str, labels: tuple[str, ...]):
    assert number(folded(*WAY), name, *labels) == 1


def test_its_times_are_those_of_its_way():
    tally = folded(*WAY)
    assert seconds(tally, "promotion", "production", "promotion") == (1, 2400)
    assert seconds(tally, "approval_wait", "production") == (1, 1800)
    assert seconds(tally, "lead_time", "production") == (1, 70 * 60)


def test_what_waits_for_approval_is_told_as_long_as_it_waits():
    assert folded(*WAY[:4]).gauges()["lockstep_approvals_awaited"] == {("production",): 1}
    assert folded(*WAY[:6]).gauges()["lockstep_approvals_awaited"] == {}


def test_a_rollback_is_one_change_that_failed_and_a_time_to_restore():
    tally = folded(*WAY, *BACK)
    assert number(tally, "change_failures", "production") == 1
    assert [number(tally, "rollbacks", "production", each) for each in ("asked", "merged", "healthy")] == [
        1,
        1,
        1,
    ]
    assert seconds(tally, "rollback", "production") == (1, 180)
    assert seconds(tally, "restore", "production") == (1, 360)
    assert number(tally, "deployments", "production", "live") == 1, "going back is no change"
    assert number(tally, "promotion_attempts", "production", "rollback") == 1


def test_a_deployment_that_fails_and_is_mended_restores_itself():
    failed = row(
        "deployment", 60, decision="failed", environment="production", state="failed", was="verifying"
    )
    live = row("deployment", 75, environment="production", state="live", was="verifying")
    tally = folded(*WAY[:-1], failed, live)
    assert number(tally, "promotion_failures", "production", "promotion", "deployment") == 1
    assert seconds(tally, "restore", "production") == (1, 900)


def test_a_promotion_that_is_closed_has_failed():
    tally = folded(opened(), row("promotion_closed", 5, environment="production"))
    assert number(tally, "promotion_failures", "production", "promotion", "closed") == 1


def test_an_alert_bundle_has_succeeded_when_it_is_merged():
    tally = folded(
        opened(branch="lockstep/production/alerts"),
        row("promotion_merged", 5, environment="production", kind="alerts", seconds=300),
    )
    assert number(tally, "promotion_successes", "production", "alerts") == 1


def test_attempts_to_write_are_not_counted():
    assert folded(row("open_pull", decision="attempt", branch="lockstep/production/app")).counts == {}


def test_refused_releases_count_by_their_reason_and_other_refusals_do_not():
    refused = row("sha_mismatch", decision="refused", pull=None, run_url="https://x/1", attempt=1)
    tally = folded(refused, row("proposal", decision="refused", source="app"))
    assert tally.counts == {"lockstep_releases_refused": {("sha_mismatch",): 1}}


def test_overrides_count_by_gate_and_answer():
    tally = folded(
        opened(), row("override", gate="tests", environment="production"), row("override", decision="refused")
    )
    assert number(tally, "overrides", "production", "tests", "given") == 1
    assert number(tally, "overrides", "production", "all", "refused") == 1


def test_an_incident_comes_to_its_times_its_alerts_and_what_it_led_to():
    tally = folded(*INCIDENT)
    assert number(tally, "incidents", "production", "opened") == 1
    assert number(tally, "incident_alerts", "production") == 3
    assert number(tally, "incidents_acted", "production") == 1
    assert seconds(tally, "incident_acknowledge", "production") == (1, 240)
    assert seconds(tally, "incident_resolve", "production") == (1, 1740)


def test_a_false_positive_led_to_nothing():
    closed = row(
        "incident_closed", 30, pull=None, environment="production", alerts=1, closed_after=60, decided="rollback",
        false_positive=True,
    )  # fmt: skip
    tally = folded(row("incident_false_positive", 20, pull=None, environment="production"), closed)
    assert number(tally, "incidents_acted", "production") == 0
    assert number(tally, "incidents", "production", "false_positive") == 1


@given(st.lists(st.text(max_size=70), max_size=200))
def test_case_75_labels_stay_few_and_plain_whatever_people_call_things(names: list[str]):
    tally = folded(
        *(row("verdicts", pull=at, environment=each, changed={each: each}) for at, each in enumerate(names))
    )
    for family in tally.counts.values():
        for place in range(len(next(iter(family)))):
            values = {labels[place] for labels in family}
            assert len(values) <= MOST + 1
            assert all(value.isascii() and "\n" not in value for value in values)


@given(st.permutations(range(len(WAY + BACK + INCIDENT))), st.integers(0, 40))
def test_rows_in_any_order_never_raise_and_pieces_come_to_the_same(order: list[int], cut: int):
    rows = [(WAY + BACK + INCIDENT)[index] for index in order]
    whole, pieces = folded(*rows), folded(*rows[:cut])
    for each in rows[cut:]:
        pieces.take(each)
    assert (whole.counts, whole.spreads) == (pieces.counts, pieces.spreads)


def test_a_span_counts_what_happened_in_it_and_knows_what_began_before():
    tally = folded(*WAY, since=START + timedelta(minutes=45))
    assert number(tally, "promotion_attempts", "production", "promotion") == 0
    assert number(tally, "promotion_successes", "production", "promotion") == 1
    assert seconds(tally, "lead_time", "production") == (1, 70 * 60)


def test_every_family_is_counted_by_something():
    refused = row("sha_mismatch", decision="refused", pull=None, run_url="https://x/1", attempt=1)
    more = (
        row("override", gate="tests", environment="production"),
        row("promotion_closed", pull=99, environment="production"),
        row("direct_push", pull=None),
        refused,
    )
    tally = folded(*WAY, *BACK, *INCIDENT, *more)
    filled = {*tally.counts, *tally.spreads, *tally.gauges()}
    assert {each.name for each in FAMILIES} == filled


def test_the_report_tells_doras_four_and_the_validation():
    since = START - DAY
    figures = plain(folded(*WAY, *BACK, *INCIDENT, since=since), 2 * DAY)
    dora, validation = figures["dora"]["production"], figures["production_validation"]
    assert dora["deployments_a_day"] == 0.5
    assert dora["lead_time_seconds"] == {"count": 1, "median": 4200.0, "mean": 4200.0}
    assert dora["change_failure_rate"] == 1.0
    assert dora["time_to_restore_seconds"]["median"] == 360
    assert (validation["pass_rate"], validation["alerts_per_incident"], validation["actionable"]) == (
        0.5,
        3.0,
        1.0,
    )
    text = page(figures)
    assert "change failure rate" in text
    assert "70.0 min in the median" in text


def way(pull: int, minutes: float, environment: str = "production", **times: float) -> list[LedgerEntry]:
    """A promotion opened at `minutes`, and when it was `failed`, `live` or went `back`, each in minutes."""
    states = {"failed": "failed", "live": "live", "back": "rolling back"}
    release = f"app@{pull}"
    began = (START + timedelta(minutes=minutes - 60)).isoformat()
    return sorted(
        (
            row("release_accepted", minutes, pull=None, release=release, began=began),
            opened(minutes, pull, f"lockstep/{environment}/app"),
            row("promotion_merged", minutes + 5, pull=pull, environment=environment, releases=[release]),
            *(
                row("deployment", at, pull=pull, environment=environment, state=states[name], was="verifying")
                for name, at in times.items()
            ),
        ),
        key=lambda each: each.at,
    )


KNOWN = (
    *way(1, 0, live=10),
    *way(2, 100, failed=110, live=140),
    *way(3, 200, failed=210),
    row("rollback_asked", 270, pull=None, rollback=5, undoes=""),
    row("rollback_merged", 275, pull=4, rollback=5, environment="production", undoes=3),
    row("deployment", 275, pull=3, environment="production", state="rolling back", was="failed"),
    row("rollback_ended", 280, pull=4, rollback=5, environment="production", seconds="300"),
    *way(11, 0, "staging", live=6),
    *way(12, 10, "staging", live=16),
)
"""Production: 1 is well, 2 is mended by a second try after 30 minutes, 3 fails and is taken back by somebody who comes
an hour later. Staging: all is well."""


def test_doras_four_of_a_known_ledger_are_what_a_person_reckons() -> None:
    dora = plain(folded(*KNOWN, since=START - DAY), 2 * DAY)["dora"]
    assert dora["production"] == {
        "changes": 3,
        "deployments": 2,
        "deployments_a_day": 1.0,
        "lead_time_seconds": {"count": 2, "median": 85 * 60.0, "mean": 85 * 60.0},  # 70 and 100 minutes
        "change_failure_rate": 0.6667,
        "time_to_restore_seconds": {"count": 2, "median": 50 * 60.0, "mean": 50 * 60.0},  # 30 and 70 minutes
    }
    assert dora["staging"]["change_failure_rate"] == 0
    assert dora["staging"]["lead_time_seconds"]["median"] == 66 * 60


def test_a_rollback_that_names_no_change_is_of_the_newest_one_also_when_that_never_was_live() -> None:
    nameless = row("rollback_merged", 275, pull=4, rollback=5, environment="production")
    entries = [nameless if each.event == "rollback_merged" else each for each in KNOWN]
    dora = plain(folded(*entries, since=START - DAY), 2 * DAY)["dora"]["production"]
    assert (dora["changes"], dora["change_failure_rate"]) == (3, 0.6667)


def test_a_change_of_before_the_span_that_is_taken_back_in_it_makes_no_rate_above_one() -> None:
    tally = folded(*WAY, *BACK, since=START + timedelta(minutes=90))
    assert plain(tally, DAY)["dora"]["production"]["change_failure_rate"] is None
    assert seconds(tally, "restore", "production") == (1, 360)


def test_the_page_has_doras_four_of_each_environment_by_itself() -> None:
    text = page(plain(folded(*KNOWN, since=START - DAY), 2 * DAY))
    production, staging = text.index("DORA in production"), text.index("DORA in staging")
    assert text.index("66.7%") in range(production, staging)


def test_the_rate_of_false_positives_is_of_the_incidents_that_are_over() -> None:
    false = row("incident_false_positive", 20, pull=None, environment="production")
    figures = plain(folded(*INCIDENT, false, since=START - DAY), DAY)["production_validation"]
    assert (figures["false_positives"], figures["false_positive_rate"]) == (1, 1.0)


def test_an_empty_ledger_has_a_report_too():
    figures = plain(Tally(since=START), DAY)
    assert page(figures) == "The last 1 days, from the ledger. Nothing happened."
    assert figures["dora"] == {}


def test_histograms_have_buckets_and_counters_none():
    assert all(bool(each.buckets) is (each.kind is Kind.HISTOGRAM) for each in FAMILIES)
    assert all(each.help.endswith(".") for each in FAMILIES)
    assert "open_pull" in EVENTS


def test_an_override_of_the_production_validation_counts_as_one_of_its_gate():
    tally = folded(
        row("validation_overridden", pull=None, environment="production", deployment="deploy-1"),
        row("validation_overridden", decision="refused", pull=None, environment="production"),
    )
    assert number(tally, "overrides", "production", "validation", "given") == 1
    assert number(tally, "overrides", "production", "validation", "refused") == 1
