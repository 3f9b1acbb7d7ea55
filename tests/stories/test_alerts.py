"""Alerts and automatic rollback: three locks, rails, and nothing twice (rows P8, G4, G5, G6; cases 83 to 89)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from bot.adapters.queue import drain
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.servers.listening import Listener
from tests.servers.slack import slack as slack_stand_in
from tests.stories.cast import ALERTS_TOKEN, RULES, Bot, Town
from tests.stories.deploying import equip
from tests.stories.test_overrides import answers
from tests.stories.test_rollback import moves, records, rollbacks, went_back

SWITCHED_ON = """\
    rollback:
      automatic: true
      triggers: [critical_alert, slo_violation, health_check_failure]
      alerts: [ApiDown]
"""


def alert(bot: Bot, *, labels: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A firing alert of staging's api, as Alertmanager writes it."""
    now = bot.works.house.clock()
    return {
        "status": "firing",
        "labels": {
            "alertname": "ApiDown",
            "severity": "critical",
            "environment": "staging",
            "component": "api",
            **(labels or {}),
        },
        "annotations": {"lockstep": "rollback", "summary": "5 of 5 probes fail"},
        "startsAt": now.isoformat().replace("+00:00", "Z"),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.com/graph",
        "fingerprint": "c0ffee0000000001",
        **more,
    }


def notification(*alerts: Mapping[str, Any], truncated: int = 0) -> dict[str, Any]:
    """Alertmanager's webhook, version 4."""
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": truncated,
        "status": "firing",
        "receiver": "lockstep",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example.com",
        "alerts": list(alerts),
    }


def posts(bot: Bot, body: object, token: str | None = ALERTS_TOKEN, path: str = "/alerts") -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return bot.client.post(path, data=raw, headers=headers).status_code


def locks(bot: Bot) -> list[str]:
    return [str(row.entry.details["lock"]) for row in bot.store.ledger.rows(event="rollback_locked")]


def ruled(bot: Bot, town: Town, rules: str) -> None:
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    bot.settles()


@pytest.fixture
def twice(bot: Bot, town: Town) -> Pull:
    """staging has run two releases of api, and may be rolled back by itself."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    ruled(bot, town, RULES + SWITCHED_ON)
    moves(bot, town, api="a", web="c")
    return moves(bot, town, api="b")


@pytest.fixture
def slack() -> Iterator[Listener]:
    """Slack, which refuses what Slack refuses."""
    with slack_stand_in() as found:
        yield found


@pytest.mark.parametrize("token", [None, "wrong", ""], ids=["none", "wrong", "empty"])
def test_case_83_without_the_right_token_nothing_is_read(bot: Bot, town: Town, token: str | None):
    assert posts(bot, notification(alert(bot)), token=token) == 401
    assert bot.store.inbox.pending("alerts:0") == ()


def test_case_83_a_token_in_the_query_string_is_none(bot: Bot, town: Town):
    path = f"/alerts?token={ALERTS_TOKEN.replace(' ', '+')}"
    assert posts(bot, notification(alert(bot)), token=None, path=path) == 401


def test_case_83_too_large_a_body_is_refused_though_the_token_is_right(bot: Bot, town: Town):
    assert posts(bot, b"x" * 5_000_001) == 413


def test_case_83_the_token_is_never_logged(bot: Bot, caplog: pytest.LogCaptureFixture):
    posts(bot, notification(alert(bot)), token=ALERTS_TOKEN + "x")
    posts(bot, notification(alert(bot)))
    assert ALERTS_TOKEN not in caplog.text


@pytest.mark.parametrize(("opt_in", "allowlist", "cooled"), list(product([True, False], repeat=3)))
def test_case_84_only_three_open_locks_roll_back(
    bot: Bot, town: Town, twice: Pull, opt_in: bool, allowlist: bool, cooled: bool
):
    rules = RULES + SWITCHED_ON
    rules = rules if opt_in else rules.replace("automatic: true", "automatic: false")
    rules = rules if allowlist else rules.replace("alerts: [ApiDown]", "alerts: [Another]")
    ruled(bot, town, rules)
    if not cooled:
        went_back(bot, town, twice)
    posts(bot, notification(alert(bot)))
    bot.settles()
    if opt_in and allowlist and cooled:
        (back,) = rollbacks(town)
        assert back.title == "Roll back api to 7.0.0 in staging"
        assert "5 of 5 probes fail" in back.body
        assert locks(bot) == []
    else:
        assert rollbacks(town) == []
        assert locks(bot) == ["opt_in" if not opt_in else "cooldown" if allowlist else "allowlist"]


def test_case_84_the_alert_s_own_word_alone_opens_nothing(bot: Bot, town: Town):
    moves(bot, town, api="a")
    moves(bot, town, api="b")
    both = {"lockstep": "rollback", "autoheal": "true"}
    posts(bot, notification(alert(bot, annotations=both)))
    bot.settles()
    assert (rollbacks(town), locks(bot)) == ([], ["opt_in"])


def test_case_84_without_the_alert_s_word_the_rules_open_nothing(bot: Bot, town: Town, twice: Pull):
    posts(bot, notification(alert(bot, annotations={})))
    bot.settles()
    assert (rollbacks(town), locks(bot)) == ([], ["opt_in"])


@pytest.mark.parametrize(
    "labels", [{"component": "../../prod"}, {"environment": "moon"}, {"environment": ""}]
)
def test_case_84_labels_that_the_rules_do_not_know_lead_nowhere(
    bot: Bot, town: Town, twice: Pull, labels: Mapping[str, str]
):
    posts(bot, notification(alert(bot, labels=labels)))
    bot.settles()
    assert (rollbacks(town), locks(bot)) == ([], ["unknown_place"])


@pytest.mark.parametrize(
    ("more", "lock", "placed"),
    [
        ({"labels": {"alertname": "Another"}}, "allowlist", True),
        ({"annotations": {}}, "opt_in", False),
        ({"labels": {"component": "../../prod"}}, "unknown_place", False),
        ({"startsAt": "2020-01-01T00:00:00Z"}, "age", True),
    ],
)
def test_case_84_a_closed_lock_is_one_row_with_the_alert_s_delivery_and_its_place(
    bot: Bot, town: Town, twice: Pull, more: dict[str, Any], lock: str, placed: bool
):
    for _ in range(2):
        posts(bot, notification(alert(bot, **more)))
    (delivery, _) = bot.store.inbox.pending("alerts:0")
    bot.settles()
    (row,) = (each.entry for each in bot.store.ledger.rows(event="rollback_locked"))
    assert (row.decision, row.details["lock"], row.actor_id) == ("refused", lock, None)
    assert row.delivery_id == delivery.id
    assert row.repository_id == (town.github.repo("splattop/config").id if placed else None)
    with town.expect_no_writes():
        bot.sweeps()


def test_case_85_both_of_an_ha_pair_and_a_retry_are_one_rollback(bot: Bot, town: Town, twice: Pull):
    sent = notification(alert(bot))
    for _ in range(3):
        assert posts(bot, sent) == 202
    bot.settles()
    (back,) = rollbacks(town)
    posts(bot, sent)
    bot.settles()
    assert rollbacks(town) == [back]
    with town.expect_no_writes():
        bot.sweeps()


def test_case_85_both_peers_and_a_retry_at_once_with_two_workers_are_one_rollback(
    bot: Bot, town: Town, twice: Pull
):
    """Three senders and two workers at the same time, each worker a process of its own as far as it knows."""
    sent = notification(alert(bot))
    together = threading.Barrier(3)

    def sends(_: int) -> int:
        together.wait(timeout=30)
        return posts(bot, sent)

    with ThreadPoolExecutor(3) as senders:
        assert list(senders.map(sends, range(3))) == [202, 202, 202]
    workers = [bot.again(), bot.again()]
    now = bot.works.house.clock()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda worker: drain(bot.store, worker.works_on, now=now, concurrency=2), workers))
    bot.settles()
    (back,) = rollbacks(town)
    assert [decision for decision, _ in bot.ledger("rollback")] == ["done"]
    assert rollbacks(town, "all") == [back]
    posts(bot, sent)
    bot.settles()
    assert rollbacks(town) == [back]
    with town.expect_no_writes():
        bot.sweeps()


def test_case_85_a_resolved_alert_in_a_firing_group_is_ignored(bot: Bot, town: Town, twice: Pull):
    posts(bot, notification(alert(bot, status="resolved")))
    other = alert(bot, labels={"alertname": "Other"}, annotations={}, fingerprint="c0ffee0000000002")
    posts(bot, notification(alert(bot, status="resolved"), other))
    bot.settles()
    assert rollbacks(town) == []


def test_case_87_the_rolled_back_digest_is_vetoed_after_an_automatic_rollback(
    bot: Bot, town: Town, twice: Pull
):
    posts(bot, notification(alert(bot)))
    bot.settles()
    (back,) = rollbacks(town)
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged
    town.release(api="b")
    bot.settles()
    assert digest("a") in town.values("staging")
    assert town.pulls("open") == []


def started(bot: Bot, ago: timedelta) -> dict[str, Any]:
    moment: datetime = bot.works.house.clock() - ago
    return alert(bot, startsAt=moment.isoformat())


@pytest.mark.parametrize(
    ("ago", "lock"),
    [
        (timedelta(hours=2), "age"),
        (timedelta(minutes=6), "older_than_deploy"),
        (timedelta(minutes=-10), "time"),
    ],
)
def test_case_88_an_alert_of_another_time_does_nothing_but_tell(
    bot: Bot, town: Town, twice: Pull, ago: timedelta, lock: str
):
    posts(bot, notification(started(bot, ago)))
    bot.settles()
    assert (rollbacks(town), locks(bot)) == ([], [lock])


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=6), "was merged, which it cannot blame"),
        (timedelta(hours=2), "It began more than 20 minutes ago"),
    ],
    ids=["before the last deploy", "too old"],
)
def test_case_88_what_does_nothing_is_told_to_slack_once(
    bot: Bot, town: Town, twice: Pull, slack: Listener, ago: timedelta, words: str
):
    equip(bot, slack_webhook_url=slack.url)
    bot.sweeps()
    sent = notification(started(bot, ago))
    for _ in range(4):  # as Alertmanager repeats it
        posts(bot, sent)
        bot.settles().waits(300)
    (told,) = slack.posts
    assert "No automatic rollback" in str(told.json)
    assert words in str(told.json)
    assert rollbacks(town) == []


def test_case_88_no_target_is_told_to_slack_once(bot: Bot, town: Town, slack: Listener):
    ruled(bot, town, RULES + SWITCHED_ON)
    equip(bot, slack_webhook_url=slack.url)
    bot.sweeps().waits(120)
    slack.posts.clear()
    sent = notification(alert(bot))
    for _ in range(4):
        posts(bot, sent)
        bot.settles().waits(300)
    (told,) = slack.posts
    assert "No rollback" in str(told.json)
    assert [decision for decision, _ in bot.ledger("rollback")] == ["refused"]


@pytest.mark.parametrize(
    "broken",
    [
        {"startsAt": "yesterday"},
        {"startsAt": None},
        {"startsAt": "2026-05-04T12:00:00"},
        {"fingerprint": None},
        {"status": "maybe"},
        {"labels": []},
        {"labels": {"alertname": 1}},
    ],
)
def test_case_88_garbage_is_refused_whole(bot: Bot, town: Town, broken: dict[str, Any]):
    assert posts(bot, notification({**alert(bot), **broken})) == 400
    assert bot.store.inbox.pending("alerts:0") == ()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"version": "3", "alerts": []}', b'{"version": "4"}'])
def test_case_88_what_is_not_alertmanager_s_is_refused(bot: Bot, town: Town, body: bytes):
    assert posts(bot, body) == 400


def test_case_88_without_a_release_before_it_is_only_told(bot: Bot, town: Town):
    ruled(bot, town, RULES + SWITCHED_ON)
    posts(bot, notification(alert(bot)))
    bot.settles()
    assert rollbacks(town) == []
    (row,) = [row for row in bot.store.ledger.rows(event="rollback") if row.entry.decision == "refused"]
    assert row.entry.details["lock"] == "no_target"
    with town.expect_no_writes():
        posts(bot, notification(alert(bot)))
        bot.sweeps()


def test_case_88_a_release_that_was_itself_rolled_back_is_no_target(bot: Bot, town: Town, twice: Pull):
    back = went_back(bot, town, twice)
    town.github.advance(600)
    for words in ("/veto lift api reason: again", "/unhold staging"):
        town.github.comment(back, "ana", words)
        bot.settles()
    town.github.review(town.pull("staging"), "ana")
    bot.settles()
    town.github.advance(600)
    moves(bot, town, api="d")
    posts(bot, notification(alert(bot)))
    bot.settles()
    assert rollbacks(town) == []
    assert any("was itself rolled back" in why for _, why in bot.ledger("rollback"))


def test_case_89_500_alerts_with_some_left_out_are_one_rollback(bot: Bot, town: Town, twice: Pull):
    many = [alert(bot, fingerprint=f"{number:016x}") for number in range(500)]
    assert posts(bot, notification(*many, truncated=7)) == 202
    bot.settles()
    assert len(rollbacks(town)) == 1
    (row,) = bot.store.ledger.rows(event="alerts_truncated")
    assert row.entry.reason.startswith("Alertmanager left out 7 alerts")


def test_case_89_forty_components_at_once_are_three_rollbacks_and_the_rest_waits_for_people(
    bot: Bot, town: Town
):
    names = [f"c{number:02}" for number in range(40)]
    listed = "".join(f"      {name}: {{image: ghcr.io/splattop/{name}}}\n" for name in names)
    start = RULES.index("      api: {")
    rules = RULES[:start] + listed + RULES[RULES.index("roles:") :] + SWITCHED_ON
    stands = "".join(
        f"{name}:\n  image:\n    repository: ghcr.io/splattop/{name}\n    tag: 1.0.0\n"
        f"    digest: {digest('0')}\n"
        for name in names
    )
    files = {f"helm/values-{name}.yaml": stands for name in ("dev", "staging")}
    town.github.push("splattop/config", "main", files, by="ana")
    ruled(bot, town, rules)
    moves(bot, town, **dict.fromkeys(names, "a"))
    moves(bot, town, **dict.fromkeys(names, "b"))
    many = [
        alert(bot, labels={"component": name}, fingerprint=f"{place:016x}")
        for place, name in enumerate(names)
    ]
    assert posts(bot, notification(*many, truncated=2)) == 202
    bot.settles()
    assert len(rollbacks(town)) == 3
    assert locks(bot) == ["breaker"] * 37
    places = bot.client.get("/status").json["environments"]
    (place,) = [each for each in places if each["environment"] == "staging"]
    assert (place["breaker"]["open"], place["breaker"]["waiting_for_people"]) == (True, 37)
    with town.expect_no_writes():
        bot.sweeps()


def test_case_89_the_breaker_stops_at_its_limit_and_leaves_the_rest_to_people(bot: Bot, town: Town):
    ruled(bot, town, RULES + SWITCHED_ON + "      breaker_max: 1\n")
    moves(bot, town, api="a", web="c")
    moves(bot, town, api="b", web="d")
    many = [
        alert(bot, labels={"component": name}, fingerprint=f"{place:016x}")
        for place, name in enumerate(("api", "web"))
    ]
    posts(bot, notification(*many))
    bot.settles()
    assert len(rollbacks(town)) == 1
    assert locks(bot) == ["breaker"]
    (place,) = [
        each for each in bot.client.get("/status").json["environments"] if each["environment"] == "staging"
    ]
    assert (place["breaker"]["open"], place["breaker"]["waiting_for_people"]) == (True, 1)


def test_case_89_an_open_breaker_is_told_to_people_once(bot: Bot, town: Town):
    ruled(bot, town, RULES + SWITCHED_ON + "      breaker_max: 1\n")
    moves(bot, town, api="a", web="c")
    moves(bot, town, api="b", web="d")
    for place, name in enumerate(("api", "web", "web")):
        posts(bot, notification(alert(bot, labels={"component": name}, fingerprint=f"{place:016x}")))
        bot.settles()
    found = [
        each
        for each in town.github.repo("splattop/config").issues.values()
        if each.title == "Breaker open in staging: people only"
    ]
    assert (locks(bot), len(found)) == (["breaker", "breaker"], 1)
    (back,) = rollbacks(town)
    assert f"| #{back.number} | critical alert: " in found[0].body
    assert "Stopped first: critical alert, alert ApiDown" in found[0].body
    assert [why for _, why in bot.ledger("breaker")] == ["Breaker open in staging: people only"]
    with town.expect_no_writes():
        bot.sweeps()


def test_nothing_follows_a_rollback_by_itself(bot: Bot, town: Town, twice: Pull):
    went_back(bot, town, twice)
    town.github.advance(900)
    posts(bot, notification(alert(bot, fingerprint="c0ffee0000000009")))
    bot.settles()
    assert (rollbacks(town), locks(bot)) == ([], ["rollback_of_rollback"])


def test_an_automatic_rollback_waits_for_the_approval_that_its_environment_demands(
    bot: Bot, town: Town, twice: Pull
):
    posts(bot, notification(alert(bot)))
    bot.settles()
    (back,) = rollbacks(town)
    assert town.check(back) == ("completed", "action_required")
    assert records(bot, town)[0].ask.automatic
    assert answers(back) == []


def test_the_status_tells_the_seed_s_fields(bot: Bot, town: Town):
    bot.sweeps()
    found = bot.client.get("/status").json
    assert {name: found[name] for name in ("service", "status", "enabled", "actions", "cooldown_sec")} == {
        "service": "lockstep",
        "status": "running",
        "enabled": False,
        "actions": [],
        "cooldown_sec": 120,
    }
    assert datetime.fromisoformat(found["timestamp"]).tzinfo is not None


def test_the_status_tells_what_may_happen_and_what_is_held(bot: Bot, town: Town, twice: Pull):
    posts(bot, notification(alert(bot)))
    bot.settles()
    found = bot.client.get("/status").json
    assert found["enabled"] is True
    assert "ApiDown" in found["actions"]
    assert [each["component"] for each in found["vetoes"]] == ["api"]
    assert [each["environment"] for each in found["holds"]] == ["staging"]
    (place,) = [each for each in found["environments"] if each["environment"] == "staging"]
    assert 0 < place["cooldowns_remaining_sec"]["api"] <= 120


def test_the_status_tells_what_is_left_of_the_budget_and_when_github_last_spoke(
    bot: Bot, town: Town, twice: Pull
):
    found = bot.client.get("/status").json
    assert (found["dry_run"], found["freeze"], found["queue_depth"]) == (False, [], 0)
    assert datetime.fromisoformat(found["last_webhook"]).tzinfo is not None
    assert {each["resource"] for each in found["api_budget"]} >= {"core"}
    assert all(0 < each["remaining"] <= each["limit"] for each in found["api_budget"])


def test_the_status_names_what_is_frozen(bot: Bot, town: Town):
    freeze = "freeze: [{name: Fair, starts: 2020-01-01T00:00, ends: 2040-01-01T00:00}]\n"
    ruled(bot, town, RULES + freeze)
    bot.sweeps()
    assert "splattop/config staging" in bot.client.get("/status").json["freeze"]


def test_turning_it_on_is_on_record_with_who_did_it(bot: Bot, town: Town):
    ruled(bot, town, RULES + SWITCHED_ON)
    town.github.advance(60)
    bot.sweeps()
    (row,) = [
        row.entry
        for row in bot.store.ledger.rows(event="rules_changed")
        if "rollback.automatic" in row.entry.reason
    ]
    assert row.actor_login == "ana"


def test_not_stored_is_503(bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch):
    def hangs(*_: object) -> None:
        raise TimeoutError("the database does not answer")

    monkeypatch.setattr(bot.store.inbox, "receive", hangs)
    assert posts(bot, notification(alert(bot))) == 503
