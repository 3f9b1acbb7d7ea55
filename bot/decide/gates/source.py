"""Where do the images come from, and do they contain what runs now? (rows R8, B10, attack case 42)

Branch, commit and digest were judged when the release was accepted; they are held against the rules as they are today.
That a release is newer does not say that it contains what runs: a run of an old commit, or of a branch that left
before, is newer too. Git's history says it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Finding, gated, unread
from bot.decide.release import branch_kind
from bot.decide.text import code
from bot.model.facts import Unknown
from bot.model.measurements import Compared, Relation, SourceReading
from bot.model.policy import Source
from bot.model.policy_gates import SourceGate
from bot.model.verdict import Evidence, Outcome


def source(gate: SourceGate, origin: Source, readings: Sequence[SourceReading]) -> Gated:
    """Each component comes from an allowed branch, and its commit contains the one that runs there now.

    A hotfix may lie beside it, never behind it. With `allow_downgrade` the history is shown and does not block.
    Nothing to look at is unknown.
    """
    if not readings:
        return gated("source", [unread("The release", Unknown(why="no component is moved"))])
    findings = [_judged(gate, origin, each) for each in readings]
    releases = ", ".join(sorted({each.release.id for each in readings}))
    passing = f"Built by the listed workflow: {releases}"
    if any(each.compared is not None for each in readings):
        passing += ", whose commit contains what runs now"
    if any(each.warns for each in findings):
        passing = f"Built by the listed workflow: {releases}"
    return gated("source", findings, passing=passing)


def _judged(gate: SourceGate, origin: Source, reading: SourceReading) -> Finding:
    release, name = reading.release, reading.component
    handed = release.components.get(name)
    if handed is None or handed.digest != reading.digest or not release.head_sha.startswith(handed.sha):
        return _plain(Outcome.BLOCK, f"{name}: {release.id} did not hand over {reading.digest}", reading)
    kind = branch_kind(origin, release.branch)
    if kind is None:
        branch = code(release.branch)
        says = f"{name}: {release.id} was built on {branch}, which {origin.name} does not allow (any more)"
        return _plain(Outcome.BLOCK, says, reading)
    return _history(gate, reading, hotfix=kind == "hotfix")


def _history(gate: SourceGate, reading: SourceReading, *, hotfix: bool) -> Finding:
    name, new, found = reading.component, reading.release.head_sha[:7], reading.compared
    if reading.owed:
        says = f"{name}: what runs now is a hotfix; the gate debt tells whether it has flowed back"
        return _plain(Outcome.PASS, says, reading)
    if found is None:
        return _plain(Outcome.PASS, f"{name}: what runs now is of no accepted release", reading)
    if isinstance(found, Unknown):
        if gate.allow_downgrade:
            return _plain(Outcome.PASS, f"{name}: not compared", reading)
        return unread(f"{name}: whether {new} contains what runs now", found)
    evidence = Evidence(
        measured=f"{new} {_WORDS[found.relation]} {found.base[:7]}",
        needed="any" if gate.allow_downgrade else f"contains {found.base[:7]}",
        source="commits on GitHub",
        url=found.url,
        at=found.at,
    )
    if found.relation in (Relation.SAME, Relation.AHEAD):
        says = f"{name}: {new} contains {found.base[:7]}, which runs now"
        return Finding(outcome=Outcome.PASS, says=says, evidence=(evidence,))
    says = _says(reading, found, new)
    if gate.allow_downgrade or (hotfix and found.relation is Relation.DIVERGED):
        return Finding(outcome=Outcome.PASS, says=says, evidence=(evidence,), warns=(says,))
    return Finding(outcome=Outcome.BLOCK, says=says, evidence=(evidence,))


_WORDS = {
    Relation.SAME: "is",
    Relation.AHEAD: "contains",
    Relation.BEHIND: "is older than",
    Relation.DIVERGED: "lacks commits of",
}


def _says(reading: SourceReading, found: Compared, new: str) -> str:
    name, old = reading.component, found.base[:7]
    if found.relation is Relation.BEHIND:
        return f"{name}: {new} is older than {old}, which runs now; only a rollback goes back"
    return (
        f"{name}: {new} lacks commits of {old}, which runs now; merge {old} into its branch and build again"
    )


def _plain(outcome: Outcome, says: str, reading: SourceReading) -> Finding:
    evidence = Evidence(
        measured=f"{reading.release.head_sha[:7]} of {reading.release.branch}",
        needed="an allowed branch",
        source=f"run {reading.release.run_number}",
        url=reading.release.run_url,
    )
    return Finding(outcome=outcome, says=says, evidence=(evidence,))
