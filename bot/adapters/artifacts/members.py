"""Reads several files of an artifact's zip, in memory and under bounds: the reports of CI (attack cases 33, 34).

The layout is `layout`'s. One bad entry refuses the archive, also one that nobody asked for: an archive that lies
in one place is not believed in another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.adapters.artifacts import layout
from bot.adapters.artifacts.layout import Entry, refuse

_LONGEST_NAME = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLimits:
    """Bounds: bytes of the archive, of one file and of all files taken, entries, and the greatest expansion.

    `archive` and `entries` leave room for what tests upload beside their reports, such as screenshots.
    """

    archive: int = 64 * 1024 * 1024
    member: int = 16 * 1024 * 1024
    total: int = 64 * 1024 * 1024
    entries: int = 5000
    ratio: int = 200


_DEFAULT = MemberLimits()


def members(
    data: bytes, wanted: Callable[[str], bool], *, limits: MemberLimits = _DEFAULT
) -> dict[str, bytes]:
    """Name to content of every file whose name `wanted` takes, in the archive's order; perhaps none.

    Names are relative, with `/` between folders. Only what is wanted is unpacked. Raises ArtifactRefused with code
    "bad_artifact" for the whole archive; the message repeats nothing of it.
    """
    if len(data) > limits.archive:
        refuse(f"is larger than {limits.archive} bytes zipped")
    offset, total = layout.directory(data, most=limits.entries)
    entries = _entries(data, offset, total)
    found: dict[str, bytes] = {}
    left = limits.total
    for entry, boundary in zip(entries, [*(each.start for each in entries[1:]), offset], strict=True):
        packed = layout.packed_bytes(data, entry, boundary)
        name = entry.name.decode()
        if entry.folder or not wanted(name):
            continue
        if entry.size > left:
            refuse(f"holds more than {limits.total} bytes of reports; let `files` match only the reports")
        found[name] = layout.unpack(packed, entry, most=limits.member, ratio=limits.ratio)
        left -= len(found[name])
    return found


def _entries(data: bytes, offset: int, total: int) -> Sequence[Entry]:
    """All entries, having checked that they cover the archive in their order and that no name can mislead."""
    entries: list[Entry] = []
    for _ in range(total):
        entries.append(layout.entry_at(data, offset))
        offset = entries[-1].after
    starts = [entry.start for entry in entries]
    if offset != layout.directory_end(data) or starts[0] or starts != sorted(set(starts)):
        refuse("has a damaged directory, or bytes that belong to no file")
    for entry in entries:
        _check(entry)
    if len({entry.name for entry in entries}) != total:
        refuse("holds two files of the same name")
    return entries


def _check(entry: Entry) -> None:
    if not entry.name.isascii() and not (entry.utf8 and _is_utf8(entry.name)):
        refuse("holds a file whose name is not UTF-8")
    name = entry.name.decode()
    parts = (name.removesuffix("/") if entry.folder else name).split("/")
    bad = {"", ".", ".."} & set(parts) or "\\" in name or ":" in parts[0]
    if bad or len(name) > _LONGEST_NAME or not name.isprintable():
        refuse("holds a file whose name leads out of the archive or is no ordinary path")
    if entry.special and not entry.folder:
        refuse("holds a link or a device; upload regular files only")
    if entry.folder and entry.size:
        refuse("holds a folder with content")
    layout.check_packing(entry)


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
