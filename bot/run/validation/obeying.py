"""Obeying what was said on an incident, or on a blocked pull request: acknowledge, authorize, do, answer once.

The same authorizer as for every other door, a ledger row for each answer, one comment for each comment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.decide import commands as grammar
from bot.decide import names
from bot.decide.validation import incident as words
from bot.model.action import CommentOnIssue, React
from bot.model.delivery import StoredDelivery
from bot.model.door import Door
from bot.model.facts import Actor, Repository
from bot.model.validation import Incident
from bot.run import issues
from bot.run.acts import Cause, carry_out
from bot.run.commands.permit import event_of, permitted_at
from bot.run.validation import elsewhere
from bot.run.validation.commands import HANDLERS, Said
from bot.run.validation.place import Place
from bot.run.where import Place as Where

NO_INCIDENT = "No failed validation's open incident is told here, so there is nothing to do."
NO_FAILURE = "No failed validation stands, so there is nothing to override."


def obey(place: Place, deliveries: Sequence[StoredDelivery]) -> int:
    """Obeys every comment that was created on an incident's issue, or handed over from a pull request of a blocked
    repository; how many were answered. Edits are never read."""
    heard = [
        _said(each.id, json.loads(each.payload))
        for each in deliveries
        if (each.event, each.action) == ("issue_comment", "created")
    ]
    answered = sum(_obeyed(place, said) for said in heard)
    for repository, delivery_id, payload in elsewhere.handed_over(place):
        said = [each for each in _said(delivery_id, payload, repository) if elsewhere.ours(each.command)]
        answered += _obeyed(place, said)
    return answered


def _obeyed(place: Place, said: Sequence[Said]) -> int:
    """The commands of one comment, with a reaction and one answer."""
    if not said:
        return 0
    first = said[0]
    where = first.on or place.config
    cause = Cause(
        subject=place.subject,
        delivery_id=first.delivery_id,
        actor_id=first.by.id,
        actor_login=first.by.login,
    )
    seen = React(because="the command was read", comment_node_id=first.node_id, content="THUMBS_UP")
    carry_out(place.house, cause, where, [seen])
    lines = [_answer(place, each) for each in said]
    reply = CommentOnIssue(
        because=f"answers {first.by.login}",
        number=first.issue,
        # Several config repositories may block one repository, and each answers for itself.
        marker=names.answer_marker(first.comment_id, f"validation {place.config.id}" if first.on else ""),
        body="\n".join([f"@{first.by.login}", *lines]),
    )
    carry_out(place.house, cause, where, [reply])
    return 1


def _said(delivery_id: str, payload: Mapping[str, Any], on: Repository | None = None) -> list[Said]:
    """The commands of a comment; none when anything about it is incomplete, or a bot wrote it."""
    comment, issue = payload.get("comment") or {}, payload.get("issue") or {}
    user = comment.get("user") or {}
    if user.get("type") == "Bot" or not (user.get("id") and user.get("login")):
        return []
    if not (comment.get("id") and comment.get("node_id") and isinstance(issue.get("number"), int)):
        return []
    return [
        Said(
            command=each,
            by=Actor(id=int(user["id"]), login=str(user["login"])),
            issue=issue["number"],
            comment_id=int(comment["id"]),
            node_id=str(comment["node_id"]),
            delivery_id=delivery_id,
            on=on,
        )
        for each in grammar.parse(str(comment.get("body") or ""))
    ]


def _answer(place: Place, said: Said) -> str:
    command = said.command
    if isinstance(command, grammar.TooMany):
        return f"At most {command.limit} commands in one comment; `/{command.name}` and what follows was not read."
    if isinstance(command, grammar.Malformed):
        place.note(
            event_of(command.name), "refused", command.problem, {"door": Door.COMMENT.value},
            by=said.by, delivery_id=said.delivery_id,
            once=f"said {said.delivery_id} {command.line} {event_of(command.name)} refused {place.config.id}",
        )  # fmt: skip
        return command.answer
    handler = HANDLERS.get(type(command))
    if handler is None:
        known = ", ".join(f"`/{name}`" for name in ("ack", "decide", "false-positive", "override validation"))
        return f"`/{command.name}` is for pull requests. On an incident: {known}."
    incident = _meant(place, said)
    if incident is None:
        return NO_INCIDENT if said.on is None else NO_FAILURE
    permit = permitted_at(
        place.house,
        Where(installation_id=place.subject.installation_id, repository=place.config),
        place.policy,
        command.name,
        place.rules.environment,
        said.by,
        Door.COMMENT,
        said.delivery_id,
    )
    return handler(place, incident, said) if permit.allowed else permit.reason


def _meant(place: Place, said: Said) -> Incident | None:
    """The incident that is spoken of: the open one, and on an issue only what that issue tells. That it was a false
    positive may be said of one that is over."""
    store = place.house.store.validations
    incident = store.incident(place.config.id)
    if said.on is not None:
        return incident
    known = (
        store.incidents(place.config.id) if isinstance(said.command, grammar.FalsePositive) else [incident]
    )
    return next((each for each in known if each is not None and _number(place, each) == said.issue), None)


def _number(place: Place, incident: Incident) -> int | None:
    return issues.number_of(place.house, place.config.id, words.key(incident))
