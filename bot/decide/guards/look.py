"""Files in, findings out: one call for the command line and for pull requests alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.decide.guards.collect import collect
from bot.decide.guards.judge import findings, is_ignored, questions
from bot.model.guards import Change, Engine, Finding, GuardFile, Module
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
