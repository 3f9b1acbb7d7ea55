"""Reads and moves component images in a values file (rows R2 and R8: tag for people, digest for machines)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.decide.bump.insert import insert_after
from bot.decide.bump.lookup import Missing, to_pointer
from bot.decide.bump.parse import Parsed, parse
from bot.decide.bump.places import Form, Place, locate
from bot.decide.bump.reference import same_repository
from bot.decide.bump.scalars import Target, not_shared, plan_scalars
from bot.decide.bump.splice import Plan, Splice, carry_out
from bot.decide.bump.values import BumpRefused, Edit
from bot.model.image import DIGEST, TAG, Image, ImageAt

Change = tuple[Place, Image]


def read_images(
    data: bytes, components: Iterable[str], *, path: str, file: str, missing_ok: bool = False
) -> Mapping[str, ImageAt]:
    """What stands in the file for each component now.

    `path` is a template such as `services.{component}.image`. A component whose path does not exist raises
    BumpRefused, or is left out with `missing_ok`. Anything unclear (a path in two documents, a list where
    an image was meant, a key that stands twice) raises BumpRefused in any case.
    """
    parsed = parse(data, file=file)
    found: dict[str, ImageAt] = {}
    for component in components:
        place = locate(parsed, component, path)
        if not isinstance(place, Missing):
            found[component] = place.now
        elif not missing_ok:
            raise parsed.refuse(place.position, f"component {component!r}: {place.message}")
    return found


def bump_images(
    data: bytes, images: Mapping[str, Image], *, path: str, file: str
) -> tuple[bytes, tuple[Edit, ...]]:
    """Move each component to its image, by editing only its tag and digest.

    Returns the new bytes and the edits in the order of the file; `(data, ())` when all stands there
    already. The form that stands there is kept, but the result always carries the digest. Raises
    BumpRefused, with nothing changed.
    """
    parsed = parse(data, file=file)
    changes: list[Change] = []
    for component, image in images.items():
        _check_image(file, component, image)
        place = locate(parsed, component, path)
        if isinstance(place, Missing):
            raise parsed.refuse(place.position, f"component {component!r}: {place.message}")
        _check_repository(parsed, component, place, image)
        changes.append((place, image))
    targets = [target for place, image in changes for target in _targets(parsed, place, image)]
    splices, values = plan_scalars(parsed, targets)
    more, added = _additions(parsed, changes)
    if not splices and not more:
        return data, ()
    return carry_out(parsed, Plan(splices=[*splices, *more], values=values, added=added))


def _check_image(file: str, component: str, image: Image) -> None:
    if not TAG.fullmatch(image.tag):
        message = f"component {component!r}: {image.tag!r} is not an image tag; correct the release"
        raise BumpRefused(file=file, line=None, message=message)
    if not DIGEST.fullmatch(image.digest):
        wanted = "the digest must be sha256: and 64 lowercase hex digits"
        message = f"component {component!r}: {wanted}; correct the release"
        raise BumpRefused(file=file, line=None, message=message)


def _check_repository(parsed: Parsed, component: str, place: Place, image: Image) -> None:
    """What stands there must be the configured repository, exactly (attack case 38)."""
    there = place.now.repository
    if image.repository is None or there is None or same_repository(there, image.repository):
        return
    message = (
        f"component {component!r} is {there!r} here, but the rules say {image.repository!r}; "
        "correct the path, the repository here or the rules"
    )
    raise parsed.refuse(place.node.head(), message)


def _targets(parsed: Parsed, place: Place, image: Image) -> list[Target]:
    if place.form is Form.STRING:
        return [_target(place, (), _as_string(parsed, place, image))]
    if place.form is Form.TAG_KEY:
        return [_target(place, ("tag",), f"{image.tag}@{image.digest}")]
    targets = []
    if place.tag is not None:
        targets.append(_target(place, ("tag",), image.tag))
    if place.digest is not None:
        targets.append(_target(place, ("digest",), image.digest))
    return targets


def _target(place: Place, below: tuple[str, ...], value: str) -> Target:
    entry = {(): None, ("tag",): place.tag, ("digest",): place.digest}[below]
    node = place.node if entry is None else entry[1].real()
    return Target(document=place.document, tokens=(*place.tokens, *below), node=node, value=value)


def _as_string(parsed: Parsed, place: Place, image: Image) -> str:
    """`repository@digest` stays without a tag; every other form becomes `repository:tag@digest`."""
    now = place.now
    if now.tag is None and now.digest is None and image.repository is None:
        # Any word could be a bare repository: without the configured one there is nothing to know it by.
        message = f"{to_pointer(place.tokens)} has neither tag nor digest; correct the path or add a tag"
        raise parsed.refuse(place.node.head(), message)
    if now.tag is None and now.digest is not None:
        return f"{now.repository}@{image.digest}"
    return f"{now.repository}:{image.tag}@{image.digest}"


def _additions(parsed: Parsed, changes: list[Change]) -> tuple[list[Splice], dict[int, tuple[str, str]]]:
    """The digests that are missing beside a tag; one for all components that share the mapping."""
    groups: dict[int, list[Change]] = {}
    for place, image in changes:
        if place.form is Form.KEYS and place.digest is None:
            groups.setdefault(place.node.event, []).append((place, image))
    splices: list[Splice] = []
    added: dict[int, tuple[str, str]] = {}
    for group in groups.values():
        place, image = group[0]
        if any(other.digest != image.digest for _, other in group):
            message = "two components share this image through an alias and would differ; write them out"
            raise parsed.refuse(place.node.head(), message)
        not_shared(parsed, place.node, {other.tokens for other, _ in group}, "adding a digest")
        tag = place.tag
        if tag is None:
            raise parsed.refuse(place.node.start, f"{to_pointer(place.tokens)} has no tag; add one")
        pointer = to_pointer((*place.tokens, "digest"))
        edit = Edit(file=parsed.file, line=0, pointer=pointer, before=None, after=image.digest)
        splices += insert_after(parsed, tag, "digest", image.digest, edit)
        added[tag[1].event] = ("digest", image.digest)
    return splices, added
