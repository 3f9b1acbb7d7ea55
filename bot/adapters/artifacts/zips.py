"""Reads the one file of an artifact's zip, in memory, and refuses every other shape (attack cases 33, 34).

The standard library's `zipfile` opens whatever can be opened: it searches for the directory, skips what
stands before it, and believes the directory where it disagrees with the file's own header. An artifact of
ours needs none of that. So the only layout taken is the one that an ordinary upload has:

    local header · data · [data descriptor] · one directory entry · end record, and not one byte besides

Nothing can overlap, hide or lie in it.
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
_STORED, _DEFLATED = 0, 8
_ZIP64_EXTRA, _UNICODE_NAME_EXTRA = 0x0001, 0x7075


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds, in bytes. `ratio` is the greatest expansion: content bytes for each compressed byte."""

    archive: int = 1024 * 1024
    member: int = 256 * 1024
    ratio: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """The directory's one entry; `directory` is where it starts."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    directory: int


_DEFAULT = Limits()


def read_member(data: bytes, name: str, *, limits: Limits = _DEFAULT) -> bytes:
    """The content of the archive's single member, which must be a regular file called exactly `name`.

    Never allocates more than `limits.member` + 1 bytes for the content. Raises ArtifactRefused with code
    "bad_artifact" for everything else; the message says what is wrong and repeats nothing of the archive.
    """
    if len(data) > limits.archive:
        _refuse(f"is larger than {limits.archive} bytes zipped")
    entry = _entry(data, name, _directory(data))
    if entry.size > limits.member:
        _refuse(f"holds a file of more than {limits.member} bytes")
    content = _inflate(_packed(data, entry), entry, limits)
    if len(content) != entry.size:
        _refuse("says another size of its file than the file has")
    if zlib.crc32(content) != entry.crc:
        _refuse("is damaged: the checksum of its file does not match")
    return content


def _directory(data: bytes) -> int:
    """Where the directory starts, having checked that it holds one entry and reaches to the end record."""
    end = len(data) - _END.size
    if end < 0 or data[end : end + 4] != b"PK\x05\x06":
        if data.startswith(b"PK") and data.rfind(b"PK\x05\x06") >= 0:
            _refuse("has bytes or a comment after its end")
        _refuse("is not a complete zip archive")
    _, disk, first_disk, here, total, size, offset, comment = _END.unpack_from(data, end)
    locator = end - _ZIP64_LOCATOR_SIZE
    if total == 0xFFFF or data[max(locator, 0) : max(locator, 0) + 4] == b"PK\x06\x07":
        _refuse("uses the zip64 layout, which one small file does not need")
    if disk or first_disk or here != total or comment:
        _refuse("is split over several archives, or cut off")
    if total != 1:
        _refuse(f"holds {total} files; it must hold exactly one")
    if offset + size != end:
        _refuse("has bytes that belong to no file")
    return int(offset)


def _entry(data: bytes, name: str, offset: int) -> _Entry:
    if len(data) - _END.size - offset < _ENTRY.size or data[offset : offset + 4] != b"PK\x01\x02":
        _refuse("has a damaged directory")
    fields = _ENTRY.unpack_from(data, offset)
    (_, made_by, _, flags, method, _, _, crc, packed, size) = fields[:10]
    (name_size, extra_size, comment_size, disk, _, attributes, local) = fields[10:]
    start = offset + _ENTRY.size
    if start + name_size + extra_size + comment_size != len(data) - _END.size or disk or local:
        _refuse("has a damaged directory, or bytes that belong to no file")
    found = data[start : start + name_size]
    if found != name.encode():
        _refuse(f"must hold {name} at its top and nothing else; its one member has another name")
    _check_extra(data[start + name_size : start + name_size + extra_size])
    mode = attributes >> 16
    if attributes & 0x10 or (made_by >> 8 == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
        _refuse(f"must hold {name} as a regular file, not as a link, folder or device")
    if flags & (_ENCRYPTED | _PATCHED):
        _refuse("is encrypted or holds a patch; upload it without a password")
    if method not in (_STORED, _DEFLATED):
        _refuse("is compressed by a method other than deflate")
    return _Entry(name=found, flags=flags, method=method, crc=crc, packed=packed, size=size, directory=offset)


def _check_extra(extra: bytes) -> None:
    """Extra fields may hold times and owners, but neither other sizes (zip64) nor another name."""
    while extra:
        if len(extra) < 4:
            _refuse("has a damaged header")
        kind, size = struct.unpack_from("<2H", extra)
        if kind in (_ZIP64_EXTRA, _UNICODE_NAME_EXTRA) or len(extra) < 4 + size:
            _refuse("has a header with a second name or size")
        extra = extra[4 + size :]


def _packed(data: bytes, entry: _Entry) -> memoryview:
    """The member's compressed bytes, having checked that the file's own header agrees with the directory."""
    if len(data) < _LOCAL.size or not data.startswith(b"PK\x03\x04"):
        _refuse("has bytes before its first file")
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(data)
    start = _LOCAL.size + name_size + extra_size
    name = data[_LOCAL.size : _LOCAL.size + name_size]
    if (name, flags, method) != (entry.name, entry.flags, entry.method):
        _refuse("describes its file twice, and differently")
    _check_extra(data[_LOCAL.size + name_size : start])
    truth = (entry.crc, entry.packed, entry.size)
    stop = start + entry.packed
    if flags & _DESCRIPTOR:
        # A streaming writer (actions/upload-artifact is one) leaves zeros in front, the numbers follow.
        agrees = (crc, packed, size) in (truth, (0, 0, 0))
        behind = struct.pack("<3L", *truth)
        agrees = agrees and data[stop : entry.directory] in (behind, b"PK\x07\x08" + behind)
    else:
        agrees = (crc, packed, size) == truth and stop == entry.directory
    if not agrees:
        _refuse("describes its file twice, and differently, or has bytes that belong to no file")
    return memoryview(data)[start:stop]


def _inflate(packed: memoryview, entry: _Entry, limits: Limits) -> bytes:
    if entry.method == _STORED:
        return bytes(packed)
    if entry.size > limits.ratio * max(len(packed), 1):
        _refuse(f"expands more than {limits.ratio} times")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, limits.member + 1)
    except zlib.error:
        _refuse("is damaged: its file cannot be unpacked")
    if len(content) > limits.member:
        _refuse(f"holds a file of more than {limits.member} bytes")
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        _refuse("is damaged: its file ends too early or too late")
    return content


def _refuse(problem: str) -> NoReturn:
    raise ArtifactRefused(f"the artifact {problem}", code="bad_artifact") from None
