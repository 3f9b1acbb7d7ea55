"""Obeying: acknowledge, authorize, do, answer once. What was said is consumed once, by its comment or delivery id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.decide import commands as grammar
from bot.model.action import PutComment, React
from bot.model.delivery import StoredDelivery
from bot.run.acts import carry_out
from bot.run.commands.asked import Answer, Asked, Later, Look
from bot.run.commands.permit import event_of, permitted
from bot.run.commands.spoken import Spoken, spoken
from bot.run.commands.table import HANDLERS, available


def obey(look: Look, deliveries: Sequence[StoredDelivery]) -> None:
    """Every comment gets a reaction at once, and every command one answer; `/promote` is answered by the environment.

    Answers that need the decision are given last, when everything that was said is on record.
    """
    heard: list[tuple[Spoken, list[str | Later]]] = []
    for said in spoken(look, deliveries):
        if any(said.marker in own.body for own in look.snapshot.comments):
            continue
        if said.reacts_to is not None:
            seen = React(because="the command was read", comment_node_id=said.reacts_to, content="THUMBS_UP")
            carry_out(look.house, said.asked[0].cause, look.snapshot.repository, [seen])
        heard.append((said, [answer for each in said.asked if (answer := _answer(each)) is not None]))
    for said, answers in heard:
        if answers:
            _reply(look, said, [each if isinstance(each, str) else each(look.decided()) for each in answers])


def _answer(asked: Asked[grammar.Command]) -> Answer:
    command = asked.command
    if isinstance(command, grammar.TooMany):
        return f"At most {command.limit} commands in one comment; `/{command.name}` and what follows was not read."
    if isinstance(command, grammar.Malformed):
        asked.note(event_of(command.name), "refused", command.problem)
        return command.answer
    handler = HANDLERS.get(type(command))
    permit = permitted(asked, handler.where(asked) if handler else asked.look.environment)
    if not permit.allowed:
        if handler is not None:
            handler.refused(asked)
        return permit.reason
    if handler is None:
        return f"`/{command.name}` is not available in this version. {available()}"
    return handler.do(replace(asked, permit=permit))


def _reply(look: Look, said: Spoken, lines: Sequence[str]) -> None:
    by = said.asked[0].by.login
    reply = PutComment(
        because=f"answers {by}",
        number=look.snapshot.pull.number,
        node_id=look.snapshot.pull.node_id,
        marker=said.marker,
        body="\n".join([said.marker, f"@{by}", *lines]),
    )
    carry_out(look.house, said.asked[0].cause, look.snapshot.repository, [reply])
