"""Which module obeys which command, and in which environment it acts: the authorizer is asked with that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.decide import commands as grammar
from bot.run.commands import approve, hold, hotfix, override, promote, rollback, sync, telling, veto
from bot.run.commands.asked import Answer, Asked

CommandT = TypeVar("CommandT", bound=grammar.Command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How a command is obeyed. `where` names the environment that it acts on; None: all, none, or unclear."""

    where: Callable[[Asked[Any]], str | None]
    do: Callable[[Asked[Any]], Answer]
    refused: Callable[[Asked[Any]], None] = lambda _: None
    """What is done when the authorizer says no."""


def _here(asked: Asked[grammar.Command]) -> str | None:
    return asked.look.environment


def _handler(
    kind: type[CommandT],
    do: Callable[[Asked[CommandT]], Answer],
    *,
    where: Callable[[Asked[CommandT]], str | None] = _here,
    refused: Callable[[Asked[CommandT]], None] = lambda _: None,
) -> tuple[type[grammar.Command], Handler]:
    """One row of the table; that a handler fits its command is checked here, by its type."""
    return kind, Handler(where=where, do=do, refused=refused)


HANDLERS: Mapping[type[grammar.Command], Handler] = dict(
    [
        _handler(grammar.Promote, promote.promote, where=promote.where),
        _handler(grammar.Override, override.override),
        _handler(grammar.HowToOverride, override.how),
        _handler(grammar.CancelOverride, override.cancel),
        _handler(grammar.Rollback, rollback.rollback),
        _handler(grammar.Hotfix, hotfix.hotfix, where=hotfix.where, refused=hotfix.refused),
        _handler(grammar.LiftVeto, veto.lift, where=veto.where),
        _handler(grammar.Hold, hold.hold, where=hold.where),
        _handler(grammar.Unhold, hold.unhold, where=hold.where),
        _handler(grammar.Approve, approve.approve),
        _handler(grammar.CancelApproval, approve.cancel),
        _handler(grammar.Acknowledge, telling.on_incidents_alone),
        _handler(grammar.Decide, telling.on_incidents_alone),
        _handler(grammar.FalsePositive, telling.on_incidents_alone),
        _handler(grammar.Sync, sync.sync),
        _handler(grammar.Retry, telling.retry),
        _handler(grammar.Status, telling.status),
        _handler(grammar.DryRun, telling.dry_run),
        _handler(grammar.Help, lambda _: usage()),
    ]
)

AVAILABLE = tuple(
    dict.fromkeys(
        use.name
        for use in grammar.USAGE
        if use.name
        in {
            "promote",
            "override",
            "rollback",
            "veto",
            "hotfix",
            "hold",
            "unhold",
            "approve",
            "ack",
            "decide",
            "false-positive",
            "sync",
            "retry",
            "status",
            "dry-run",
            "help",
        }
    )
)
"""The commands that are obeyed, by their first word; the rest of the grammar belongs to later versions."""


def available() -> str:
    """A sentence that lists them."""
    return "Available now: " + ", ".join(f"`/{name}`" for name in AVAILABLE) + "."


def usage() -> str:
    """They and what they do, as a table."""
    rows = ["| command | does |", "|---|---|"]
    rows += [f"| `{use.syntax}` | {use.does} |" for use in grammar.USAGE if use.name in AVAILABLE]
    return "\n".join(["", *rows])
