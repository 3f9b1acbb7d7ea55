"""Who said what since the last look: comments as their authors created them, buttons pressed, check runs asked for
again. Anything incomplete (a deleted account) is no command, and nothing in it is believed but who sent it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.decide import checks, names
from bot.decide import commands as grammar
from bot.model.delivery import StoredDelivery
from bot.model.door import Door
from bot.model.facts import Actor
from bot.run import approvals
from bot.run.commands.asked import Asked, Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What one person said at once."""

    asked: tuple[Asked[grammar.Command], ...]
    marker: str
    """Marks the answer; when it is there, all of this was obeyed before."""
    reacts_to: str | None
    """Node id of the comment that gets a reaction; a button cannot get one."""


def spoken(look: Look, deliveries: Sequence[StoredDelivery]) -> Iterator[Spoken]:
    """In the order in which they came in; later edits of a comment are never read (attack case 64)."""
    for delivery in deliveries:
        event = (delivery.event, delivery.action)
        if event == ("issue_comment", "created"):
            found = _comment(look, delivery, json.loads(delivery.payload))
        elif delivery.event in ("check_run", "check_suite"):
            found = _button(look, delivery, json.loads(delivery.payload))
        elif event == ("pull_request", "labeled"):
            found = _label(look, delivery, json.loads(delivery.payload))
        else:
            continue
        if found is not None:
            yield found


def _comment(look: Look, delivery: StoredDelivery, payload: Mapping[str, Any]) -> Spoken | None:
    comment = payload.get("comment") or {}
    by = actor_of(comment.get("user"))
    if by is None or by.is_bot or not (comment.get("id") and comment.get("node_id")):
        return None
    commands = grammar.parse(str(comment.get("body") or ""))
    if not commands:
        return None
    written = _moment(comment.get("created_at"))
    number = int(comment["id"])
    saw = _seen_by(look, written)
    return Spoken(
        asked=tuple(
            Asked(
                look=look,
                command=command,
                by=by,
                door=Door.COMMENT,
                at=delivery.received_at,
                source_id=number,
                delivery_id=delivery.id,
                saw=saw,
                written_at=written,
            )
            for command in commands
        ),
        marker=names.answer_marker(number),
        reacts_to=str(comment["node_id"]),
    )


def _button(look: Look, delivery: StoredDelivery, payload: Mapping[str, Any]) -> Spoken | None:
    """A button of one of our own check runs on the head of now, or a wish to run it again."""
    run = payload.get(delivery.event) or {}
    by, number = actor_of(payload.get("sender")), run.get("id")
    ours = (run.get("app") or {}).get("id") == look.github.app_id
    if by is None or not ours or not isinstance(number, int):
        return None
    command, door = _pressed(delivery, payload)
    if command is None:
        return None
    saw = str(run.get("head_sha") or "") or None
    asked = Asked(
        look=look,
        command=command,
        by=by,
        door=door,
        at=delivery.received_at,
        source_id=number,
        delivery_id=delivery.id,
        saw=saw,
        written_at=delivery.received_at,
    )
    return Spoken(asked=(asked,), marker=names.answer_marker(delivery.id), reacts_to=None)


def _label(look: Look, delivery: StoredDelivery, payload: Mapping[str, Any]) -> Spoken | None:
    """`automation:hotfix` set by a person is `/hotfix`; Lockstep's own labels say nothing."""
    by, name = actor_of(payload.get("sender")), (payload.get("label") or {}).get("name")
    if by is None or by.is_bot or name != names.HOTFIX_LABEL:
        return None
    asked = Asked(
        look=look,
        command=grammar.Hotfix(name="hotfix", raw="", line=0, environment=None),
        by=by,
        door=Door.LABEL,
        at=delivery.received_at,
        source_id=look.snapshot.pull.number,
        delivery_id=delivery.id,
        saw=look.snapshot.pull.head_sha,
        written_at=delivery.received_at,
    )
    return Spoken(asked=(asked,), marker=names.answer_marker(delivery.id), reacts_to=None)


def _pressed(delivery: StoredDelivery, payload: Mapping[str, Any]) -> tuple[grammar.Command | None, Door]:
    if delivery.action == "rerequested":
        return grammar.Retry(name="retry", raw="", line=0), Door.RERUN
    if delivery.action == "requested_action":
        identifier = str((payload.get("requested_action") or {}).get("identifier") or "")
        return checks.pressed(identifier), Door.BUTTON
    return None, Door.BUTTON


def _seen_by(look: Look, written: datetime | None) -> str | None:
    """The head that the author of a comment saw: the one of now, if the comment is younger than it (attack case 56).

    GitHub's times are whole seconds; a comment of the same second may be about either head.
    """
    if written is None or written <= approvals.changed_at(look.house, look.snapshot):
        return None
    return look.snapshot.pull.head_sha


def actor_of(user: object) -> Actor | None:
    """The account that a webhook names; None when it is gone."""
    if not isinstance(user, dict) or not (user.get("id") and user.get("login")):
        return None
    return Actor(id=int(user["id"]), login=str(user["login"]), is_bot=user.get("type") == "Bot")


def _moment(text: object) -> datetime | None:
    """GitHub's time, or None when it is none: what comes with a webhook is not believed to be well-formed."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
