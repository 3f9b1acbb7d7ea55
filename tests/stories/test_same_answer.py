"""One authorizer for every door: whoever may, may everywhere, and whoever may not, nowhere (attack case 71)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.run.commands import Door
from bot.sandbox.scenario import Delivery
from bot.sandbox.state import Pull
from tests.stories.cast import RULES, SECRET, Bot, Town

RULED = RULES + "commands: {hold: [platform]}\n"


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """Only the platform team may hold; cho writes here and is not in it, ben reads."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": RULED}, by="ana")
    town.release(api="a")
    bot.settles()
    town.github.advance(5)
    return town.pull("staging")


def comments(town: Town, pull: Pull, command: str, who: str) -> list[Delivery]:
    town.github.comment(pull, who, f"/{command}")
    return town.github.webhooks.take()


def presses(town: Town, pull: Pull, command: str, who: str) -> list[Delivery]:
    button = {"retry": "recheck"}.get(command, command)
    town.github.press(town.checks(pull)["lockstep: main"], button, "ana")
    return [_sent_by(town, who, each) for each in town.github.webhooks.take()]


def reruns(town: Town, pull: Pull, command: str, who: str) -> list[Delivery]:
    assert command == "retry"
    town.github.rerequest(town.checks(pull)["lockstep: main"], "ana")
    return [_sent_by(town, who, each) for each in town.github.webhooks.take()]


def _sent_by(town: Town, who: str, delivery: Delivery) -> Delivery:
    """GitHub shows buttons to writers only; a webhook that says somebody else pressed must be answered all the same."""
    user, body = town.github.user(who), delivery.payload
    body["sender"] |= {"login": user.login, "id": user.id}
    data = json.dumps(body).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
    return replace(delivery, body=data, headers={**delivery.headers, "X-Hub-Signature-256": signature})


DOORS: dict[Door, Callable[[Town, Pull, str, str], list[Delivery]]] = {
    Door.COMMENT: comments,
    Door.BUTTON: presses,
    Door.RERUN: reruns,
}
COMMANDS = {Door.COMMENT: ("hold", "retry"), Door.BUTTON: ("hold", "retry"), Door.RERUN: ("retry",)}
MAY = {
    ("hold", "ana"): "done",
    ("hold", "cho"): "refused",
    ("hold", "ben"): "refused",
    ("retry", "ana"): "done",
    ("retry", "cho"): "done",
    ("retry", "ben"): "refused",
}
CASES = [(door, command, who) for door in Door for command in COMMANDS[door] for who in ("ana", "cho", "ben")]


def test_case_71_every_door_is_tried() -> None:
    assert set(DOORS) == set(Door) == set(COMMANDS)


@pytest.mark.parametrize(("door", "command", "who"), CASES)
def test_case_71_the_answer_is_the_same_at_every_door(
    bot: Bot, town: Town, staging: Pull, door: Door, command: str, who: str
) -> None:
    for delivery in DOORS[door](town, staging, command, who):
        bot.receives(delivery)
    bot.settles()
    rows = [each.entry for each in bot.store.ledger.rows() if each.entry.event == f"command_{command}"]
    assert [(row.decision, row.actor_login, row.details["door"]) for row in rows] == [
        (MAY[command, who], who, door.value)
    ]
