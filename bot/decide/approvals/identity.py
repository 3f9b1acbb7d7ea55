"""What exactly is approved? The content's identity, and what sets two of them apart, in sentences (row B1).

A rebase that changes nothing keeps the identity; another digest, another byte, another base (attack case 48) or
other evidence changes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from bot.model.approval_facts import ContentIdentity
from bot.model.facts import RepositoryFile, Unknown
from bot.model.image import ComponentTag
from bot.model.policy_gates import GATE_NAMES
from bot.model.verdict import Outcome, Verdict

CLOCK_GATES = frozenset({"soak", "freeze"})
"""Gates that the clock alone ends. They tell nothing about the content, so people may approve while they run."""

OPEN = "open"
OVERRIDDEN = "overridden"
_CLASS = {
    Outcome.PASS: "passed",
    Outcome.BLOCK: "failed",
    Outcome.SKIP: "skipped",
    Outcome.WAIT: OPEN,
    Outcome.UNKNOWN: OPEN,
}
_NOW = {
    "passed": "passes now",
    "failed": "fails now",
    "skipped": "is skipped now",
    OVERRIDDEN: "was set aside by an override since",
}


def evidence_class(
    verdicts: Iterable[Verdict], overridden: Collection[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Gate to the kind of answer it gave, sorted: the measured value may move, its class may not.

    `overridden`: the gates that an override has set aside in `verdicts`. Verdicts that are no gates, such as other
    people's checks, are left out: a rebase starts those anew.
    """
    found = {
        verdict.gate: OVERRIDDEN if verdict.gate in overridden else _CLASS[verdict.outcome]
        for verdict in verdicts
        if verdict.gate in GATE_NAMES and verdict.gate not in CLOCK_GATES
    }
    return tuple(sorted(found.items()))


def content_identity(
    base_ref: str,
    components: Mapping[str, ComponentTag],
    changed_files: Collection[str],
    head_files: Mapping[str, RepositoryFile | Unknown | None],
    gates: tuple[tuple[str, str], ...],
) -> ContentIdentity | Unknown:
    """The identity of what a pull request brings, or Unknown when one of its files could not be read.

    `head_files` holds each of `changed_files` as it stands at the head; None: deleted there.
    """
    files: list[tuple[str, str]] = []
    for path in sorted(set(changed_files)):
        file = head_files.get(path, Unknown(why="it was not read"))
        if isinstance(file, Unknown):
            return Unknown(why=f"{path} cannot be read: {file.why}")
        print_ = "deleted" if file is None else f"{file.mode:o}:{hashlib.sha256(file.data).hexdigest()}"
        files.append((path, print_))
    digests = tuple(sorted((name, tag.digest) for name, tag in components.items()))
    return ContentIdentity(base_ref=base_ref, digests=digests, files=tuple(files), gates=gates)


def differences(then: ContentIdentity, now: ContentIdentity) -> tuple[str, ...]:
    """Why a yes to `then` is no yes to `now`, a clause each; empty when it is.

    A gate that was open then voids; one that is open only now does not: when it answers, its answer is compared.
    """
    found: list[str] = []
    if then.base_ref != now.base_ref:
        found.append(f"it goes to {now.base_ref} now, not to {then.base_ref}")
    found += _changed(dict(then.digests), dict(now.digests), "the digest of ")
    found += _changed(dict(then.files), dict(now.files), "")
    return (*found, *_gates(dict(then.gates), dict(now.gates)))


def _changed(then: Mapping[str, str], now: Mapping[str, str], what: str) -> Iterable[str]:
    for name in sorted({*then, *now}):
        if name not in now:
            yield f"{name} is no longer part of it"
        elif name not in then:
            yield f"{name} was added"
        elif then[name] != now[name]:
            yield f"{what}{name} changed"


def _gates(then: Mapping[str, str], now: Mapping[str, str]) -> Iterable[str]:
    for gate in sorted({*then, *now}):
        before, after = then.get(gate), now.get(gate)
        if before == OPEN:
            yield f"{gate} had no answer yet"
        elif after == OPEN or before == after:
            continue
        elif after is None:
            yield f"{gate} is no longer asked"
        elif before is None:
            yield f"{gate} was not asked then"
        else:
            yield f"{gate} {_NOW.get(after, f'is {after} now')}"
