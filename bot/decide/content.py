"""What a promotion writes: which files change, byte for byte, when components move to given images (row R2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from bot.decide.bump import BumpRefused, bump_images, read_images
from bot.model.facts import RepositoryFile, Unknown
from bot.model.image import Image, ImageAt
from bot.model.policy import Environment, ValuesFile

Files = Mapping[str, RepositoryFile | Unknown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One component's step in one file: what stands there, and what will."""

    component: str
    file: str
    before: ImageAt
    after: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The files that change, whole, and the moves that change them. Both empty: nothing to do."""

    files: Mapping[str, bytes]
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why content cannot be made or read: a sentence that names the file, the line and what to do."""

    message: str


def readable(path: str, files: Files) -> bytes | Problem:
    """The bytes of a regular values file; a missing, unreadable, symlinked or submodule one is a problem."""
    found = files.get(path)
    if found is None:
        return Problem(message=f"{path} was not read.")
    if isinstance(found, Unknown):
        return Problem(message=f"{path} cannot be read: {found.why}")
    if not found.is_regular:
        kind = "symbolic link" if found.mode == 0o120000 else "submodule or directory"
        return Problem(message=f"{path} is a {kind}; Lockstep edits plain files only. Name the real file.")
    return found.data


def images_now(
    environment: Environment, components: tuple[str, ...], files: Files
) -> Mapping[str, ImageAt] | Problem:
    """What each of `components` runs in an environment, as its values files say; absent ones are left out."""
    found: dict[str, ImageAt] = {}
    for values in environment.values:
        data = readable(values.file, files)
        if isinstance(data, Problem):
            return data
        try:
            there = _read(data, _here(values, components), values)
        except BumpRefused as refused:
            return Problem(message=str(refused))
        found.update({name: image for name, image in there.items() if name not in found})
    return found


def content_of(environment: Environment, images: Mapping[str, Image], files: Files) -> Content | Problem:
    """The files as they must be for `images` to run in an environment.

    A component that stands in none of the environment's files is a problem, so is anything that cannot be edited with
    certainty. Files that would not change are left out.
    """
    edited: dict[str, bytes] = {}
    moves: list[Move] = []
    placed: set[str] = set()
    for values in environment.values:
        data = edited.get(values.file) or readable(values.file, files)
        if isinstance(data, Problem):
            return data
        wanted = _here(values, tuple(images))
        try:
            there = _read(data, wanted, values)
            here = {name: images[name] for name in there}
            after, _ = bump_images(data, here, path=values.path, file=values.file)
        except BumpRefused as refused:
            return Problem(message=str(refused))
        placed.update(there)
        if after != data:
            edited[values.file] = after
        moves.extend(
            Move(component=name, file=values.file, before=there[name], after=image)
            for name, image in here.items()
            if (there[name].digest, there[name].tag) != (image.digest, image.tag)
        )
    missing = sorted(set(images) - placed)
    if missing:
        places = ", ".join(f"{values.file} at {values.path}" for values in environment.values)
        return Problem(message=f"{', '.join(missing)} not found in {environment.name}: looked in {places}.")
    return Content(files=edited, moves=tuple(moves))


@lru_cache(maxsize=128)
def _read(data: bytes, components: tuple[str, ...], values: ValuesFile) -> Mapping[str, ImageAt]:
    """`read_images`, remembered: one decision asks for the same files several times, and parsing is what it costs."""
    found = read_images(data, components, path=values.path, file=values.file, missing_ok=True)
    return MappingProxyType(dict(found))


def _here(values: ValuesFile, components: tuple[str, ...]) -> tuple[str, ...]:
    if values.components is None:
        return components
    return tuple(name for name in components if name in values.components)
