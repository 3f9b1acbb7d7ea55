"""Which module obeys which command, and in which environment it acts: the authorizer is asked with that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.decide import commands as grammar
from bot.run.commands import approve, hold, override, promote, rollback, sync, telling, veto
from bot.run.commands.asked import Answer, Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How a command is obeyed. `where` names the environment that it acts on; None: all, none, or unclear."""

    where: Callable[[Asked], str | None]
    do: Callable[[Asked], Answer]


def _here(asked: Asked) -> str | None:
    return asked.look.environment


HANDLERS: Mapping[type[grammar.Command], Handler] = {
    grammar.Promote: Handler(where=promote.where, do=promote.promote),
    grammar.Override: Handler(where=_here, do=override.override),
    grammar.CancelOverride: Handler(where=_here, do=override.cancel),
    grammar.Rollback: Handler(where=_here, do=rollback.rollback),
    grammar.LiftVeto: Handler(where=veto.where, do=veto.lift),
    grammar.Hold: Handler(where=hold.where, do=hold.hold),
    grammar.Unhold: Handler(where=hold.where, do=hold.unhold),
    grammar.Approve: Handler(where=_here, do=approve.approve),
    grammar.CancelApproval: Handler(where=_here, do=approve.cancel),
    grammar.Sync: Handler(where=_here, do=sync.sync),
    grammar.Retry: Handler(where=_here, do=telling.retry),
    grammar.Status: Handler(where=_here, do=telling.status),
    grammar.DryRun: Handler(where=_here, do=telling.dry_run),
    grammar.Help: Handler(where=_here, do=lambda _: usage()),
}

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
            "hold",
            "unhold",
            "approve",
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
