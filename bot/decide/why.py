"""Why does an environment run what it does? What runs, held against the newest evidence record and Git (row B6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.decide.content import Files, Problem, images_now
from bot.decide.evidence import GREEN
from bot.decide.evidence_summary import count, summary
from bot.model.evidence import Json, bytes_of, canonical, sha256_of
from bot.model.facts import Unknown
from bot.model.hotfix import Debt
from bot.model.image import ImageAt, short_digest
from bot.model.ledger import LedgerRow
from bot.model.policy import Environment
from bot.model.release import Promotion

DIFFERENCES = 10
"""Places at which a note differs from the ledger that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a values file says that an environment runs."""

    file: str
    image: ImageAt


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyFacts:
    """Everything that the answer rests on."""

    environment: str
    component: str
    running: Running
    promotions: tuple[Promotion, ...]
    """The merged ones that brought the component there, the last first."""
    row: LedgerRow | None = None
    """The ledger's row with the record of the last one."""
    note: bytes | Unknown | None = None
    """The Git note about its merge commit."""
    message: str | Unknown | None = None
    """Its merge commit's message."""
    pushes: tuple[LedgerRow, ...] = ()
    """Direct pushes on record, oldest first."""
    debts: tuple[Debt, ...] = ()
    """What the environment owes for hotfixes of the component."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was verified: `ok` None when it could not be."""

    what: str
    ok: bool | None
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The answer. `code` is the command's: 0 it rests on a record that holds, 1 it does not, 3 that cannot be read."""

    facts: WhyFacts
    sentence: str
    code: int
    troubles: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def record(self) -> Json | None:
        """The newest evidence record, as the ledger has it."""
        return record_of(self.facts.row)


def running(environment: Environment, component: str, files: Files) -> Running | Problem | None:
    """What runs, and which values file says so: the first that names the component; None when none does."""
    for values in environment.values:
        found = images_now(replace(environment, values=(values,)), (component,), files)
        if isinstance(found, Problem):
            return found
        if component in found:
            return Running(file=values.file, image=found[component])
    return None


def answer(facts: WhyFacts) -> Why:
    """Why it runs: the record says so, and the record holds; or what is wrong with that."""
    here = f"{facts.environment} runs {facts.component} {image(facts.running.image)}"
    if not facts.promotions:
        says = f"{here}, and Lockstep never promoted {facts.component} there: nothing on record says why."
        return Why(facts=facts, sentence=says, code=1, troubles=(), checks=())
    last, record = facts.promotions[0], record_of(facts.row)
    brought = last.components[facts.component]
    what = f"#{last.pull_number} brought {brought.tag} ({short_digest(brought.digest)})"
    if facts.running.image.digest != brought.digest:
        troubles = tuple(_changed(facts))
        says = f"{here}, but {what} last: that was changed since, and not by a promotion of Lockstep's."
    elif record is None:
        troubles = ()
        says = f"{here} because {what}, but there is no evidence record of that merge."
    else:
        troubles = tuple(_unsound(facts, record, brought.tag))
        found = summary(record)
        says = f"{here} because #{last.pull_number} was merged: {count(found['gates'])}, {_approvers(found)}."
    checks = tuple(_checks(facts.row, record, facts)) if record is not None and facts.row is not None else ()
    no = facts.running.image.digest != brought.digest or record is None or bool(troubles)
    no = no or any(each.ok is False for each in checks)
    code = 1 if no else 3 if any(each.ok is None for each in checks) else 0
    return Why(facts=facts, sentence=says, code=code, troubles=troubles, checks=checks)


def image(found: ImageAt) -> str:
    """`7.0.0 (sha256:0123456789ab)`."""
    return f"{found.tag or 'without a tag'} ({short_digest(found.digest) if found.digest else 'no digest'})"


def record_of(row: LedgerRow | None) -> Json | None:
    """The record that a row of the ledger holds."""
    found = row.entry.details.get("record") if row else None
    return found if isinstance(found, Mapping) else None


def _approvers(found: Json) -> str:
    names = [f"{each['by']} as {', '.join(each['for'])}" for each in found["approved"]]
    return f"approved by {'; '.join(names)}" if names else "nobody's approval was counted"


def _changed(facts: WhyFacts) -> Iterator[str]:
    """What is known of how it came to differ."""
    digest = facts.running.image.digest
    older = (each for each in facts.promotions[1:] if each.components[facts.component].digest == digest)
    for each in older:
        yield f"It is what #{each.pull_number} brought before."
        break
    since = facts.promotions[0].closed_at
    for row in facts.pushes:
        files = str(row.entry.details.get("files", "")).split(", ")
        if facts.running.file in files and (since is None or row.entry.at >= since):
            yield f"{row.entry.at:%Y-%m-%d %H:%M:%SZ}: {row.entry.reason} ({str(row.entry.head_sha)[:12]})"


def _unsound(facts: WhyFacts, record: Json, tag: str) -> Iterator[str]:
    """Why the record does not carry what runs, although the digest is the one that was promoted."""
    there, merged = facts.running.image.tag, record["merged"]
    if there is not None and there != tag:
        yield f"{facts.running.file} says tag {there}, the promotion said {tag}: changed since, by hand."
    if merged["standing"] != GREEN:
        held = f" ({', '.join(merged['not_green'])})" if merged["not_green"] else ""
        who = merged["by"]["login"] if merged["by"] else "Somebody"
        yield f"{who} merged it although it was not green: what was merged was {merged['standing']}{held}."


def _checks(row: LedgerRow, record: Json, facts: WhyFacts) -> Iterator[Check]:
    data, said = bytes_of(record), str(row.entry.details.get("sha256"))
    own = sha256_of(data)
    ledger = f"row {row.seq}"
    if own == said:
        yield Check(what="ledger", ok=True, says=f"{ledger} holds the record and its hash, {said}")
    else:
        yield Check(what="ledger", ok=False, says=f"{ledger} says {said}, its record hashes to {own}")
    yield _note(facts.note, data, said)
    judged = sha256_of(canonical(record["judged"])) if record["judged"] else None
    yield from _trailer(facts.message, judged)


def _note(note: bytes | Unknown | None, data: bytes, said: str) -> Check:
    what = "Git note"
    if isinstance(note, Unknown):
        return Check(what=what, ok=None, says=f"it could not be read: {note.why}")
    if note is None:
        return Check(what=what, ok=False, says="there is none about the merge commit")
    found = sha256_of(note)
    if found == said:
        return Check(what=what, ok=True, says="its bytes hash to what the ledger says")
    differs = "; ".join(_differences(data, note)) or "the same content in other bytes"
    return Check(what=what, ok=False, says=f"its bytes hash to {found}, the ledger says {said}: {differs}")


def _trailer(message: str | Unknown | None, judged: str | None) -> Iterator[Check]:
    """Nothing without a trailer: a person's merge, a rebase merge and a merge queue write messages of their own."""
    what = "merge commit"
    if isinstance(message, Unknown):
        yield Check(what=what, ok=None, says=f"its message could not be read: {message.why}")
        return
    lines = [line for line in (message or "").splitlines() if line.startswith("Evidence: ")]
    if lines and lines[-1] == f"Evidence: {judged}":
        yield Check(what=what, ok=True, says="its trailer Evidence: is the hash of what was judged")
    elif lines:
        yield Check(
            what=what, ok=False, says=f"its trailer is {lines[-1]!r}, what was judged hashes to {judged}"
        )


def _differences(ledger: bytes, note: bytes) -> list[str]:
    try:
        other = json.loads(note)
    except ValueError:
        return ["the note is no JSON"]
    found = list(_compared("", json.loads(ledger), other))
    more = [f"and {len(found) - DIFFERENCES} more"] if len(found) > DIFFERENCES else []
    return found[:DIFFERENCES] + more


def _compared(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            yield from _compared(f"{where}.{name}", ours.get(name), theirs.get(name))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, two) in enumerate(zip(ours, theirs, strict=True)):
            yield from _compared(f"{where}[{number}]", one, two)
    elif ours != theirs:
        yield f"{where or '.'} is {_short(theirs)} in the note, {_short(ours)} in the ledger"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
