"""Who signed an image, and where was it built? Two findings of the image gate (attack case 41, row B10)."""

from __future__ import annotations

from bot.decide.gates.measuring import Finding, unread
from bot.decide.text import code, plain
from bot.model.facts import Unknown
from bot.model.measurements import Attested, BuiltFrom, ImageReading, Signed, Unsigned
from bot.model.policy_gates import ImageGate
from bot.model.verdict import Evidence, Outcome


def signed(gate: ImageGate, reading: ImageReading) -> list[Finding]:
    """The demanded signature and provenance of one image; nothing demanded, nothing found."""
    found: list[Finding] = []
    if gate.signature is not None:
        found.append(_signature(reading))
    if gate.provenance is not None:
        found.append(_provenance(reading))
    return found


def _signature(reading: ImageReading) -> Finding:
    name, found = reading.component, reading.signature
    if found is None or isinstance(found, Unknown):
        return unread(f"{name}'s signature", found or Unknown(why="it was not asked for"))
    if isinstance(found, Unsigned):
        return _unsigned(f"{name} is not signed as the rules demand", "the rules' signature", reading, found)
    evidence = _evidence("signed by " + found.by, "the rules' signature", found)
    return Finding(
        outcome=Outcome.PASS, says=f"{name}: signed by {plain(found.by, 200)}", evidence=(evidence,)
    )


def _provenance(reading: ImageReading) -> Finding:
    name, found, wanted = reading.component, reading.provenance, reading.built
    if found is None or wanted is None or isinstance(found, Unknown):
        why = found if isinstance(found, Unknown) else Unknown(why="it was not asked for")
        return unread(f"{name}'s provenance", why)
    if isinstance(found, Unsigned):
        return _unsigned(f"{name}'s origin is not attested as the rules demand", "provenance", reading, found)
    wrong = [_wrong(each, wanted) for each in found.built]
    needed = f"{wanted.repository} at {str(wanted.commit)[:7]} by {wanted.workflow}"
    if None in wrong:
        evidence = _evidence(f"{needed}, says {found.by}", needed, found)
        return Finding(outcome=Outcome.PASS, says=f"{name}: built from {needed}", evidence=(evidence,))
    says = f"{name}: {wrong[0]}"
    built = found.built[0]
    measured = f"{built.repository} at {str(built.commit)[:7]} by {built.workflow}"
    return Finding(outcome=Outcome.BLOCK, says=says, evidence=(_evidence(measured, needed, found),))


def _wrong(found: BuiltFrom, wanted: BuiltFrom) -> str | None:
    """What of a provenance is not as wanted; None when it is all right. What it leaves out is not right."""
    if found.repository.lower() != wanted.repository.lower():
        return f"its provenance names {code(found.repository)}, the rules {code(wanted.repository)}"
    if found.workflow != wanted.workflow:
        named = code(found.workflow or "(none)")
        return f"its provenance names the workflow {named}, the rules {code(wanted.workflow or '')}"
    if found.commit != wanted.commit:
        named = code(found.commit or "(none)")
        return f"its provenance names the commit {named}, the release {code(wanted.commit or '')}"
    if found.ref != wanted.ref:
        return (
            f"its provenance names {code(found.ref or '(no branch)')}, the release {code(wanted.ref or '')}"
        )
    return None


def _unsigned(says: str, needed: str, reading: ImageReading, found: Unsigned) -> Finding:
    evidence = Evidence(
        measured=plain(found.why, 300),
        needed=needed,
        source=reading.configured.partition("/")[0],
        at=found.at,
    )
    return Finding(outcome=Outcome.BLOCK, says=f"{says}: {plain(found.why, 300)}", evidence=(evidence,))


def _evidence(measured: str, needed: str, found: Signed | Attested) -> Evidence:
    return Evidence(measured=plain(measured, 300), needed=needed, source=found.source, at=found.at)
