"""For any document and value: an edit changes one scalar, reads back, and leaves every other byte (attack case 52)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.bump import BumpRefused, ScalarEdit, apply_edits

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
WORDS = st.sampled_from(
    ["1.10", "1e3", "true", "~", "", "v1", "a: b", "- x", "# x", "it's", '"', "x\ny", "{{ y }}", "\u00e9"]
)
KEYS = st.sampled_from(["tag", "digest", "image", "a/b", "c~d", "\u00fc", "x y", "1", "on"])
SCALARS = st.one_of(WORDS, TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
DOCUMENTS = st.recursive(
    st.dictionaries(KEYS, SCALARS, min_size=1, max_size=4),
    lambda inner: (
        st.dictionaries(KEYS, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A YAML file in one of many layouts: block or flow, quotes, indentation, line ends, byte order mark, documents."""
    text = yaml.safe_dump_all(
        draw(st.lists(DOCUMENTS, min_size=1, max_size=2)),
        default_flow_style=draw(st.sampled_from([True, False, None])),
        default_style=draw(st.sampled_from([None, "'", '"', "|", ">"])),
        allow_unicode=draw(st.booleans()),
        indent=draw(st.sampled_from([2, 4])),
        width=draw(st.sampled_from([20, 4000])),
        explicit_start=draw(st.booleans()),
    )
    lines = [
        line + draw(st.sampled_from(["", "", "  # why \u00e9"])) * line.endswith(":")
        for line in text.split("\n")
    ]
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return (draw(st.sampled_from(["", "\ufeff"])) + text).encode()


def edited(data: bytes, leaf: Any, value: str) -> bytes | None:
    edit = ScalarEdit(pointer=leaf.pointer, value=value, document=leaf.document)
    try:
        return apply_edits(data, [edit], file="v.yaml")[0]
    except BumpRefused:
        return None


@settings(max_examples=150, deadline=None)
@given(data=st.data(), content=files(), value=st.one_of(WORDS, TEXT))
def test_case_52_any_edit_changes_one_scalar_or_is_refused(
    oracle: ModuleType, data: st.DataObject, content: bytes, value: str
) -> None:
    try:
        leaf = data.draw(st.sampled_from(oracle.leaves(content)))
    except yaml.YAMLError:
        return
    result = edited(content, leaf, value)
    assert result is None or oracle.harm(content, result, leaf, value) == ""


@settings(max_examples=100, deadline=None)
@given(data=st.data(), content=files(), value=st.sampled_from(["v2", "1.10", "1e3", "sha256:ab", "true"]))
def test_an_ordinary_value_in_an_ordinary_scalar_is_never_refused(
    oracle: ModuleType, data: st.DataObject, content: bytes, value: str
) -> None:
    try:
        found = [
            leaf for leaf in oracle.leaves(content) if leaf.style not in ("|", ">") and "{{" not in leaf.value
        ]
        found = [leaf for leaf in found if leaf.pointer and b"!!" not in content]
    except yaml.YAMLError:
        return
    if found:
        assert edited(content, data.draw(st.sampled_from(found)), value) is not None


ACTIONS = st.sampled_from(
    [
        "{{- if .Values.x }}",
        "  {{ end -}}",
        '{{ include "a" . | nindent 4 }}',
        "{{/* a: b */}}",
        "# {{ x }}",
        "\t{{ x }}",
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    data=st.data(),
    document=st.dictionaries(KEYS, st.dictionaries(KEYS, WORDS, min_size=1), min_size=1, max_size=3),
)
def test_template_lines_change_nothing_about_an_edit(
    oracle: ModuleType, data: st.DataObject, document: Any
) -> None:
    """Editing and then adding template lines is the same as adding them first (or that is refused)."""
    plain = yaml.safe_dump(document, allow_unicode=True, width=4000, default_style='"').encode()
    leaf = data.draw(st.sampled_from(oracle.leaves(plain)))
    lines = {data.draw(st.integers(0, plain.count(b"\n"))): data.draw(ACTIONS) for _ in range(2)}
    expected = edited(plain, leaf, "v2")
    result = edited(_with_lines(plain, lines), leaf, "v2")
    assert result is None or result == _with_lines(expected or b"", lines)


def _with_lines(data: bytes, lines: dict[int, str]) -> bytes:
    rows = data.split(b"\n")
    for at in sorted(lines, reverse=True):
        rows.insert(at, lines[at].encode())
    return b"\n".join(rows)
