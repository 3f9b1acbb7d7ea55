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
from tests.servers.mail import mail
from tests.servers.slack import slack as slack_stand_in
from tests.stories.cast import Bot, Town
from tests.stories.deploying import demand, equip
from tests.stories.test_gates import GOOD, built, lcov
from tests.stories.test_gates import demand as demand_gates
from tests.stories.validating import FAILED, KEYS, PASSED, finish, incidents, move_in, start, validated

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


def test_the_same_thing_is_told_once_an_hour(told: Bot, slack: Listener) -> None:
    for _ in range(5):
        happens(told, pull_number=12)
        told.waits(QUIET)
    assert len(slack.posts) == 1
    told.waits(3600)
    happens(told, pull_number=12)
    told.settles()
    assert len(slack.posts) == 2


EVERYTHING = """notify:
  channels:
    team: {kind: slack}
    hook: {kind: webhook}
    mail: {kind: email, to: [oncall@example.com]}
  rules:
    - {events: [validation_failed, incident, escalation], channels: [team, hook, mail]}
"""
ROUTES = """notify:
  channels:
    team: {kind: slack, mention: off}
    oncall: {kind: slack}
    mail: {kind: email, to: [oncall@example.com]}
  rules:
    - {events: [promotion_failed, hold], channels: [team]}
    - {events: [promotion_failed], environments: [staging], severity: critical, channels: [oncall, mail]}
"""


def test_events_and_environments_go_where_the_rules_say(bot: Bot, town: Town, slack: Listener) -> None:
    with slack_stand_in() as oncall, mail() as box:
        equip(
            bot, slack_webhook_url=slack.url, slack_webhook_urls={"oncall": oncall.url}, smtp_url=box.url,
            smtp_from="lockstep@example.com",
        )  # fmt: skip
        demand(town, "", top=ROUTES)
        bot.waits(60)
        happens(bot, environment="dev", pull_number=1)
        happens(bot, environment="staging", pull_number=2)
        happens(bot, "hold", "done", environment="dev", pull_number=3)
        happens(bot, "override", "done", environment="staging", pull_number=4)
        bot.settles()
        assert sorted(titles(slack)) == [
            "🔴 Promotion #2 to staging failed", "🔵 Held #3 in dev", "🟠 Promotion #1 to dev failed",
        ]  # fmt: skip
        assert titles(oncall) == ["🔴 Promotion #2 to staging failed"]
        assert [each["Subject"] for each in box.letters] == [
            "[Lockstep] critical: Promotion #2 to staging failed"
        ]
        assert "<!channel>" not in str([each.json for each in slack.posts])
        assert "<!channel>" in str(oncall.posts[0].json)


def test_a_promotion_that_waits_for_people_alone_is_told_once(told: Bot, town: Town, slack: Listener) -> None:
    town.release(api="a")
    told.settles()
    number = town.pull("staging").number
    assert titles(slack) == [f"🔵 Promotion #{number} to staging waits for approval"]
    assert "1 × platform" in str(slack.posts[0].json)
    assert slack.posts[0].json["blocks"][-2]["elements"][0]["url"].endswith(f"/splattop/config/pull/{number}")
    told.sweeps().waits(3700)
    assert len(slack.posts) == 1


def test_nobody_is_asked_for_an_approval_that_was_given_while_slack_was_down(
    told: Bot, town: Town, slack: Listener
) -> None:
    slack.down = True
    town.release(api="a")
    told.settles()
    found = town.pull("staging")
    town.github.review(found, "ana")
    told.settles()
    assert found.merged
    slack.down = False
    told.waits(900)
    assert [each for each in titles(slack) if "waits for approval" in each] == []
    (state,) = [each for each in told.store.notices.channels() if each.kind == "slack"]
    assert (state.waiting, state.dropped) == (0, 0)
    assert told.store.numbers()["notices_given_up"] == 0


def test_nobody_is_asked_for_approval_while_time_must_pass(told: Bot, town: Town, slack: Listener) -> None:
    demand(town, "soak: 1h", environment="    concurrency: pinned\n")
    told.waits(60)
    town.release(api="a")
    told.settles()
    assert promotions(slack) == []
    told.waits(3700)
    number = town.pull("staging").number
    assert promotions(slack) == [f"🔵 Promotion #{number} to staging waits for approval"]


def promotions(slack: Listener) -> list[str]:
    """The titles without that of the push which changed the rules."""
    return [each for each in titles(slack) if "push" not in each]


def test_gates_that_fail_are_told_with_what_was_measured(told: Bot, town: Town, slack: Listener) -> None:
    demand_gates(town, "coverage: {min_percent: 70}")
    told.waits(60)
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(1, 10)}})
    told.settles()
    number = town.pull("staging").number
    assert promotions(slack) == [f"🟠 Gates hold the promotion #{number} to staging"]
    assert "coverage: 10% (1 of 10 lines), needs ≥ 70%" in str(slack.posts[-1].json)
    told.sweeps().waits(3700)
    assert len(promotions(slack)) == 1


def test_a_production_validation_is_told_once_by_every_channel_and_silent_when_it_passes(
    bot: Bot, town: Town, slack: Listener, hook: Listener
) -> None:
    with mail() as box:
        equip(
            bot, slack_webhook_url=slack.url, notify_webhook_url=hook.url, notify_webhook_secret=SECRET,
            smtp_url=box.url,
        )  # fmt: skip
        move_in(bot, KEYS + EVERYTHING)
        validated(town, PASSED)
        bot.settles()
        assert (slack.posts, hook.posts, box.letters) == ([], [], [])

        run = finish(town, start(town), FAILED)
        bot.settles()
        title = "Production validation failed in production"
        assert titles(slack) == [f"🔴 {title}"]
        assert [each["Subject"] for each in box.letters] == [f"[Lockstep] critical: {title}"]
        assert "<!channel>" in str(slack.posts[0].json)
        (alert,) = [each["data"] for each in hook.posts[0].json["data"]["tidings"]]
        assert set(alert) == {
            "event", "timestamp", "terraformDeploymentId", "githubJobUrl", "failedFlows", "artifactUrls", "nextSteps",
        }  # fmt: skip
        assert alert["failedFlows"][0]["flowName"] == "add-exercise.yml"

        bot.waits(16 * 60)
        assert "🔴 The incident in production waits for somebody" in titles(slack)
        town.github.rerun(run)
        finish(town, run, PASSED)
        bot.settles()
        bot.waits(QUIET)
        assert titles(slack)[-1] == "🔵 The incident in production is over"
        (issue,) = incidents(town, "closed")
        assert slack.posts[-1].json["blocks"][-2]["elements"][0]["url"].endswith(f"/issues/{issue.number}")
    count = len(slack.posts)
    bot.sweeps().waits(3700)
    assert len(slack.posts) == count


def test_a_storm_of_failed_validations_is_one_incident_and_one_message_of_each_kind(
    bot: Bot, town: Town, slack: Listener
) -> None:
    equip(bot, slack_webhook_url=slack.url)
    move_in(bot, KEYS)
    slack.posts.clear()
    for run in [start(town) for _ in range(200)]:
        finish(town, run, FAILED)
    bot.settles()
    bot.waits(QUIET).waits(QUIET)
    assert len(incidents(town)) == 1
    failed = [each for each in titles(slack) if "alidation" in each]
    assert sum(int(each.split()[1]) if "×" in each else 1 for each in failed) == 200
    assert len(slack.posts) <= 4
    assert sum("<!channel>" in str(each.json) for each in slack.posts) <= len(failed)


def test_case_92_hostile_words_come_as_plain_words_by_every_channel(
    bot: Bot, slack: Listener, hook: Listener
) -> None:
    equip(bot, slack_webhook_url=slack.url, notify_webhook_url=hook.url, notify_webhook_secret=SECRET)
    bot.sweeps()
    hostile = "<!channel> <https://evil.example|log in> & </b>\r\nBcc: x@example.com"
    happens(bot, "hold", "done", reason=hostile, actor_login=hostile, pull_number=3)
    bot.settles()
    assert len(slack.posts) == 1  # the stand-in refuses markup that is not ours
    assert "&lt;!channel&gt; &lt;https://evil.example|log in&gt; &amp;" in str(slack.posts[0].json)
    assert hook.posts[0].json["data"]["tidings"][0]["reason"].startswith("<!channel> <https://evil.example")


def test_case_93_a_secret_that_got_into_a_row_is_told_to_nobody(bot: Bot, slack: Listener) -> None:
    equip(bot, slack_webhook_url=slack.url, argocd_auth_token="canary-token-of-argocd")
    bot.sweeps()
    happens(bot, reason=f"Bearer canary-token-of-argocd was refused; {slack.url}")
    bot.settles()
    assert len(slack.posts) == 1
    assert "canary-token-of-argocd" not in str(slack.posts[0].json)
    assert "secretofslack" not in str(slack.posts[0].json)


def test_a_message_that_slack_refuses_is_offered_bare_at_last_and_then_given_up(
    told: Bot, slack: Listener
) -> None:
    slack.answers = [(400, {}, "invalid_blocks")] * 3
    happens(told, reason="poison", pull_number=12)
    told.settles()
    for _ in range(5):
        told.waits(20)
    assert (slack.asked, slack.posts) == (3, [])
    assert ("refused", "Promotion #12 to staging failed: Slack answered 400: invalid_blocks") in told.ledger(
        "told"
    )
    happens(told, pull_number=13)
    told.waits(QUIET)
    assert titles(slack) == ["🔴 Promotion #13 to staging failed"]


def test_what_is_told_and_a_channel_that_breaks_stand_in_the_ledger_and_in_the_status(
    told: Bot, slack: Listener
) -> None:
    slack.answers = [(404, {}, "no_service")] * 5
    happens(told)
    told.settles()
    for _ in range(5):
        told.waits(200)
    assert told.ledger("channel_broken") == [
        (
            "failed",
            "Slack answered 404: the webhook was revoked or its channel is gone; renew SLACK_WEBHOOK_URL",
        )
    ]
    shown = told.client.get("/status").get_json()["channels"]
    (broken,) = [each for each in shown if each["kind"] == "slack"]
    assert (broken["state"], broken["waiting"]) == ("failing", 1)
    assert "secretofslack" not in str(shown)

    told.waits(1000)
    assert told.ledger("told") == [("done", "Promotion to staging failed")]
    assert told.ledger("channel_mended") == [("done", "slack takes messages again")]


def test_a_crash_before_the_look_loses_nothing_and_the_sweep_finds_it(told: Bot, slack: Listener) -> None:
    happens(told, pull_number=12)
    told.store.database.run("delete from procrastinate_jobs where status = 'todo'")
    told.settles()
    assert slack.posts == []
    told.again().sweeps()
    assert titles(slack) == ["🔴 Promotion #12 to staging failed"]
