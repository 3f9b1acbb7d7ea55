"""Who is told what (rows P10, C3): a ledger row plans its telling, channels get it once, storms and outages are kept
small, and nothing that anybody wrote becomes markup, a header or a mention (attack cases 92, 93)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from bot.adapters.store import Store
from bot.model.subject import environment as environment_of
from bot.model.subject import repository as repository_of
from bot.run.house import note
from tests.servers.listening import Listener, listening
from tests.servers.slack import slack as slack_stand_in
from tests.stories.cast import Bot, Town
from tests.stories.deploying import demand, equip

SECRET = b"a secret that signs webhooks, 32"
QUIET = 61
"""Seconds after which more of the same kind is told."""


@pytest.fixture
def slack() -> Iterator[Listener]:
    """Slack, which refuses what Slack refuses."""
    with slack_stand_in() as found:
        yield found


@pytest.fixture
def hook() -> Iterator[Listener]:
    """A receiver of signed webhooks."""
    with listening(lambda posted: (200, {}, "")) as found:
        yield found


@pytest.fixture
def told(bot: Bot, slack: Listener) -> Bot:
    """The bot with Slack set up, and the rules read once since then."""
    equip(bot, slack_webhook_url=slack.url)
    return bot.sweeps()


def happens(bot: Bot, event: str = "deployment", decision: str = "failed", **more: Any) -> None:
    """A ledger row about staging, as if a look had written it, unless `more` says otherwise."""
    fields = {"reason": "Argo CD says Degraded", "environment": "staging", **more}
    place = fields.pop("environment")
    found = {"environment": place} if place else {}
    details = {**found, **fields.pop("details", {})}
    note(
        bot.works.house, subject(bot, place), event, decision, fields.pop("reason"),
        details=details, **fields,
    )  # fmt: skip


def subject(bot: Bot, place: str | None = None) -> Any:
    """The config repository, or one of its environments."""
    config = next(each for each in bot.store.repositories.config_of(installation(bot)))
    where = (installation(bot), config.id)
    return environment_of(*where, place) if place else repository_of(*where)


def installation(bot: Bot) -> int:
    """The one installation."""
    return bot.store.repositories.installations()[0]


def titles(slack: Listener) -> list[str]:
    """The first block of each message."""
    return [each.json["blocks"][0]["text"]["text"] for each in slack.posts]


def test_what_the_ledger_says_is_told_once_and_nothing_of_before(bot: Bot, slack: Listener) -> None:
    bot.sweeps()
    happens(bot, reason="before anybody was to be told")
    equip(bot, slack_webhook_url=slack.url)
    bot.sweeps()
    assert slack.posts == []

    happens(bot, pull_number=12)
    bot.settles()
    assert titles(slack) == ["🔴 Promotion #12 to staging failed"]
    bot.sweeps().waits(QUIET)
    assert len(slack.posts) == 1


def test_without_a_channel_set_up_no_job_is_planned(bot: Bot, store: Store) -> None:
    bot.sweeps()
    happens(bot)
    assert store.queue.depth().due == 0
    assert [each.missing for each in store.notices.channels()] == ["SLACK_WEBHOOK_URL", "NOTIFY_WEBHOOK_URL"]


def test_a_webhook_is_signed_so_that_its_receiver_can_verify_it(bot: Bot, hook: Listener) -> None:
    equip(bot, notify_webhook_url=hook.url, notify_webhook_secret=SECRET)
    bot.sweeps()
    happens(bot, pull_number=12)
    bot.settles()
    (posted,) = hook.posts
    at = int(posted.headers["webhook-timestamp"])
    expected = Webhook(SECRET).sign(
        posted.headers["webhook-id"], bot.works.house.clock(), posted.body.decode()
    )
    assert posted.headers["webhook-signature"] == expected
    assert at == int(bot.works.house.clock().timestamp())
    assert posted.json["type"] == "lockstep.promotion_failed"
    assert posted.json["data"]["tidings"][0]["links"][0]["url"].endswith("/splattop/config/pull/12")


def test_a_storm_of_two_hundred_is_one_message(told: Bot, slack: Listener) -> None:
    for number in range(200):
        happens(told, pull_number=number + 1)
    told.settles()
    assert titles(slack) == ["🔴 200 × promotion failed in staging"]
    assert "… and 190 more" in str(slack.posts[0].json)


def test_a_storm_that_goes_on_is_told_once_a_minute(told: Bot, slack: Listener) -> None:
    for number in range(60):
        happens(told, pull_number=number + 1)
        told.waits(2)
    told.waits(QUIET)
    assert len(slack.posts) <= 4
    assert sum(int(title.split()[1]) if "×" in title else 1 for title in titles(slack)) == 60


def test_slack_down_for_an_hour_is_told_later_and_once(told: Bot, slack: Listener) -> None:
    slack.down = True
    happens(told, pull_number=12)
    told.settles()
    for _ in range(60):
        told.waits(60)
    assert slack.posts == []
    (state,) = [each for each in told.store.notices.channels() if each.kind == "slack"]
    assert (state.waiting, state.trouble) == (1, "Slack answered 503")
    assert slack.asked < 15

    slack.down = False
    told.waits(900)
    assert titles(slack) == ["🔴 Promotion #12 to staging failed"]
    told.waits(3600)
    assert len(slack.posts) == 1
    (state,) = [each for each in told.store.notices.channels() if each.kind == "slack"]
    assert (state.waiting, state.trouble, state.failures) == (0, "", 0)


def test_patience_that_slack_asks_for_is_kept(told: Bot, slack: Listener) -> None:
    slack.answers = [(429, {"Retry-After": "300"}, "rate_limited")]
    happens(told)
    told.settles()
    told.waits(290)
    assert (slack.asked, slack.posts) == (1, [])
    told.waits(11)
    assert len(slack.posts) == 1


def test_a_broken_channel_holds_up_no_promotion(told: Bot, town: Town, slack: Listener) -> None:
    slack.down = True
    demand(town, "verify: {}", environment="    merge: approved\n")
    town.release(api="a")
    told.settles()
    assert town.pull("staging")
