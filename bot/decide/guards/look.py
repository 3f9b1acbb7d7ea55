"""Files in, findings out: one call for the command line and for pull requests alike.

`guard_apart` is the same for another process (`bot.model.apart`): reading YAML is pure work on hostile content, and how
long it takes is chosen by who wrote it. The engine stays behind, which has a process and limits of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.decide.guards.collect import collect
from bot.decide.guards.judge import findings, is_ignored, questions
from bot.model.apart import Ask
from bot.model.guards import Answered, Asked, Change, Engine, Finding, GuardFile, Module
from bot.model.policy_after import Guards


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What was found, and what was left out and why."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def denied(self) -> bool:
        """Whether anything found is more than a warning."""
        return any(each.severity == "deny" for each in self.findings)


def guard(
    engine: Engine,
    modules: Sequence[Module],
    files: Iterable[GuardFile],
    guards: Guards,
    *,
    values: Sequence[str] | None = None,
    change: Change | None = None,
) -> Guarded:
    """Everything that `modules` find in `files`, by the levels and lists of `guards`.

    `values`: the values files that the rules name; None: every file named like one. `change`: the promotion that is
    looked at, for `protected_paths`.
    """
    seen = [each for each in files if not is_ignored(guards, each.path)]
    found = collect(seen, values=values, keep_documents=any(each.own for each in modules))
    asked, refused = questions(modules, found, guards, change)
    told = findings(asked, engine.evaluate(asked) if asked else (), found, guards, refused)
    return Guarded(findings=told, notes=tuple(found.notes))


def guard_apart(
    modules: Sequence[Module],
    files: Sequence[GuardFile],
    guards: Guards,
    values: Sequence[str] | None,
    change: Change | None,
    *,
    ask: Ask,
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What `guard` says, as findings and notes. `ask("engine", "evaluate", asked)` leads to the engine."""
    found = guard(_Engine(ask=ask), modules, files, guards, values=values, change=change)
    return found.findings, found.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    """Stands in for the engine in the other process."""

    ask: Ask

    def shipped(self) -> Sequence[Module]:
        """See `Engine`; nobody asks this there."""
        return ()

    def evaluate(self, asked: Sequence[Asked]) -> Sequence[Answered]:
        """See `Engine`."""
        answered: Sequence[Answered] = self.ask("engine", "evaluate", tuple(asked))
        return answered
