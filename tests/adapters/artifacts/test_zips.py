"""Which zip is opened and which is refused: hostile archives built by hand (attack cases 33 and 34)."""

from __future__ import annotations

import base64
import io
import random
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.artifacts.zips import Limits, read_member
from bot.errors import ArtifactRefused

NAME = "component-tags.json"
BODY = b'{"api": {"tag": "1.7.3", "sha": "3f2a91c", "digest": "sha256:..."}}\n'


def archive(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in members:
            made.writestr(name, data, method)
    return file.getvalue()


def by_hand(
    *,
    name: bytes = NAME.encode(),
    body: bytes = BODY,
    packed: bytes | None = None,
    size: int | None = None,
    crc: int | None = None,
    flags: int = 0,
    method: int = 0,
    attributes: int = 0,
    made_by: int = 3 << 8 | 20,
    local_name: bytes | None = None,
    local_size: int | None = None,
    local_offset: int = 0,
    extra: bytes = b"",
    local_extra: bytes = b"",
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
    entries: int = 1,
    comment: bytes = b"",
    descriptor: bytes | None = None,
) -> bytes:
    """An archive of one entry in which every number can lie."""
    data = body if packed is None else packed
    size = len(body) if size is None else size
    crc = zlib.crc32(body) if crc is None else crc
    local_name = name if local_name is None else local_name
    numbers = (
        (0, 0, 0) if descriptor is not None else (crc, len(data), size if local_size is None else local_size)
    )
    local = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 33, *numbers, len(local_name), len(local_extra)
    )
    front = before + local + local_name + local_extra + data + (descriptor or b"") + between
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", made_by, 20, flags, method, 0, 33, crc, len(data), size,
        len(name), len(extra), 0, 0, 0, attributes, local_offset,
    )  # fmt: skip
    directory = (entry + name + extra) * entries
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, len(directory), len(front), len(comment))
    return front + directory + end + comment + after


def deflated(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(data) + squeezer.flush()


def refusal(data: bytes, **more: Limits) -> str:
    with pytest.raises(ArtifactRefused) as caught:
        read_member(data, NAME, **more)
    assert caught.value.code == "bad_artifact"
    assert caught.value.field == ""
    return str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_single_member_of_an_ordinary_archive_is_read(method: int) -> None:
    assert read_member(archive((NAME, BODY), method=method), NAME) == BODY


def test_an_archive_written_as_a_stream_is_read() -> None:
    class Pipe(io.RawIOBase):
        """Cannot seek, so the writer must put sizes behind the data, as actions/upload-artifact does."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override] # io's buffer type is wider than we need
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(NAME, BODY)
    assert struct.unpack_from("<H", pipe.data, 6)[0] & 8
    assert read_member(bytes(pipe.data), NAME) == BODY


ARCHIVER = (
    "UEsDBBQACAAIAItAdl0AAAAAAAAAAAAAAAATAAAAY29tcG9uZW50LXRhZ3MuanNvbqtWSizIVLJSqFYqSUxXslJQMtQz1zNW"
    "0lFQKs5IBPGN04wSLQ2TQSIpmempxSUgweKMRCNTM6sKpdpaLgBQSwcIsZyUAT0AAABCAAAAUEsBAi0DFAAIAAgAi0B2XbGc"
    "lAE9AAAAQgAAABMAAAAAAAAAAAAgAKSBAAAAAGNvbXBvbmVudC10YWdzLmpzb25QSwUGAAAAAAEAAQBBAAAAfgAAAAAA"
)
"""Written by archiver 7, the library inside actions/upload-artifact, as that action calls it: a stream."""
INFO_ZIP = (
    "UEsDBBQAAAAIAItAdl2xnJQBOwAAAEIAAAATABwAY29tcG9uZW50LXRhZ3MuanNvblVUCQADBqICawaiAmt1eAsAAQQAAAAA"
    "BAAAAACrVkosyFSyUqhWKklMB9JKhnrmesZKOgpKxRmJIL5xmlGipWEySCQlMz21uAQkCJQzMjWzqlCqreUCAFBLAQIeAxQA"
    "AAAIAItAdl2xnJQBOwAAAEIAAAATABgAAAAAAAEAAACkgQAAAABjb21wb25lbnQtdGFncy5qc29uVVQFAAMGogJrdXgLAAEE"
    "AAAAAAQAAAAAUEsFBgAAAAABAAEAWQAAAIgAAAAAAA=="
)
"""Written by `zip b.zip component-tags.json` of Info-ZIP 3.0, with times and owners in extra fields."""


@pytest.mark.parametrize("written", [ARCHIVER, INFO_ZIP], ids=["archiver", "Info-ZIP"])
def test_what_real_programs_write_is_read(written: str) -> None:
    content = read_member(base64.b64decode(written), NAME)
    assert content == b'{"api": {"tag": "1.7.3", "sha": "3f2a91c", "digest": "sha256:x"}}\n'


@pytest.mark.parametrize("signature", [b"", b"PK\7\x08"])
def test_a_data_descriptor_with_or_without_its_signature_is_read(signature: bytes) -> None:
    numbers = struct.pack("<3L", zlib.crc32(BODY), len(BODY), len(BODY))
    assert read_member(by_hand(flags=8, descriptor=signature + numbers), NAME) == BODY


def test_times_and_owners_in_extra_fields_are_of_no_concern() -> None:
    extra = struct.pack("<2HBL", 0x5455, 5, 1, 0)
    assert read_member(by_hand(extra=extra, local_extra=extra), NAME) == BODY


def test_the_hand_made_archive_is_sound_before_it_lies() -> None:
    assert zipfile.ZipFile(io.BytesIO(by_hand())).read(NAME) == BODY
    assert read_member(by_hand(), NAME) == BODY


EVIL_NAMES = [
    "../../x", "/etc/x", "C:\\x", "a\\..\\b", "\\\\host\\x", "dir/component-tags.json",
    "./component-tags.json", "component-tags.json/", "Component-Tags.json", "component-tags.json ",
    "component-tags.json.", "x", "",
    "../component-tags.json", "component\u2010tags.json",
]  # fmt: skip


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_case_33_a_zip_with_another_name_alongside_is_refused_whole(name: str) -> None:
    named = name or " "  # zipfile cannot write an empty name; the test below does it by hand
    assert "exactly one" in refusal(archive((NAME, BODY), (named, b"x")))
    assert "exactly one" in refusal(archive((named, b"x"), (NAME, BODY)))


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_case_33_a_zip_whose_only_member_has_another_name_is_refused(name: str) -> None:
    message = refusal(by_hand(name=name.encode()))
    assert "another name" in message
    assert name not in message.replace(NAME, "") or name in ("", "x")


def test_case_33_a_name_with_a_nul_behind_the_good_one_is_refused() -> None:
    assert "another name" in refusal(by_hand(name=NAME.encode() + b"\0.exe"))


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK]
)
def test_case_33_a_member_that_is_no_regular_file_is_refused(kind: int) -> None:
    assert "regular file" in refusal(by_hand(attributes=(kind | 0o777) << 16, body=b"/etc/passwd"))


def test_case_33_a_member_that_dos_calls_a_folder_is_refused() -> None:
    assert "regular file" in refusal(by_hand(attributes=0x10, made_by=20))


def test_case_33_a_regular_file_with_its_mode_is_read() -> None:
    assert read_member(by_hand(attributes=(stat.S_IFREG | 0o644) << 16), NAME) == BODY


def test_case_34_a_zip_bomb_that_tells_its_size_is_refused() -> None:
    assert "more than 262144 bytes" in refusal(archive((NAME, b"0" * 2_000_000)))


def test_case_34_a_zip_bomb_that_lies_about_its_size_is_stopped_at_the_cap() -> None:
    packed = deflated(b"0" * 500_000_000)
    lying = by_hand(packed=packed, size=1000, method=8, body=b"0" * 1000)
    tracemalloc.start()
    start = time.process_time()
    assert "more than 262144 bytes" in refusal(lying)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - start < 1
    assert peak < 4 * 1024 * 1024


def test_case_34_a_file_that_expands_too_much_is_refused_within_the_size_cap() -> None:
    assert "expands more than 200 times" in refusal(archive((NAME, b" " * 250_000)))


def test_case_34_an_archive_over_the_limit_is_not_looked_into() -> None:
    assert "larger than 1048576 bytes" in refusal(bytes(1024 * 1024 + 1))


@pytest.mark.parametrize("entries", [0, 2, 3000, 14_000, 0xFFFF])
def test_case_34_any_number_of_entries_but_one_is_refused_at_once(entries: int) -> None:
    data = by_hand(entries=entries)
    start = time.process_time()
    assert refusal(data, limits=Limits(archive=100_000_000))
    assert time.process_time() - start < 1


def test_case_34_a_directory_that_says_one_but_holds_two_entries_is_refused() -> None:
    two = by_hand(entries=2)
    lying = bytearray(two)
    struct.pack_into("<2H", lying, len(two) - 14, 1, 1)
    assert "damaged directory" in refusal(bytes(lying))


def test_case_34_a_member_that_appears_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive((NAME, BODY), (NAME, BODY))
    assert "exactly one" in refusal(data)


def test_case_34_a_nested_archive_is_just_bytes() -> None:
    inner = archive((NAME, BODY))
    assert read_member(archive((NAME, inner)), NAME) == inner


@pytest.mark.parametrize(
    ("lie", "says"),
    [
        ({"flags": 1}, "encrypted"),
        ({"flags": 1 << 6}, "encrypted"),
        ({"flags": 1 << 13}, "encrypted"),
        ({"flags": 1 << 5}, "patch"),
        ({"method": 9}, "other than deflate"),
        ({"method": 12}, "other than deflate"),
        ({"method": 14}, "other than deflate"),
        ({"method": 93}, "other than deflate"),
        ({"method": 8}, "damaged"),
        ({"method": 8, "packed": deflated(BODY)[:-3]}, "too early"),
        ({"method": 8, "packed": deflated(BODY) + b"xx"}, "too late"),
        ({"method": 8, "packed": deflated(BODY) + deflated(BODY)}, "too late"),
        ({"crc": 1}, "checksum"),
        ({"size": 1}, "another size"),
        ({"size": 300_000}, "more than 262144"),
        ({"local_name": b"component-tags.jsoN"}, "differently"),
        ({"local_name": b"../../../etc/passwd"}, "differently"),
        ({"local_size": 7}, "differently"),
        ({"local_offset": 4}, "belong to no file"),
        ({"before": b"#!/bin/sh\n"}, "before its first file"),
        ({"between": b"PK\3\4hidden"}, "belong to no file"),
        ({"after": b"x"}, "after its end"),
        ({"after": b"x" * 30}, "after its end"),
        ({"comment": b"hello"}, "after its end"),
        ({"flags": 8, "descriptor": b""}, "differently"),
        ({"flags": 8, "descriptor": b"PK\7\x08" + bytes(12)}, "differently"),
        ({"extra": struct.pack("<2H2Q", 1, 16, 5, 5)}, "second name or size"),
        ({"local_extra": struct.pack("<2H2Q", 1, 16, 5, 5)}, "second name or size"),
        ({"extra": struct.pack("<2HBL", 0x7075, 6, 1, 0) + b"x"}, "second name or size"),
        ({"extra": b"UT\xff\xff"}, "second name or size"),
        ({"extra": b"UT"}, "damaged header"),
    ],
)
def test_case_34_an_archive_that_lies_is_refused(lie: dict[str, object], says: str) -> None:
    assert says in refusal(by_hand(**lie))  # type: ignore[arg-type] # a table of keyword arguments


def test_case_34_overlapping_entries_are_refused() -> None:
    assert "exactly one" in refusal(by_hand(entries=2))
    inside = by_hand(before=by_hand(), local_offset=len(by_hand()))
    assert "belong to no file" in refusal(inside)


def test_case_34_the_zip64_layout_is_refused() -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w") as made,
        made.open(zipfile.ZipInfo(NAME), "w", force_zip64=True) as member,
    ):
        member.write(BODY)
    assert "second name or size" in refusal(file.getvalue())
    plain = by_hand()
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    assert "zip64" in refusal(plain[:-22] + locator + plain[-22:])


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\3\4", b"PK\5\6" + bytes(18), b"not a zip at all, but long enough"]
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refusal(data)


def test_every_cut_and_every_flipped_byte_is_refused_or_harmless() -> None:
    whole = archive((NAME, BODY))
    for end in range(len(whole)):
        refusal(whole[:end])
    chance = random.Random(34)
    for position in range(len(whole)):
        broken = bytearray(whole)
        broken[position] ^= chance.randrange(1, 256)
        with suppress(ArtifactRefused):
            assert read_member(bytes(broken), NAME) == BODY


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_any_bytes_are_refused_without_another_error(front: bytes, back: bytes) -> None:
    for data in (front, front + b"PK\5\6" + back, b"PK\3\4" + front + b"PK\1\2" + back + by_hand()[-22:]):
        with suppress(ArtifactRefused):
            assert read_member(data, NAME) is not None


def test_an_archive_with_the_file_in_a_folder_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.mkdir("folder")
        made.writestr(f"folder/{NAME}", BODY)
    assert "exactly one" in refusal(file.getvalue())
