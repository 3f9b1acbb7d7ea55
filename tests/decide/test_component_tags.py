"""Which `component-tags.json` is taken, and which is refused as a whole (row R1, attack cases 35 and 37)."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.component_tags import MAX_BYTES, parse_component_tags
from bot.errors import ArtifactRefused
from bot.model.image import ComponentTag

DIGEST = "sha256:" + "0123456789abcdef" * 4
API = {"tag": "1.7.3", "sha": "3f2a91c", "digest": DIGEST}


def text(**changes: object) -> bytes:
    return json.dumps({"api": {**API, **changes}}).encode()


def refusal(data: bytes) -> ArtifactRefused:
    with pytest.raises(ArtifactRefused) as caught:
        parse_component_tags(data)
    assert caught.value.code == "bad_component_tags"
    return caught.value


def test_a_good_file_becomes_component_tags_in_its_own_order() -> None:
    data = json.dumps({"web": API, "api": {**API, "tag": "v2.0_rc-1"}}).encode()
    tags = parse_component_tags(data)
    assert list(tags) == ["web", "api"]
    assert tags["api"] == ComponentTag(tag="v2.0_rc-1", sha="3f2a91c", digest=DIGEST)


def test_whitespace_around_the_document_is_json_and_passes() -> None:
    assert list(parse_component_tags(b" \r\n" + text() + b"\n")) == ["api"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xef\xbb\xbf" + text(), "byte order mark"),
        (text().decode().encode("utf-16"), "byte order mark"),
        (text() + b"{}", "Extra data"),
        (text() + b"\x00", "Extra data"),
        (b"", "Expecting value"),
        (b"\xff" + text(), "not UTF-8"),
        (b'{"api": NaN}', "NaN"),
        (b'{"api": {"tag": -Infinity}}', "Infinity"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 40_000, "nested too deeply"),
        (b'{"api": ' + b"9" * 5000 + b"}", "too long"),
        (b"{}", "names no component"),
        (b"[]", "must be a JSON object"),
        (b'"api"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'{"api": "' + b"x" * 1_000_000 + b'"}', "larger than 256 KB"),
        (b"{'api': 1}", "not valid JSON at line 1, column 2"),
    ],
)
def test_case_35_a_file_that_is_not_strict_json_is_refused(data: bytes, says: str) -> None:
    error = refusal(data)
    assert says in str(error)
    assert error.field == ""


def test_case_35_a_component_that_appears_twice_is_refused_even_when_equal() -> None:
    entry = json.dumps(API)
    error = refusal(f'{{"api": {entry}, "api": {entry}}}'.encode())
    assert error.field == "api"
    assert "twice" in str(error)


def test_case_35_a_field_that_appears_twice_is_refused_even_when_equal() -> None:
    good = json.dumps(API)[:-1]
    error = refusal(f'{{"api": {good}, "digest": "{DIGEST}"}}}}'.encode())
    assert error.field == "api.digest"


@pytest.mark.parametrize("key", ["tag", "sha", "digest"])
def test_a_missing_field_is_named_by_its_path(key: str) -> None:
    entry = {name: value for name, value in API.items() if name != key}
    error = refusal(json.dumps({"api": entry}).encode())
    assert (error.field, str(error)) == (f"api.{key}", f"api.{key}: is missing")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "x"}, "api.url"),
        ({"<img src=x>": "x"}, "api.(field 4)"),
        ({"tag": 1.7}, "api.tag"),
        ({"tag": None}, "api.tag"),
        ({"sha": True}, "api.sha"),
        ({"digest": [DIGEST]}, "api.digest"),
        ({"digest": {"sha256": "0"}}, "api.digest"),
        ({"tag": "x" * 257}, "api.tag"),
    ],
)
def test_case_35_unknown_fields_and_wrong_types_are_refused_by_path(
    change: dict[str, object], field: str
) -> None:
    assert refusal(text(**change)).field == field


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        DIGEST + "\n",
        " " + DIGEST,
        "SHA256:" + "a" * 64,
        "md5:" + "a" * 32,
        "sha512:" + "a" * 128,
        "a" * 64,
        "1.7.3@" + DIGEST,
        "ghcr.io/evil/api@" + DIGEST,
        "sha256:" + "\uff11" * 64,
        "latest",
        "",
    ],
)
def test_case_37_only_the_canonical_digest_is_taken(digest: str) -> None:
    assert refusal(text(digest=digest)).field == "api.digest"


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "-x",
        ".x",
        "a b",
        "a/b",
        "1:2",
        "x@" + DIGEST,
        "ghcr.io/evil/api:1",
        "1.7.3\n",
        "v" * 129,
        "é",
        "latest",
        "LATEST",
    ],
)
def test_case_37_tags_outside_the_oci_grammar_and_latest_are_refused(tag: str) -> None:
    assert refusal(text(tag=tag)).field == "api.tag"


@pytest.mark.parametrize("sha", ["", "3f2a91", "a" * 41, "3F2A91C", "3f2a91c\n", "zzzzzzz", "HEAD"])
def test_a_sha_that_is_no_commit_id_is_refused(sha: str) -> None:
    assert refusal(text(sha=sha)).field == "api.sha"


@pytest.mark.parametrize(
    "name", ["", "Api", "-api", ".api", "a b", "a/b", "../x", "a" * 64, "api\n", "аpi", "{component}"]
)
def test_a_component_name_outside_the_grammar_is_refused_by_its_position(name: str) -> None:
    error = refusal(json.dumps({"ok": API, name: API}).encode())
    assert error.field == "(component 2)"


def test_more_than_500_components_are_refused() -> None:
    assert "500" in str(refusal(json.dumps({f"c{n}": API for n in range(501)}).encode()))


def test_case_35_the_message_never_echoes_what_the_file_holds() -> None:
    canary = "ghp_canary"
    for data in (
        text(tag=f"{canary}:x"),
        text(sha=canary),
        text(digest=canary),
        text(**{f"{canary} <!--": "x"}),
        json.dumps({f"{canary}!": API}).encode(),
        f'{{"api": "{canary}"'.encode(),
        json.dumps({"api": canary}).encode(),
    ):
        error = refusal(data)
        assert canary not in str(error) + error.field
        assert error.__suppress_context__


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    with suppress(ArtifactRefused):
        assert parse_component_tags(data)


def test_a_hostile_file_of_the_greatest_size_is_answered_in_under_a_second() -> None:
    start = time.process_time()
    for filler in (b"[", b'{"a":', b'{"a":{},', b'"\\u0000', b"1,"):
        refusal((filler * MAX_BYTES)[:MAX_BYTES])
    assert time.process_time() - start < 1
