"""The layout of a zip archive, read strictly: what `zips` (one file) and `members` (many) have in common.

The standard library's `zipfile` opens whatever can be opened: it searches for the directory, skips what
stands before it, and believes the directory where it disagrees with the file's own header. An artifact of
ours needs none of that. So the only layout taken is the one that an ordinary upload has:

    (local header · data · [data descriptor])… · a directory entry for each · end record, and not one byte besides

Nothing can overlap, hide or lie in it (attack cases 33, 34).
Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (section 4.3).
"""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass
from typing import NoReturn

from bot.errors import ArtifactRefused

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ZIP64_LOCATOR_SIZE = 20

_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_PATCHED = 1 << 5
_DESCRIPTOR = 1 << 3
_UTF8 = 1 << 11
_STORED, _DEFLATED = 0, 8
_ZIP64_EXTRA, _UNICODE_NAME_EXTRA = 0x0001, 0x7075


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the directory. `start` is where its local header stands, `after` where the next entry does."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    after: int
    special: bool
    """Not a regular file: a folder, link or device."""
    folder: bool

    @property
    def utf8(self) -> bool:
        """Whether the name says that it is UTF-8."""
        return bool(self.flags & _UTF8)


def directory(data: bytes, *, most: int) -> tuple[int, int]:
    """Where the directory starts and how many entries it holds: 1 if `most` is 1, else 1 to `most`."""
    end = directory_end(data)
    if end < 0 or data[end : end + 4] != b"PK\x05\x06":
        if data.startswith(b"PK") and data.rfind(b"PK\x05\x06") >= 0:
            refuse("has bytes or a comment after its end")
        refuse("is not a complete zip archive")
    _, disk, first_disk, here, total, size, offset, comment = _END.unpack_from(data, end)
    locator = end - _ZIP64_LOCATOR_SIZE
    if total == 0xFFFF or data[max(locator, 0) : max(locator, 0) + 4] == b"PK\x06\x07":
        refuse("uses the zip64 layout, which small files do not need")
    if disk or first_disk or here != total or comment:
        refuse("is split over several archives, or cut off")
    if most == 1 and total != 1:
        refuse(f"holds {total} files; it must hold exactly one")
    if not 0 < total <= most:
        refuse(f"holds {total} files; it must hold at least one and at most {most}")
    if offset + size != end:
        refuse("has bytes that belong to no file")
    return int(offset), int(total)


def directory_end(data: bytes) -> int:
    """Where the last entry must end: at the end record."""
    return len(data) - _END.size


def entry_at(data: bytes, offset: int) -> Entry:
    """The directory's entry that stands at `offset`."""
    end = directory_end(data)
    if end - offset < _ENTRY.size or data[offset : offset + 4] != b"PK\x01\x02":
        refuse("has a damaged directory")
    fields = _ENTRY.unpack_from(data, offset)
    (_, made_by, _, flags, method, _, _, crc, packed, size) = fields[:10]
    (name_size, extra_size, comment_size, disk, _, attributes, local) = fields[10:]
    start = offset + _ENTRY.size
    after = start + name_size + extra_size + comment_size
    if after > end or disk:
        refuse("has a damaged directory, or bytes that belong to no file")
    _check_extra(data[start + name_size : start + name_size + extra_size])
    kind = stat.S_IFMT(attributes >> 16) if made_by >> 8 == 3 else 0
    name = data[start : start + name_size]
    folder = bool(attributes & 0x10) or kind == stat.S_IFDIR or (name.endswith(b"/") and not size)
    return Entry(
        name=name,
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        size=size,
        start=local,
        after=after,
        special=folder or kind not in (0, stat.S_IFREG),
        folder=folder,
    )


def check_packing(entry: Entry) -> None:
    """Refuses what cannot be unpacked without a password or another library."""
    if entry.flags & (_ENCRYPTED | _PATCHED):
        refuse("is encrypted or holds a patch; upload it without a password")
    if entry.method not in (_STORED, _DEFLATED):
        refuse("is compressed by a method other than deflate")


def _check_extra(extra: bytes) -> None:
    """Extra fields may hold times and owners, but neither other sizes (zip64) nor another name."""
    while extra:
        if len(extra) < 4:
            refuse("has a damaged header")
        kind, size = struct.unpack_from("<2H", extra)
        if kind in (_ZIP64_EXTRA, _UNICODE_NAME_EXTRA) or len(extra) < 4 + size:
            refuse("has a header with a second name or size")
        extra = extra[4 + size :]


def packed_bytes(data: bytes, entry: Entry, boundary: int) -> memoryview:
    """The entry's compressed bytes, having checked that the file's own header agrees with the directory.

    `boundary` is where whatever comes behind it starts: the file must reach exactly there.
    """
    head = data[entry.start : entry.start + _LOCAL.size]
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        refuse("has bytes before its first file" if entry.start == 0 else "has bytes that belong to no file")
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(head)
    name_end = entry.start + _LOCAL.size + name_size
    start = name_end + extra_size
    name = data[entry.start + _LOCAL.size : name_end]
    if (name, flags, method) != (entry.name, entry.flags, entry.method):
        refuse("describes its file twice, and differently")
    _check_extra(data[name_end:start])
    truth = (entry.crc, entry.packed, entry.size)
    stop = start + entry.packed
    if flags & _DESCRIPTOR:
        # A streaming writer (actions/upload-artifact is one) leaves zeros in front, the numbers follow.
        agrees = (crc, packed, size) in (truth, (0, 0, 0))
        behind = struct.pack("<3L", *truth)
        agrees = agrees and data[stop:boundary] in (behind, b"PK\x07\x08" + behind)
    else:
        agrees = (crc, packed, size) == truth and stop == boundary
    if not agrees:
        refuse("describes its file twice, and differently, or has bytes that belong to no file")
    return memoryview(data)[start:stop]


def unpack(packed: memoryview, entry: Entry, *, most: int, ratio: int) -> bytes:
    """The content: at most `most` bytes, `ratio` of them for each compressed byte; size and checksum agree.

    Never allocates more than `most` + 1 bytes for the content.
    """
    if entry.size > most:
        refuse(f"holds a file of more than {most} bytes")
    content = _inflate(packed, entry, most=most, ratio=ratio)
    if len(content) != entry.size:
        refuse("says another size of its file than the file has")
    if zlib.crc32(content) != entry.crc:
        refuse("is damaged: the checksum of its file does not match")
    return content


def _inflate(packed: memoryview, entry: Entry, *, most: int, ratio: int) -> bytes:
    if entry.method == _STORED:
        return bytes(packed)
    if entry.size > ratio * max(len(packed), 1):
        refuse(f"expands more than {ratio} times")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, most + 1)
    except zlib.error:
        refuse("is damaged: its file cannot be unpacked")
    if len(content) > most:
        refuse(f"holds a file of more than {most} bytes")
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        refuse("is damaged: its file ends too early or too late")
    return content


def refuse(problem: str) -> NoReturn:
    """Raises ArtifactRefused; `problem` is a sentence without its subject and holds nothing of the archive."""
    raise ArtifactRefused(f"the artifact {problem}", code="bad_artifact") from None
