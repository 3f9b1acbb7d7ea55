"""Who gets what, and in how many messages: pure tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.decide.notify import Plan, due, from_json, plan_of, route, to_json
from bot.decide.notify.grouping import BURST, QUIET, SHOWN, STALE
from bot.model.policy_after import Channel, Notify, NotifyRule
from bot.model.tidings import Notice, Severity, Tiding

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHANNELS = {
    "team": Channel(kind="slack"),
    "oncall": Channel(kind="slack"),
    "mail": Channel(kind="email", to=("a@example.com",)),
}
RULES = (
    NotifyRule(events=("hold", "promotion_failed"), channels=("team",)),
    NotifyRule(
        events=("promotion_failed",), environments=("production",), severity="critical", channels=("oncall", "mail")
    ),
    NotifyRule(events=("promotion_failed",), environments=("staging",), channels=("team",)),
)  # fmt: skip
PLAN = Plan(
    notify=Notify(channels=CHANNELS, rules=RULES), production=("production",), ready=frozenset(CHANNELS)
)


def told(
    event: str = "promotion_failed",
    environment: str | None = "production",
    severity: Severity = Severity.CRITICAL,
    at: datetime = NOW,
) -> Tiding:
    """A tiding."""
    return Tiding(
        event=event,
        title=f"{event} in {environment}",
        severity=severity,
        at=at,
        repository="splattop/config",
        environment=environment,
        group=f"{event}|{environment}",
    )


def waiting(*tidings: Tiding) -> list[Notice]:
    """On their way to one channel."""
    return [Notice(id=n, seq=n, channel="team", tiding=each) for n, each in enumerate(tidings, 1)]


@pytest.mark.parametrize(
    ("tiding", "channels"),
    [
        (told(), ("team", "oncall", "mail")),
        (told(severity=Severity.WARNING), ("team",)),
        (told(environment="staging"), ("team",)),
        (told(environment=None), ("team",)),
        (told("hold"), ("team",)),
        (told("override"), ()),
    ],
)
def test_every_rule_that_fits_sends_and_a_channel_gets_it_once(
    tiding: Tiding, channels: tuple[str, ...]
) -> None:
    assert route(PLAN, tiding) == channels


def test_a_channel_without_its_setting_gets_nothing() -> None:
    plan = Plan(notify=PLAN.notify, production=PLAN.production, ready=frozenset({"mail"}))
    assert route(plan, told()) == ("mail",)


def test_a_plan_names_the_rows_of_channels_that_can_be_used_alone() -> None:
    assert "hold.done" in PLAN.keys
    assert "deployment.failed" in PLAN.keys
    assert "override.done" not in PLAN.keys
    assert Plan(notify=PLAN.notify, production=(), ready=frozenset()).keys == ()


def test_a_plan_is_kept_whole() -> None:
    assert from_json(to_json(PLAN)) == PLAN


def test_one_is_told_alone_and_at_once() -> None:
    (found,) = due("team", waiting(told()), {}, NOW, calls=True).messages
    assert (found.message.title, found.message.calls, found.ids) == (
        "promotion_failed in production",
        True,
        (1,),
    )


def test_many_of_a_kind_are_one_message_the_gravest_first() -> None:
    info = told(severity=Severity.INFO)
    (found,) = due("team", waiting(*[info] * 30, told()), {}, NOW, calls=True).messages
    assert found.message.title == "31 × promotion failed in production"
    assert found.message.tidings[0].severity is Severity.CRITICAL
    assert (len(found.message.tidings), found.message.more) == (SHOWN, 31 - SHOWN)


def test_kinds_are_apart_until_there_are_too_many() -> None:
    few = [told(environment=f"e{n}") for n in range(BURST)]
    assert len(due("team", waiting(*few), {}, NOW, calls=False).messages) == BURST
    (found,) = due("team", waiting(*few, told("hold")), {}, NOW, calls=False).messages
    assert found.message.title == f"{BURST + 1} × events"


def test_more_of_what_was_just_told_waits_and_is_told_when_the_minute_is_over() -> None:
    just = {"promotion_failed|production": NOW - timedelta(seconds=20)}
    found = due("team", waiting(told(), told("hold")), just, NOW, calls=False)
    assert [each.ids for each in found.messages] == [(2,)]
    assert found.again == NOW - timedelta(seconds=20) + QUIET
    later = due("team", waiting(told()), just, found.again, calls=False)
    assert [each.ids for each in later.messages] == [(1,)]


def test_what_is_older_than_a_day_is_no_news() -> None:
    old = told(at=NOW - STALE - timedelta(seconds=1))
    found = due("team", waiting(old, told("hold")), {}, NOW, calls=False)
    assert (found.stale, [each.ids for each in found.messages]) == ((1,), [(2,)])


def test_without_critical_in_the_rules_the_last_environments_are_production() -> None:
    from bot.adapters.rules import load_policy
    from tests.stories.cast import RULES as TEXT

    policy = load_policy({"promotion/promotion-rules.yaml": TEXT.encode()}, sha="0" * 40).policy
    assert policy is not None
    assert plan_of(policy, lambda name, channel: "").production == ("staging",)
    assert plan_of(policy, lambda name, channel: "SLACK_WEBHOOK_URL").ready == frozenset()
