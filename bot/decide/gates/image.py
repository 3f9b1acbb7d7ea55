"""Is the image really there, in exactly the configured repository, and does the tag mean it? (cases 38, 39, 41)"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Finding, gated, unread
from bot.decide.gates.signed import signed
from bot.decide.release import same_repository
from bot.decide.text import code
from bot.model.facts import Unknown
from bot.model.measurements import ImageReading, Missing, Resolved
from bot.model.policy_gates import ImageGate
from bot.model.verdict import Evidence, Outcome


def image(gate: ImageGate, readings: Sequence[ImageReading]) -> Gated:
    """Each component's digest exists in its repository, and its tag still points at it unless `tag_resolves` is off.

    Signature and provenance, where demanded, are further questions about each. Nothing to look at is unknown.
    """
    findings = [finding for each in readings for finding in (_judged(gate, each), *signed(gate, each))]
    if not readings:
        findings.append(unread("The images", Unknown(why="no component is moved")))
    count = len(readings)
    passing = f"{count} image{'' if count == 1 else 's'} found by digest in the registry"
    passing += ", with the tag pointing there" if gate.tag_resolves else ""
    passing += ", signed as demanded" if gate.signature else ""
    passing += ", built where the rules say" if gate.provenance else ""
    return gated("image", findings, passing=passing)


def _judged(gate: ImageGate, reading: ImageReading) -> Finding:
    name = reading.component
    if reading.repository is not None and not same_repository(reading.repository, reading.configured):
        return _finding(
            Outcome.BLOCK,
            f"{name}: the image repository is {code(reading.repository)}, the rules say {code(reading.configured)}",
            measured=reading.repository,
            needed=reading.configured,
            source="values file",
        )
    found, where = reading.found, reading.configured.partition("/")[0]
    if isinstance(found, Unknown):
        return unread(f"{name}'s image", found)
    if isinstance(found, Missing):
        says, measured = f"{name}: {found.why}", "not there"
        if found.tag_digest is not None:
            says += f"; its tag {code(reading.tag)} points at {found.tag_digest}"
            measured = found.tag_digest
        return _finding(
            Outcome.BLOCK, says, measured=measured, needed=reading.digest, source=where, at=found.at
        )
    return _resolved(gate, reading, found, where)


def _resolved(gate: ImageGate, reading: ImageReading, found: Resolved, where: str) -> Finding:
    name, tag = reading.component, code(reading.tag)
    if found.digest != reading.digest:
        return unread(f"{name}'s image", Unknown(why="the registry was asked for another digest"))
    outcome, says, measured = Outcome.PASS, f"{name}: {where} has {reading.digest}", found.digest
    if gate.tag_resolves:
        measured = found.tag_digest or "no such tag"
        if found.tag_missing:
            outcome, says = (
                Outcome.BLOCK,
                f"{name}: {where} has no tag {tag}; it must point at {reading.digest}",
            )
        elif found.tag_digest is None:
            return unread(f"{name}'s tag {tag}", Unknown(why="it was not asked for"))
        elif found.tag_digest != reading.digest:
            outcome = Outcome.BLOCK
            says = f"{name}: tag {tag} points at {found.tag_digest}, the release claims {reading.digest}"
    return _finding(outcome, says, measured=measured, needed=reading.digest, source=where, at=found.at)


def _finding(
    outcome: Outcome, says: str, *, measured: str, needed: str, source: str, at: datetime | None = None
) -> Finding:
    evidence = Evidence(measured=measured, needed=needed, source=source, at=at)
    return Finding(outcome=outcome, says=says, evidence=(evidence,))
