"""Several files out of one zip: only what is wanted, under bounds, and nothing from an archive that lies once."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from functools import partial

import pytest

from bot.adapters.artifacts.members import MemberLimits, members
from bot.decide.globs import matches
from bot.errors import ArtifactRefused

REPORT = b"<testsuites/>"


def archive(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files:
            made.writestr(name, data, method)
    return out.getvalue()


class Stream(io.BytesIO):
    """A file that cannot be gone back in: the writer then puts the sizes behind the data."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def streamed(*files: tuple[str, bytes]) -> bytes:
    out = Stream()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files:
            made.writestr(name, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def refusal(data: bytes, limits: MemberLimits | None = None) -> str:
    with pytest.raises(ArtifactRefused) as refused:
        members(data, lambda _: True, limits=limits or MemberLimits())
    return str(refused.value)


def entry(name: str, kind: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = (kind | 0o644) << 16
    made.create_system = 3
    return made


@pytest.mark.parametrize("make", [archive, streamed])
def test_the_files_that_match_are_read_in_their_order(make: type) -> None:
    data = make(("unit/a.xml", b"A"), ("shot.png", b"x" * 100), ("unit/deep/b.xml", b"B"))
    assert members(data, partial(matches, "unit/**/*.xml")) == {"unit/a.xml": b"A", "unit/deep/b.xml": b"B"}


def test_an_archive_in_which_nothing_matches_gives_nothing() -> None:
    assert members(archive(("a.txt", b"A")), partial(matches, "*.xml")) == {}


def test_folders_are_passed_over() -> None:
    data = archive((entry("unit/", stat.S_IFDIR), b""), ("unit/a.xml", REPORT))
    assert members(data, lambda _: True) == {"unit/a.xml": REPORT}


def test_a_name_in_utf8_is_read() -> None:
    assert list(members(archive(("größe.xml", REPORT)), lambda _: True)) == ["größe.xml"]


@pytest.mark.parametrize(
    "name",
    [
        "../a.xml",
        "unit/../../a.xml",
        "/etc/a.xml",
        "./a.xml",
        "unit//a.xml",
        "C:/a.xml",
        "unit\\a.xml",
        "a\n.xml",
        "a\u202e.xml",
        "x" * 1025,
    ],
)
def test_case_33_a_name_that_leads_astray_refuses_the_archive_whole(name: str) -> None:
    data = archive(("good.xml", REPORT), (name, REPORT))
    assert (
        refusal(data)
        == "the artifact holds a file whose name leads out of the archive or is no ordinary path"
    )


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_case_33_a_link_or_device_refuses_the_archive_whole(kind: int) -> None:
    assert "a link or a device" in refusal(
        archive(("good.xml", REPORT), (entry("a.xml", kind), b"/etc/passwd"))
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_case_34_two_files_of_one_name_are_refused() -> None:
    assert "two files of the same name" in refusal(archive(("a.xml", b"1"), ("a.xml", b"2")))


def test_case_34_a_file_that_expands_too_far_is_refused() -> None:
    assert "expands more than 200 times" in refusal(archive(("a.xml", b"\0" * 1_000_000)))


def test_case_34_a_bomb_that_nobody_wants_is_not_unpacked() -> None:
    data = archive(("bomb.bin", b"\0" * 5_000_000), ("a.xml", REPORT))
    assert members(data, partial(matches, "*.xml")) == {"a.xml": REPORT}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (MemberLimits(archive=50), "larger than 50 bytes zipped"),
        (MemberLimits(member=10), "a file of more than 10 bytes"),
        (MemberLimits(total=20), "more than 20 bytes of reports"),
        (MemberLimits(entries=1), "holds 2 files; it must hold exactly one"),
    ],
)
def test_case_34_every_bound_is_kept(limits: MemberLimits, says: str) -> None:
    assert says in refusal(archive(("a.xml", REPORT), ("b.xml", REPORT)), limits)


def test_case_34_too_many_entries_are_refused() -> None:
    data = archive(*((f"{number}.xml", b"") for number in range(12)))
    assert refusal(data, MemberLimits(entries=10)) == (
        "the artifact holds 12 files; it must hold at least one and at most 10"
    )


def test_case_34_an_empty_archive_is_refused() -> None:
    assert "holds 0 files" in refusal(archive())


def test_case_34_an_encrypted_file_is_refused() -> None:
    data = bytearray(archive(("a.xml", REPORT)))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(bytes(data))


@pytest.mark.parametrize("place", ["before", "between", "after", "behind the directory"])
def test_case_34_bytes_that_belong_to_no_file_are_refused(place: str) -> None:
    data = archive(("a.xml", REPORT), ("b.xml", REPORT))
    second, directory = data.index(b"PK\x03\x04", 4), data.index(b"PK\x01\x02")
    at = {
        "before": 0,
        "between": second,
        "after": directory,
        "behind the directory": data.rindex(b"PK\x05\x06"),
    }
    moved = data[: at[place]] + b"junk" + data[at[place] :]
    assert refusal(moved).startswith("the artifact ")


def test_case_34_two_entries_over_the_same_bytes_are_refused() -> None:
    data = bytearray(archive(("a.xml", REPORT), ("b.xml", REPORT)))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    struct.pack_into("<L", data, second + 42, 0)
    assert "bytes that belong to no file" in refusal(bytes(data))


@pytest.mark.parametrize("field", [14, 18, 22])
def test_case_34_a_header_that_disagrees_with_the_directory_is_refused(field: int) -> None:
    data = bytearray(archive(("a.xml", REPORT), ("b.xml", REPORT)))
    data[field] ^= 1
    assert "describes its file twice" in refusal(bytes(data))


def test_case_34_a_wrong_checksum_is_refused() -> None:
    data = bytearray(archive(("a.xml", REPORT), method=zipfile.ZIP_STORED))
    data[14] ^= 1
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    assert "checksum" in refusal(bytes(data))


@pytest.mark.parametrize("cut", range(1, 40))
def test_an_archive_that_was_cut_is_refused(cut: int) -> None:
    assert refusal(archive(("a.xml", REPORT))[:-cut]).startswith("the artifact ")
