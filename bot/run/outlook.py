"""What would happen if somebody promoted now, as a value: `preview` and `alert_preview` make it, `dry_run` words it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.decide.approvals import Evaluation
from bot.model.action import Action
from bot.model.facts import Pull
from bot.model.image import ComponentTag
from bot.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One source's promotion into the environment: what it is, what its gates say, what else is asked."""

    source: str
    headline: str
    refused: bool = False
    """Something keeps it from being proposed: the answer is no."""
    pull: Pull | None = None
    """The open pull request, when there is one."""
    components: tuple[tuple[str, ComponentTag], ...] = ()
    gates: tuple[Verdict, ...] = ()
    others: tuple[Verdict, ...] = ()
    """Whatever else is asked before the merge: approvals, required checks, holds."""
    approvals: Evaluation | None = None
    """Whose yes counts; None where nobody's is asked for, or nothing is open."""
    actions: tuple[Action, ...] = ()
    """What Lockstep would write for this now."""
    files: tuple[tuple[str, bytes, bytes], ...] = ()
    """Path, bytes now, bytes then of each file that the actions change."""
