"""Going back, decided: locks and rails as tables, what alerts say, and the rules a rollback is judged by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.decide.rollback import RollbackFacts, chosen, locked, rules_for
from bot.decide.rollback.alerts import Garbage, read_alerts
from bot.decide.rollback.facts import Refused
from bot.decide.rollback.wording import next_step
from bot.model.image import ComponentTag
from bot.model.policy import MergeRule
from bot.model.policy_after import Rollback, Trigger
from bot.model.policy_gates import Approval
from bot.model.release import Promotion, PromotionKind, PromotionState
from bot.model.rollback import RollbackAsk, RollbackRecord, RollbackState
from tests.builders import ANA, CONFIG, NOW, digest, environment_facts, files, policy, promotion, release

ARMED = Rollback(automatic=True, triggers=(Trigger.CRITICAL_ALERT,), alerts=("ApiDown",), breaker_max=2)


def ask(**more: Any) -> RollbackAsk:
    fields: dict[str, Any] = {
        "installation_id": 77,
        "config_repository_id": CONFIG.id,
        "environment": "staging",
        "key": "alert:1",
        "trigger": "critical_alert",
        "components": ("api",),
        "alert": "ApiDown",
        "reason": "it is down",
        "since": NOW - timedelta(minutes=1),
        "asked_at": NOW,
    }
    return RollbackAsk(**{**fields, **more})


def tags(letter: str) -> dict[str, ComponentTag]:
    return {"api": ComponentTag(tag="1", sha="abc1234", digest=digest(letter))}


def record(number: int = 1, state: RollbackState = RollbackState.ASKED, **more: Any) -> RollbackRecord:
    asked = more.pop("ask", None) or ask()
    return RollbackRecord(id=number, ask=asked, state=state, **more)


def merged(number: int, kind: PromotionKind = PromotionKind.PROMOTION, ago: int = 600) -> Promotion:
    return replace(
        promotion("staging", "c" * 40, release(1, api="b")),
        environment="staging",
        pull_number=number,
        components=tags("b"),
        kind=kind,
        state=PromotionState.MERGED,
        closed_at=NOW - timedelta(seconds=ago),
    )


def facts(**more: Any) -> RollbackFacts:
    rules = more.pop("rules", ARMED)
    found = policy()
    environment = found.environment("staging")
    assert environment is not None
    fields: dict[str, Any] = {
        "policy": found,
        "environment": replace(environment, rollback=rules),
        "record": record(),
        "snapshot": environment_facts("staging", files()).snapshot,
        "landed": (merged(9),),
        "rollbacks": (),
        "known": {},
        "now": NOW,
        "web_url": "https://github.com",
    }
    return RollbackFacts(**{**fields, **more})


def lock(found: RollbackFacts) -> str | None:
    bump = chosen(found)
    assert isinstance(bump, Promotion)
    held = locked(found, bump)
    return held.name if held else None


def opened(number: int, ago: int, component: str = "api", alert: str | None = "Other") -> RollbackRecord:
    names = {component: ComponentTag(tag="0", sha="", digest=digest("a"))}
    return record(
        number,
        RollbackState.CLOSED,
        ask=ask(components=(component,), alert=alert),
        pull_number=number,
        after=names,
        opened_at=NOW - timedelta(seconds=ago),
    )


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, None),
        ({"rules": replace(ARMED, automatic=False)}, "opt_in"),
        ({"rules": replace(ARMED, triggers=())}, "allowlist"),
        ({"rules": replace(ARMED, alerts=())}, "allowlist"),
        ({"record": record(ask=ask(trigger=""))}, "allowlist"),
        ({"record": record(ask=ask(since=NOW - timedelta(minutes=21)))}, "age"),
        ({"record": record(ask=ask(since=NOW + timedelta(minutes=2)))}, "time"),
        ({"record": record(ask=ask(since=NOW + timedelta(seconds=30)))}, None),
        ({"record": record(ask=ask(since=NOW - timedelta(seconds=601)))}, "older_than_deploy"),
        ({"record": record(ask=ask(since=None))}, None),
        ({"rollbacks": (opened(5, 119),)}, "cooldown"),
        ({"rollbacks": (opened(5, 121),)}, None),
        ({"rollbacks": (opened(5, 10, "web"),)}, None),
        ({"rollbacks": (opened(5, 10, "web", "ApiDown"),)}, None),
        ({"rollbacks": (replace(opened(5, 900), state=RollbackState.OPEN),)}, "open_already"),
        ({"rollbacks": (opened(5, 900), opened(6, 4000))}, "breaker"),
        ({"rollbacks": (opened(5, 900), opened(6, 90_000))}, None),
        ({"landed": (merged(10, PromotionKind.ROLLBACK, 300), merged(9))}, "rollback_of_rollback"),
        ({"record": record(ask=ask(by=ANA, trigger="person"))}, None),
    ],
)
def test_case_84_each_closed_door_has_its_name(more: dict[str, Any], name: str | None):
    assert lock(facts(**more)) == name


def test_a_person_needs_none_of_the_locks():
    person = record(ask=ask(by=ANA, trigger="person", alert=None, since=None))
    assert lock(facts(rules=Rollback(), record=person)) is None


@pytest.mark.parametrize(
    ("landed", "undoes", "code"),
    [
        ((), None, "no_target"),
        ((merged(9),), 8, "no_target"),
        ((merged(9, PromotionKind.ROLLBACK),), 9, "rollback_of_rollback"),
        ((merged(9, PromotionKind.ROLLBACK),), None, "no_target"),
    ],
)
def test_what_cannot_be_undone_has_its_name(landed: tuple[Promotion, ...], undoes: int | None, code: str):
    found = chosen(facts(landed=landed, record=record(ask=ask(undoes=undoes))))
    assert isinstance(found, Refused)
    assert found.code == code


def test_what_was_undone_is_passed_over():
    done = record(2, RollbackState.MERGED, undoes=9, pull_number=10, after=tags("a"))
    found = chosen(facts(landed=(merged(9), merged(7, ago=9000)), rollbacks=(done,)))
    assert isinstance(found, Promotion)
    assert found.pull_number == 7


def test_a_rollback_is_judged_without_what_a_step_forward_must_prove():
    rules = policy()
    goes_back = replace(
        promotion("staging", "c" * 40, release(1, api="b")),
        environment="staging",
        kind=PromotionKind.ROLLBACK,
    )
    found = rules_for(rules, goes_back)
    assert found is not None
    into = found.environment("staging")
    assert into is not None
    before = rules.environment("staging")
    assert before is not None
    assert (into.soak, into.gates.tests, into.gates.source, found.freeze) == (None, None, None, ())
    assert (into.gates.image, into.merge, into.required_checks, into.approvals) == (
        before.gates.image,
        before.merge,
        before.required_checks,
        before.approvals,
    )


def test_an_expedited_role_takes_the_place_of_the_environment_s():
    rules = policy()
    quick = Rollback(approvals=(Approval(role="platform", count=2),))
    armed = replace(rules, environments=tuple(replace(each, rollback=quick) for each in rules.environments))
    found = rules_for(
        armed,
        replace(
            promotion("staging", "c" * 40, release(1, api="b")),
            environment="staging",
            kind=PromotionKind.ROLLBACK,
        ),
    )
    assert found is not None
    into = found.environment("staging")
    assert into is not None
    assert into.approvals == quick.approvals


def test_a_promotion_is_judged_by_the_rules_as_they_are():
    rules = policy()
    assert rules_for(rules, promotion("staging", "c" * 40, release(1, api="b"))) is rules


def payload(**more: Any) -> dict[str, Any]:
    alert = {
        "status": "firing",
        "labels": {"alertname": "ApiDown"},
        "annotations": {},
        "startsAt": "2026-05-04T12:00:00.123456789Z",
        "fingerprint": "abc",
        **more,
    }
    return {"version": "4", "alerts": [alert], "truncatedAlerts": 0}


def test_alertmanager_s_nanoseconds_are_read():
    (alert,) = read_alerts(payload()).alerts
    assert alert.started == datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("labels", "trigger"),
    [
        ({}, ""),
        ({"severity": "warning"}, ""),
        ({"severity": "critical"}, "critical_alert"),
        ({"lockstep_trigger": "slo_violation"}, "slo_violation"),
        ({"lockstep_trigger": "health_check_failure", "severity": "critical"}, ""),
    ],
)
def test_an_alert_stands_for_what_it_says(labels: dict[str, str], trigger: str):
    (alert,) = read_alerts(payload(labels={"alertname": "A", **labels})).alerts
    assert alert.trigger == trigger


@pytest.mark.parametrize(
    ("annotations", "yes"),
    [
        ({}, False),
        ({"lockstep": "yes"}, False),
        ({"autoheal": "True"}, False),
        ({"lockstep": "rollback"}, True),
        ({"autoheal": "true"}, True),
    ],
)
def test_only_the_exact_words_opt_in(annotations: dict[str, str], yes: bool):
    (alert,) = read_alerts(payload(annotations=annotations)).alerts
    assert alert.opted_in is yes


@pytest.mark.parametrize("value", ["", "now", 5, None, "2026-13-01T00:00:00Z", "2026-05-04T12:00:00"])
def test_case_88_a_garbage_moment_is_refused(value: object):
    with pytest.raises(Garbage):
        read_alerts(payload(startsAt=value))


@pytest.mark.parametrize("value", [-1, "7", True, None, 1.5])
def test_case_89_a_strange_count_of_left_out_alerts_is_refused(value: object):
    with pytest.raises(Garbage):
        read_alerts({**payload(), "truncatedAlerts": value})


PLATFORM = (Approval(role="platform", count=2),)


@pytest.mark.parametrize(
    ("merge", "approvals", "quick", "says"),
    [
        (MergeRule.AUTO, (), None, "Next: Lockstep merges it once its checks are green."),
        (
            MergeRule.APPROVED,
            (),
            None,
            "Next: the approval of a person who may write, then Lockstep merges it",
        ),
        (MergeRule.APPROVED, PLATFORM, None, "Next: the approval of 2 of platform, then Lockstep merges it"),
        (MergeRule.APPROVED, PLATFORM, (Approval(role="oncall"),), "Next: the approval of 1 of oncall, then"),
        (MergeRule.AUTO, PLATFORM, (), "Next: Lockstep merges it"),
        (MergeRule.MANUAL, PLATFORM, None, "2 of platform, then a person merges it on GitHub once its"),
    ],
)
def test_the_answer_says_who_is_next(
    merge: MergeRule, approvals: tuple[Approval, ...], quick: tuple[Approval, ...] | None, says: str
):
    environment = facts().environment
    rules = replace(environment.rollback, approvals=quick)
    assert says in next_step(replace(environment, merge=merge, approvals=approvals, rollback=rules))
