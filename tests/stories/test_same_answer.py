"""One authorizer for every door: whoever may, may everywhere, and whoever may not, nowhere (attack case 71)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.decide import names
from bot.model.door import Door
from bot.model.facts import Actor
from bot.model.rollback import RollbackAsk
from bot.run.rollback import ask
from bot.sandbox.state import Pull
from tests.stories.cast import RULES, SECRET, Bot, Town
from tests.stories.hotfixes import approves, equip, fix, hotfix
from tests.stories.terminal import Terminal
from tests.stories.test_dispatch import send

RULED = RULES + "commands: {hold: [platform], promote: [platform]}\n"
ROOT = Path(__file__).parents[2]


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


def comments(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    terminal.bot.town.github.comment(pull, who, f"/{command}")


def presses(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    button = {"retry": "recheck", "sync": "confirm"}.get(command, command)
    terminal.bot.town.github.press(terminal.bot.town.checks(pull)["lockstep: main"], button, "ana")
    sent_by(terminal.bot, who)


def reruns(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    assert command == "retry"
    terminal.bot.town.github.rerequest(terminal.bot.town.checks(pull)["lockstep: main"], "ana")
    sent_by(terminal.bot, who)


def labels(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    assert command == "hotfix"
    terminal.bot.town.github.label(pull, "ana", names.HOTFIX_LABEL)
    sent_by(terminal.bot, who)


def types(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    assert (command, pull.number) == (ASKED, 2)
    words = ASKED.split()
    token = terminal.bot.town.github.user_token(who)
    terminal.runs(words[0], "--from", "dev", "--to", words[1], GITHUB_TOKEN=token)


def dispatches(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    assert (command, pull.number) == (ASKED, 2)
    terminal.bot.town.github.grant("ben", "splattop/config", "write")
    send(terminal.bot.town, who, {"from": "dev", "to": "staging"})
    terminal.bot.town.github.grant("ben", "splattop/config", "read")


def sent_by(bot: Bot, who: str) -> None:
    """GitHub shows buttons to writers only; a webhook that says somebody else pressed must be answered all the same."""
    user = bot.town.github.user(who)
    for delivery in bot.town.github.webhooks.take():
        body = delivery.payload
        body["sender"] |= {"login": user.login, "id": user.id}
        data = json.dumps(body).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
        bot.receives(
            replace(delivery, body=data, headers={**delivery.headers, "X-Hub-Signature-256": signature})
        )


def closes(terminal: Terminal, pull: Pull, command: str, who: str) -> None:
    assert command == "rollback"
    bot, town = terminal.bot, terminal.bot.town
    town.github.review(pull, "ana")
    bot.settles()
    wish = RollbackAsk(
        installation_id=bot.store.repositories.installations()[0],
        config_repository_id=pull.repo.id,
        environment="staging",
        key="a test",
        trigger="person",
        undoes=pull.number,
        reason="it is broken",
        by=Actor(id=1, login="somebody"),
        asked_at=bot.works.house.clock(),
    )
    ask(bot.works.house, wish)
    bot.settles()
    (back,) = [each for each in town.pulls() if "/rollback+" in each.head_ref]
    town.github.close(back, "ana")
    sent_by(bot, who)


ASKED = "promote staging"
DOORS: dict[Door, Callable[[Terminal, Pull, str, str], None]] = {
    Door.COMMENT: comments,
    Door.BUTTON: presses,
    Door.RERUN: reruns,
    Door.LABEL: labels,
    Door.TERMINAL: types,
    Door.DISPATCH: dispatches,
    Door.CLOSING: closes,
}
COMMANDS = {
    Door.COMMENT: ("hold", "retry", "hotfix", ASKED),
    Door.BUTTON: ("hold", "retry"),
    Door.RERUN: ("retry",),
    Door.LABEL: ("hotfix",),
    Door.TERMINAL: (ASKED,),
    Door.DISPATCH: (ASKED,),
    Door.CLOSING: ("rollback",),
}
MAY = {
    ("hold", "ana"): "done",
    ("hold", "cho"): "refused",
    ("hold", "ben"): "refused",
    ("retry", "ana"): "done",
    ("retry", "cho"): "done",
    ("retry", "ben"): "refused",
    ("hotfix", "ana"): "done",
    ("hotfix", "cho"): "done",
    ("hotfix", "ben"): "refused",
    ("rollback", "ana"): "done",
    ("rollback", "cho"): "done",
    ("rollback", "ben"): "refused",
    (ASKED, "ana"): "done",
    (ASKED, "cho"): "refused",
    (ASKED, "ben"): "refused",
}
CASES = [(door, command, who) for door in Door for command in COMMANDS[door] for who in ("ana", "cho", "ben")]


def test_case_71_every_door_is_tried() -> None:
    assert set(DOORS) == set(Door) == set(COMMANDS)


@pytest.mark.parametrize(("door", "command", "who"), CASES)
def test_case_71_the_answer_is_the_same_at_every_door(
    bot: Bot, terminal: Terminal, staging: Pull, door: Door, command: str, who: str
) -> None:
    DOORS[door](terminal, staging, command, who)
    bot.settles()
    event = f"command_{command.split()[0]}"
    rows = [each.entry for each in bot.store.ledger.rows() if each.entry.event == event]
    assert [(row.decision, row.actor_login, row.details["door"]) for row in rows] == [
        (MAY[command, who], who, door.value)
    ]


@pytest.mark.parametrize("door", [Door.COMMENT, Door.BUTTON])
@pytest.mark.parametrize(("who", "answer"), [("dan", "done"), ("ana", "refused"), ("ben", "refused")])
def test_case_71_a_hotfix_is_confirmed_by_the_same_people_at_every_door(
    bot: Bot, town: Town, terminal: Terminal, door: Door, who: str, answer: str
) -> None:
    equip(bot, town, top="commands: {sync: [oncall]}\n")
    fix(town, api="a")
    bot.settles()
    approves(bot, town, hotfix(town))
    pull = hotfix(town, "production")
    town.github.advance(5)  # in the second in which it changed nobody can have seen what stands there
    DOORS[door](terminal, pull, "sync", who)
    bot.settles()
    rows = [each.entry for each in bot.store.ledger.rows(event="command_sync")]
    assert [(row.decision, row.actor_login, row.details["door"]) for row in rows] == [
        (answer, who, door.value)
    ]
    confirmed = [each.entry.actor_login for each in bot.store.ledger.rows(event="hotfix_confirmed")]
    assert confirmed == ([who] if answer == "done" else [])


def test_case_71_nobody_else_asks_the_authorizer() -> None:
    """A door that is not built on `permit` would have to ask for itself."""
    asking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "bot").rglob("*.py")
        if re.search(r"\bauthorize\(", path.read_text("utf-8")) and path.name != "authorize.py"
    }
    assert asking == {"bot/run/commands/permit.py"}
