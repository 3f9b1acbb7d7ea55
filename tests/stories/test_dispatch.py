"""A workflow or a script asks for a promotion with `repository_dispatch` (row P5)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bot.sandbox.state import CheckRun
from tests.stories.cast import Bot, Town
from tests.stories.test_cli_gates import by_hand

ASK = {"from": "dev", "to": "staging"}
TO_STAGING = "lockstep: promote to staging"


def send(town: Town, by: str, payload: Any, kind: str = "lockstep-promote") -> None:
    """Somebody posts a repository_dispatch with a token of their own."""
    answer = requests.post(
        f"{town.github.api_url}/repos/splattop/config/dispatches",
        json={"event_type": kind, "client_payload": payload},
        headers={"Authorization": f"Bearer {town.github.user_token(by)}"},
        timeout=10,
    )
    assert answer.status_code == 204, answer.text


def answers(town: Town) -> dict[str, CheckRun]:
    """The answers on the default branch's head."""
    head = town.github.sha("splattop/config", "main")
    found = town.github.checks("splattop/config", head or "")
    return {name: run for name, run in found.items() if name.startswith("lockstep: promote")}


@pytest.fixture
def ready(bot: Bot, town: Town) -> Town:
    """dev runs a release that staging waits to be asked for."""
    by_hand(town)
    town.release(api="a", web="b")
    bot.settles()
    assert [each.base_ref for each in town.pulls()] == []
    return town


def test_a_dispatch_opens_the_pull_request_in_the_sender_s_name(bot: Bot, ready: Town):
    send(ready, "ana", ASK)
    bot.settles()
    pull = ready.pull("staging")
    assert "Asked for by `ana`" in pull.body
    run = answers(ready)[TO_STAGING]
    assert (run.conclusion, run.output["title"]) == ("success", f"#{pull.number}: {pull.title}")
    assert ("done", "ana has write permission") in bot.ledger("command_promote")


def test_the_same_delivery_twice_asks_once(bot: Bot, ready: Town):
    send(ready, "ana", ASK)
    (delivery,) = ready.github.webhooks.take()
    bot.receives(delivery)
    bot.settles()
    with ready.expect_no_writes():
        bot.receives(delivery)
        bot.settles()
    assert len(bot.ledger("command_promote")) == 1


def test_only_the_named_components_move(bot: Bot, ready: Town):
    send(ready, "ana", {**ASK, "components": "web"})
    bot.settles()
    assert ready.pull("staging").title == "Promote web 7.0.0 to staging"


def test_who_may_not_write_is_refused_in_the_authorizer_s_words(bot: Bot, town: Town):
    town.github.grant("ben", "splattop/config", "write")
    by_hand(town)
    town.release(api="a")
    bot.settles()
    send(town, "ben", ASK)
    town.github.grant("ben", "splattop/config", "read")
    bot.settles()
    assert town.pulls() == []
    run = answers(town)[TO_STAGING]
    assert run.conclusion == "failure"
    assert run.output["title"].startswith(
        "`/promote` needs write permission on this repository, and ben has read"
    )


def test_a_role_in_the_rules_counts_here_too(bot: Bot, ready: Town):
    rules = (ready.github.file("splattop/config", "main", "promotion/promotion-rules.yaml") or b"").decode()
    rules += "commands: {promote: [platform]}\n"
    ready.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    ready.github.grant("dev", "splattop/config", "write")
    bot.settles()
    send(ready, "dev", ASK)
    bot.settles()
    assert "is for the role platform, and dev is not in it" in answers(ready)[TO_STAGING].output["title"]
    send(ready, "ana", ASK)
    bot.settles()
    assert ready.pull("staging")


@pytest.mark.parametrize(
    ("payload", "name", "says"),
    [
        ({"from": "dev"}, "lockstep: promote", "client_payload.to is missing"),
        ({**ASK, "env": "x"}, "lockstep: promote", "client_payload.env is not understood"),
        ({**ASK, "dry_run": "maybe"}, "lockstep: promote", "client_payload.dry_run is true or false"),
        ({**ASK, "components": [1]}, "lockstep: promote", "client_payload.components is a list"),
        ({"to": "stagin"}, "lockstep: promote", "Did you mean `staging`?"),
        (
            {"from": "canary", "to": "staging"},
            TO_STAGING,
            "staging takes releases from dev, not from `canary`",
        ),
        ({**ASK, "components": ["apj"]}, TO_STAGING, "Did you mean `api`?"),
    ],
)
def test_what_is_not_understood_is_refused_whole_and_says_why(bot: Bot, ready: Town, payload, name, says):
    send(ready, "ana", payload)
    bot.settles()
    assert ready.pulls() == []
    run = answers(ready)[name]
    assert run.conclusion == "failure"
    assert says in run.output["title"]
    assert len(bot.ledger("dispatch")) == 1


def test_a_dry_run_shows_the_change_and_opens_nothing(bot: Bot, ready: Town):
    send(ready, "ana", {**ASK, "dry_run": "true"})
    bot.settles()
    assert ready.pulls() == []
    run = answers(ready)[TO_STAGING]
    assert run.conclusion == "neutral"
    assert "open_pull: Promote api 7.0.0, web 7.0.0 to staging" in run.output["summary"]
    assert "+++ b/helm/values-staging.yaml" in run.output["summary"]
    assert bot.ledger("command_promote") == []


def test_other_event_types_are_somebody_else_s(bot: Bot, ready: Town):
    with ready.expect_no_writes():
        send(ready, "ana", ASK, kind="deploy")
        bot.settles()


def test_a_workflow_s_own_token_speaks_for_nobody(bot: Bot, ready: Town):
    world = ready.github.world
    with world.lock:
        repo = world.find_repository("splattop/config")
        account = next(each.app.bot for each in world.installations.values())
        world.emit("repository_dispatch", "lockstep-promote", repo, account, client_payload=ASK)
    bot.settles()
    assert ready.pulls() == []
    title = answers(ready)[TO_STAGING].output["title"]
    assert title.startswith("Bots cannot give commands; a person with write permission can.")
    assert "A workflow's own GITHUB_TOKEN speaks for no person" in title
