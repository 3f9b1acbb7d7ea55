"""Edits of single scalars: quotes are kept, types stay strings, layout and comments stay as they are (row R2)."""

from __future__ import annotations

import pytest
import yaml

from bot.decide.bump import BumpRefused, Edit, ScalarEdit, apply_edits


def put(text: str, pointer: str, value: str, document: int | None = None) -> str:
    edit = ScalarEdit(pointer=pointer, value=value, document=document)
    return apply_edits(text.encode(), [edit], file="v.yaml")[0].decode()


def refusal(text: str | bytes, pointer: str, value: str = "new", document: int | None = None) -> BumpRefused:
    data = text if isinstance(text, bytes) else text.encode()
    edit = ScalarEdit(pointer=pointer, value=value, document=document)
    with pytest.raises(BumpRefused) as caught:
        apply_edits(data, [edit], file="v.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("tag: v1", "v2", "tag: v2"),
        ("tag: 'v1'", "v2", "tag: 'v2'"),
        ('tag: "v1"', "v2", 'tag: "v2"'),
        ("tag: 'v1'", "it's", "tag: 'it''s'"),
        ("tag: 'v1'", "a\tb", 'tag: "a\\tb"'),
        ('tag: "v1"', 'a"b\\c', 'tag: "a\\"b\\\\c"'),
        ("tag: v1   # why", "v2", "tag: v2   # why"),
        ("tag: v1\t# why", "v2", "tag: v2\t# why"),
        ("tag: v1 \t ", "v2", "tag: v2 \t "),
        ("tag:", "v2", "tag: v2"),
        ("tag:  # why", "v2", "tag: v2  # why"),
        ("tag: ~ # why", "v2", "tag: v2 # why"),
        ("tag: v1", "", 'tag: ""'),
        ("tag: v1", "a: b", 'tag: "a: b"'),
        ("tag: v1", "a #b", 'tag: "a #b"'),
        ("tag: v1", "#a", 'tag: "#a"'),
        ("tag: v1", " a", 'tag: " a"'),
        ("tag: v1", "a:", 'tag: "a:"'),
        ("tag: v1", "line\nbreak", 'tag: "line\\nbreak"'),
        ("tag: v1", "caf\u00e9", "tag: caf\u00e9"),
        ("tag: v1", "\ufeffx", 'tag: "\\uFEFFx"'),
        ("tag: v1", "\U000e0001", 'tag: "\\U000E0001"'),
        ("tag: !!str 1.10", "1.20", "tag: !!str 1.20"),
        ("tag: &t v1", "v2", "tag: &t v2"),
        ('tag: &t !!str "v1"', "v2", 'tag: &t !!str "v2"'),
        ("{tag: v1}", "v2", "{tag: v2}"),
        ("{tag: v1}", "a,b", '{tag: "a,b"}'),
        ("{tag: }", "v2", "{tag: v2}"),
        ("? tag\n: v1", "v2", "? tag\n: v2"),
        ("'tag': v1", "v2", "'tag': v2"),
        ('tag: "v1\\\n  -rc"', "v2", 'tag: "v2"'),
        ("tag: some\n  words", "v2", "tag: v2"),
        ("tag: |-\n  v1", "v2", "tag: |-\n  v2"),
        ("tag: |  # why\n  a\n  b\n  c\n", "a\nB\nc\n", "tag: |  # why\n  a\n  B\n  c\n"),
        ("tag: >-\n  v1\n", "v2", "tag: >-\n  v2\n"),
    ],
)
def test_a_value_is_put_in_the_style_that_stands_there(before: str, value: str, after: str) -> None:
    assert put(before, "/tag", value) == after


NOT_STRINGS = """
1.10 1e3 198e611 0123 0o17 0x1F 0b1 1_000 12:30 190:20:30 .5 5. +1 -1 .inf -.INF .nan 1.7
true False YES no on Off y N null NULL ~ = << 2024-01-01 2001-12-14t21:59:43.10-05:00
"""
STRINGS = "1.2.3 v1 20180821-1 58b8a67 1.0.0-rc.1 sha256:ab a8ca051 .x latest nope"


@pytest.mark.parametrize("value", [*NOT_STRINGS.split(), "2001-12-14 21:59:43"])
def test_a_plain_value_that_some_reader_takes_for_another_type_is_quoted(value: str) -> None:
    assert put("tag: v1\n", "/tag", value) == f'tag: "{value}"\n'


@pytest.mark.parametrize("value", STRINGS.split())
def test_a_plain_value_that_every_reader_takes_for_a_string_stays_plain(value: str) -> None:
    assert put("tag: v1\n", "/tag", value) == f"tag: {value}\n"


def test_a_number_that_is_to_be_the_same_string_gets_quotes() -> None:
    assert put("tag: 1.10\n", "/tag", "1.10") == 'tag: "1.10"\n'


def test_a_value_that_stands_there_already_is_no_edit() -> None:
    data = b"tag: '1.10' # why\n"
    edit = ScalarEdit(pointer="/tag", value="1.10")
    assert apply_edits(data, [edit], file="v.yaml") == (data, ())


def test_an_edit_tells_file_line_pointer_before_and_after() -> None:
    data = b"# top\na:\n  b/c:\n  - x\n  - tag: v1\n"
    edits = [ScalarEdit(pointer="/a/b~1c/1/tag", value="v2")]
    expected = Edit(file="v.yaml", line=5, pointer="/a/b~1c/1/tag", before="v1", after="v2")
    assert apply_edits(data, edits, file="v.yaml")[1] == (expected,)


def test_several_edits_come_back_in_the_order_of_the_file() -> None:
    edits = [ScalarEdit(pointer="/b", value="v"), ScalarEdit(pointer="/a", value="x")]
    result, made = apply_edits(b"a: 1\nb: 2\n", edits, file="v.yaml")
    assert (result, [e.pointer for e in made]) == (b"a: x\nb: v\n", ["/a", "/b"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\ufeffa: 1\r\ntag: v1\r\nb: 2", "\ufeffa: 1\r\ntag: v2\r\nb: 2"),
        ("a: \u00e9 \U0001f600 # \u00a0\ntag: v1", "a: \u00e9 \U0001f600 # \u00a0\ntag: v2"),
        ("a: 1\r\nb: 2\ntag: v1\r\n", "a: 1\r\nb: 2\ntag: v2\r\n"),
        ("%YAML 1.1\n---\ntag: v1\n...\n", "%YAML 1.1\n---\ntag: v2\n...\n"),
    ],
    ids=["bom and crlf", "not ascii", "mixed line ends", "directive"],
)
def test_case_52_line_ends_byte_order_mark_and_missing_last_line_break_stay(before: str, after: str) -> None:
    assert put(before, "/tag", "v2") == after


def test_a_document_is_named_by_its_number() -> None:
    assert put("tag: v1\n---\ntag: v1\n", "/tag", "v2", document=1) == "tag: v1\n---\ntag: v2\n"


def test_case_52_a_pointer_in_two_documents_is_refused_unless_one_is_named() -> None:
    error = refusal("tag: v1\n---\ntag: v1\n", "/tag")
    assert (error.line, "0#/tag" in error.message) == (1, True)


@pytest.mark.parametrize(
    ("text", "pointer", "line", "words"),
    [
        ("a: 1\ntag: 1\ntag: 2\n", "/tag", 3, "stands twice"),
        ("a: {x: 1, x: 2}\ntag: 1\n", "/tag", 1, "stands twice"),
        ("a: 1\nimage:\n  name: x\n", "/image/tag", 2, "has no key 'tag'"),
        ("a: 1\nimage: x\n", "/image/tag", 2, "a single value, not a mapping"),
        ("a: 1\nimage: {tag: x}\n", "/image", 2, "is a mapping"),
        ("a: [x]\n", "/a/1", 1, "list of 1"),
        ("a: [x]\n", "/a/-", 1, "list of 1"),
        ("a: 1\nb:\n\ttag: x\n", "/b/tag", 3, "tab"),
        ("a: 1\nb: [\n", "/a", 3, "not valid YAML"),
        ("a: 1\nb: *x\n", "/a", 2, "no anchor"),
        ("a: &x [*x]\n", "/a", 1, "inside its own anchor"),
        ("a: 1\ntag: !!int 5\n", "/tag", 2, "YAML tag"),
        ("a: 1\ntag: ! x\n", "/tag", 2, "YAML tag"),
        ("a: &x {tag: v1}\nb: *x\n", "/a/tag", 1, "shared"),
        ("a: &x {tag: v1}\nb: *x\n", "/b/tag", 1, "shared"),
        ("a: &x {tag: v1}\nb: {<<: *x}\n", "/a/tag", 1, "shared"),
        ("a: &x {tag: v1}\nb: {<<: *x}\n", "/b/tag", 2, "merge key"),
        ("a: &x v1\nb: *x\n", "/a", 1, "shared"),
        ("a: 1\nb: \x07\n", "/a", 2, "U+0007"),
        ("a: 1\n# b\u2028c: 2\n", "/a", 2, "U+2028"),
        ("a: 1\nb: x\x85\n", "/a", 2, "U+0085"),
        ("a: 1\nb: |2-\n   x\n", "/b", 2, "explicit indentation"),
        ("a: 1\nb: |\n  x\n", "/b", 2, "line breaks"),
        ("a: >-\n  x\n  y\n", "/a", 1, "several lines"),
    ],
)
def test_case_52_what_cannot_be_edited_with_certainty_is_refused_with_its_line(
    text: str, pointer: str, line: int, words: str
) -> None:
    value = "p\nq" if "several lines" in words else "new"
    error = refusal(text, pointer, value)
    assert (error.file, error.line, words in error.message) == ("v.yaml", line, True), str(error)


@pytest.mark.parametrize(
    "data", ["a: caf\u00e9".encode("latin-1"), "a: 1".encode("utf-16"), b"a: \xed\xa0\x80"]
)
def test_a_file_that_is_not_utf8_is_refused(data: bytes) -> None:
    assert "not UTF-8" in refusal(data, "/a").message


@pytest.mark.parametrize("pointer", ["tag", "/a~2b", "tag/x"])
def test_what_is_no_json_pointer_is_refused(pointer: str) -> None:
    assert "not a JSON Pointer" in refusal("tag: v1\n", pointer).message


def test_a_value_that_is_not_unicode_is_refused() -> None:
    assert "Unicode" in refusal("tag: v1\n", "/tag", "\ud800").message


def test_a_document_that_does_not_exist_is_refused() -> None:
    assert "has 1 documents" in refusal("tag: v1\n", "/tag", document=1).message


def test_all_uses_of_a_shared_value_may_be_edited_together() -> None:
    edits = [ScalarEdit(pointer=pointer, value="v2") for pointer in ("/a/tag", "/b/tag")]
    result, made = apply_edits(b"a: &x {tag: v1}\nb: *x\n", edits, file="v.yaml")
    assert (result, len(made)) == (b"a: &x {tag: v2}\nb: *x\n", 2)


def test_two_values_for_one_shared_scalar_are_refused() -> None:
    edits = [ScalarEdit(pointer="/a", value="v2"), ScalarEdit(pointer="/b", value="v3")]
    with pytest.raises(BumpRefused, match="would become different"):
        apply_edits(b"a: &x v1\nb: *x\n", edits, file="v.yaml")


def test_an_anchor_that_nobody_uses_does_no_harm() -> None:
    assert put("a: &x {tag: &y v1}\n", "/a/tag", "v2") == "a: &x {tag: &y v2}\n"


def test_an_anchor_that_is_defined_twice_is_read_as_yaml_1_2_says() -> None:
    text = "a: &x {tag: v1}\nb: &x {tag: v1}\nc: *x\n"
    assert put(text, "/a/tag", "v2") == "a: &x {tag: v2}\nb: &x {tag: v1}\nc: *x\n"


TEMPLATE = (
    "{{- if .Values.on }}\n{{/* a note\nover lines */}}\napi:\n  name: {{ .Values.name }}-x\n"
    '  tag: v1 # {{ x }}\n  {{ .key }}: {{ include "a" . }}\n  {{- include "labels" . | nindent 2 }}\n{{- end }}\n'
)


def test_template_leftovers_outside_the_touched_line_stay_as_they_are() -> None:
    assert put(TEMPLATE, "/api/tag", "v2") == TEMPLATE.replace("tag: v1", "tag: v2")


@pytest.mark.parametrize("text", [TEMPLATE.replace("v1", "v{{ .x }}"), 'api:\n  tag: "{{ .x }}"\n'])
def test_a_value_that_holds_a_template_action_is_refused(text: str) -> None:
    assert "template action" in refusal(text, "/api/tag").message


def test_a_key_in_both_branches_of_a_template_is_refused() -> None:
    text = "api:\n{{ if .a }}\n  tag: v1\n{{ else }}\n  tag: v2\n{{ end }}\n"
    assert refusal(text, "/api/tag").line == 5


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "- " * 300_000,
        "{{" * 500_000,
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 500)),
    ],
    ids=["brackets", "dashes", "braces", "aliases"],
)
def test_case_49_a_bomb_is_refused_without_expanding_it(text: str) -> None:
    assert refusal(text, "/a0/0").line == 1


def test_a_file_beyond_the_limit_is_refused() -> None:
    assert "larger than" in refusal(b"#" * (16 * 1024 * 1024 + 1), "/a").message


def test_the_result_reads_back_with_an_ordinary_reader() -> None:
    assert yaml.safe_load(put("image: {tag: 1.0}\n", "/image/tag", "1e3")) == {"image": {"tag": "1e3"}}


def test_one_image_of_a_file_of_ten_thousand_lines_is_edited() -> None:
    part = "svc{0}:\n  image:\n    repository: r/\u00e9{0}\n    tag: v1.{0}  # why\n  replicas: 2\n"
    text = "".join(part.format(number) for number in range(2000))
    assert put(text, "/svc1234/image/tag", "v2") == text.replace("v1.1234 ", "v2 ")
