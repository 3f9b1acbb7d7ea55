"""Reads the one file of an artifact's zip, in memory, and refuses every other shape (attack cases 33, 34).

The layout is `layout`'s, with exactly one file that has exactly the expected name.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.artifacts import layout
from bot.adapters.artifacts.layout import refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds, in bytes. `ratio` is the greatest expansion: content bytes for each compressed byte."""

    archive: int = 1024 * 1024
    member: int = 256 * 1024
    ratio: int = 200


_DEFAULT = Limits()


def read_member(data: bytes, name: str, *, limits: Limits = _DEFAULT) -> bytes:
    """The content of the archive's single member, which must be a regular file called exactly `name`.

    Never allocates more than `limits.member` + 1 bytes for the content. Raises ArtifactRefused with code
    "bad_artifact" for everything else; the message says what is wrong and repeats nothing of the archive.
    """
    if len(data) > limits.archive:
        refuse(f"is larger than {limits.archive} bytes zipped")
    offset, _ = layout.directory(data, most=1)
    entry = layout.entry_at(data, offset)
    if entry.start or layout.directory_end(data) != entry.after:
        refuse("has a damaged directory, or bytes that belong to no file")
    if entry.name != name.encode():
        refuse(f"must hold {name} at its top and nothing else; its one member has another name")
    if entry.special:
        refuse(f"must hold {name} as a regular file, not as a link, folder or device")
    layout.check_packing(entry)
    packed = layout.packed_bytes(data, entry, offset)
    return layout.unpack(packed, entry, most=limits.member, ratio=limits.ratio)
