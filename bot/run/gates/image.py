"""The image gate: what the registry has for each promoted component, who signed it, and where it was built."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from bot.decide.content import Problem, images_now
from bot.decide.gates import Gated
from bot.decide.gates import image as image_gate
from bot.errors import UserError
from bot.model.facts import RepositoryFile, Unknown
from bot.model.image import ImageAt
from bot.model.measurements import (
    Attested,
    BuiltFrom,
    ImageReading,
    Missing,
    Resolved,
    Signed,
    Trust,
    Unsigned,
)
from bot.model.policy_gates import ImageGate, Provenance, Signature
from bot.run.gates.question import Question
from bot.run.gates.source import bringing, named_now

Answer = TypeVar("Answer")


def image(question: Question) -> Gated:
    """One resolution for each component of a promotion's commit: what was found once is not asked again, because the
    digest is what is deployed (attack cases 38, 39)."""
    gate = question.environment.gates.image
    if gate is None:
        raise UserError("the gate is not set")
    written = _written(question)
    readings = [
        _reading(question, gate, name, written.get(name)) for name in sorted(question.promotion.components)
    ]
    return image_gate.image(gate, readings)


def _reading(question: Question, gate: ImageGate, name: str, written: ImageAt | None) -> ImageReading:
    tag = question.promotion.components[name]
    configured = question.source.components.get(name)
    if configured is None:
        raise UserError(f"the rules list no image for {name} (any more)")
    readers, now = question.house.readers, question.now
    asked_tag = tag.tag if gate.tag_resolves else None
    found = _once(
        question,
        ("resolved", question.snapshot.pull.head_sha, configured, tag.digest, asked_tag),
        lambda: readers.image(configured, tag.digest, asked_tag, now),
        settled=_right_tag,
    )
    there = isinstance(found, Resolved)
    return ImageReading(
        component=name,
        configured=configured,
        repository=written.repository if written else None,
        tag=tag.tag,
        digest=tag.digest,
        found=found,
        signature=_signature(question, gate.signature, configured, tag.digest) if there else None,
        provenance=_provenance(question, gate.provenance, name, configured) if there else None,
        built=_built(question, name) if there and gate.provenance else None,
    )


def _signature(
    question: Question, wanted: Signature | None, repository: str, digest: str
) -> Signed | Unsigned | Unknown | None:
    if wanted is None:
        return None
    trust = _trust(question, wanted, identity=wanted.identity or "")
    if isinstance(trust, Unknown):
        return trust
    return _once(
        question,
        ("signed", repository, digest, trust),
        lambda: question.house.readers.signature(repository, digest, trust, question.now),
        settled=lambda found: isinstance(found, Signed),
    )


def _provenance(
    question: Question, wanted: Provenance | None, name: str, repository: str
) -> Attested | Unsigned | Unknown | None:
    if wanted is None:
        return None
    release = bringing(question, name)
    digest = question.promotion.components[name].digest
    app = named_now(question, release)
    own = f"{question.house.web_url}/{app}/{question.source.workflow}@refs/heads/{release.branch}"
    trust = _trust(question, wanted, identity=wanted.identity or own)
    if isinstance(trust, Unknown):
        return trust

    def asked() -> Attested | Unsigned | Unknown:
        by_key = trust.key is not None
        bundles = None if by_key else question.github.attestations(app, digest)
        if isinstance(bundles, Unknown):
            return bundles
        return question.house.readers.provenance(repository, digest, trust, bundles, question.now)

    built = _built(question, name)
    return _once(
        question,
        ("provenance", repository, digest, trust, built),
        asked,
        settled=lambda found: isinstance(found, Attested) and built in found.built,
    )


def _built(question: Question, name: str) -> BuiltFrom:
    """What the provenance must say: the source's repository and workflow, the release's commit and branch."""
    release = bringing(question, name)
    return BuiltFrom(
        repository=f"{question.house.web_url}/{named_now(question, release)}",
        commit=release.head_sha,
        workflow=question.source.workflow,
        ref=f"refs/heads/{release.branch}",
    )


def _trust(question: Question, wanted: Signature | Provenance, *, identity: str) -> Trust | Unknown:
    """The demanded key or identity; a key file is the default branch's, which came with the snapshot."""
    if wanted.key is not None:
        return Trust(key=wanted.key)
    if wanted.key_file is None:
        return Trust(issuer=wanted.issuer, identity=identity)
    found = question.snapshot.base_files.get(wanted.key_file)
    if found is None:
        at, config = question.snapshot.base_head_sha, question.snapshot.repository.full_name
        found = question.github.files(config, at, [wanted.key_file])[wanted.key_file]
    if not isinstance(found, RepositoryFile) or not found.is_regular:
        why = found.why if isinstance(found, Unknown) else "it is no plain file"
        return Unknown(why=f"the key {wanted.key_file} cannot be read: {why}")
    return Trust(key=found.data.decode("ascii", "replace"))


def _once(
    question: Question,
    key: tuple[Hashable, ...],
    ask: Callable[[], Answer],
    settled: Callable[[Answer], bool],
) -> Answer:
    """What was found as it must be stays so; everything else is asked again in the next look."""
    kept = question.house.proven
    if key in kept:
        found: Answer = kept[key]
        return found
    answer = question.once(key, ask)
    if settled(answer):
        while len(kept) >= MOST_PROVEN:
            kept.pop(next(iter(kept)), None)
        kept[key] = answer
    return answer


def _right_tag(found: Resolved | Missing | Unknown) -> bool:
    return isinstance(found, Resolved) and not found.tag_missing and found.tag_digest in (None, found.digest)


def _written(question: Question) -> Mapping[str, ImageAt]:
    """What the values files have at the pull request's head; a commit's files never change, so they are read once."""
    pull, config = question.snapshot.pull, question.snapshot.repository
    key = (config.id, pull.head_sha, question.environment.name)
    kept = question.house.values
    if key not in kept:
        paths = [each.file for each in question.environment.values]
        files = question.github.files(config.full_name, pull.head_sha, paths)
        unread = [each.why for each in files.values() if isinstance(each, Unknown)]
        found = images_now(question.environment, tuple(question.promotion.components), files)
        if unread or isinstance(found, Problem):
            why = unread[0] if unread else str(getattr(found, "message", ""))
            raise UserError(f"the values files could not be read: {why}")
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = found
    return kept[key]


MOST_KEPT = 200
"""Commits whose values files are kept in memory."""
MOST_PROVEN = 2000
"""Images found, signatures and provenances verified, that are kept in memory."""
