"""The image gate: the registry's answer for each promoted component, in exactly the configured repository."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.content import Problem, images_now
from bot.decide.gates import Gated
from bot.decide.gates import image as image_gate
from bot.errors import UserError
from bot.model.facts import Unknown
from bot.model.image import ImageAt
from bot.model.measurements import ImageReading
from bot.run.gates.question import Question


def image(question: Question) -> Gated:
    """One resolution for each component, in this look (attack cases 38, 39)."""
    gate = question.environment.gates.image
    if gate is None:
        raise UserError("the gate is not set")
    written = _written(question)
    readings = [_reading(question, name, written.get(name)) for name in sorted(question.promotion.components)]
    return image_gate.image(gate, readings)


def _reading(question: Question, name: str, written: ImageAt | None) -> ImageReading:
    tag = question.promotion.components[name]
    configured = question.source.components.get(name)
    if configured is None:
        raise UserError(f"the rules list no image for {name} (any more)")
    gate = question.environment.gates.image
    asked_tag = tag.tag if gate is None or gate.tag_resolves else None
    return ImageReading(
        component=name,
        configured=configured,
        repository=written.repository if written else None,
        tag=tag.tag,
        digest=tag.digest,
        found=question.house.readers.image(configured, tag.digest, asked_tag, question.now),
    )


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
