"""Rules files that are meant to hurt, or that YAML lets look other than they are (attack case 49)."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import pytest

from bot.adapters.rules import check_text

Errors = Callable[[str], list[str]]

ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 21)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}], k{level}: 1}}\n"
    for level in range(1, 21)
)
BOMBS = {
    "aliases": ALIASES,
    "merge keys": MERGES,
    "deep flow": "[" * 500_000,
    "deep blocks": "- " * 400_000,
    "many keys": "{" + "a: 1, " * 150_000 + "}",
    "many unknown keys": "version: 1\n" + "".join(f"key{index}: 1\n" for index in range(9_000)),
    "many duplicates": "version: 1\n" + "a: 1\n" * 9_000,
    "an endless key": "a" * 900_000 + ": 1\n",
    "a circle of aliases": "a: &a [*a]\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_case_49_a_bomb_is_refused_within_a_second(name: str) -> None:
    began = time.process_time()
    result = check_text("rules.yaml", BOMBS[name].encode())
    assert result.errors
    assert time.process_time() - began < 1


def test_case_49_a_bomb_takes_little_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check_text("rules.yaml", ALIASES.encode())
    check_text("rules.yaml", MERGES.encode())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (ALIASES, "4:5 (file): more than 20,000 values once aliases and merge keys are expanded; use fewer"),
        (MERGES, "4:5 (file): more than 20,000 values once aliases and merge keys are expanded; use fewer"),
        ("a: &a [*a]\n", "1:8 (file): the alias *a stands inside its own anchor"),
        ("a: *b\n", "1:4 (file): the alias *b has no anchor &b before it"),
        ("version: 1\n---\nversion: 1\n", "2:1 (file): a second YAML document begins here; keep one"),
        ("a: b\n  c: d\n", "2:4 (file): this is not valid YAML: mapping values are not allowed in this context"),
        ("? [a]\n: b\n", "1:3 (file): a list or mapping cannot be a key; quote the key"),
        ("a: \"x\\0\"\n", "1:4 (file): the character U+0000 is not allowed; remove it"),
        ("a: b\nc: d\x00\n", "2:5 (file): the character U+0000 is not allowed; remove it"),
        ("a: \x1b[31m\n", "1:4 (file): the character U+001B is not allowed; remove it"),
        ("a: b\rc: d\n", "1:5 (file): the character U+000D is not allowed; remove it"),
        ("a: \u202etxt\n", "1:4 (file): the character U+202E is not allowed; remove it"),
        ("", "1:1 (file): expected a mapping that begins with `version: 1`; found an empty file"),
        ("- 1\n", "1:1 (file): expected a mapping that begins with `version: 1`; found something else"),
    ],
)  # fmt: skip
def test_case_49_what_cannot_be_read_says_where_and_why(errors: Errors, text: str, error: str) -> None:
    assert errors(text) == [error]


def test_case_49_a_python_tag_is_refused(errors: Errors) -> None:
    found = errors("a: !!python/object/apply:os.system [id]\n")
    assert found[0].startswith("1:4 (file): the YAML tag tag:yaml.org,2002:python/object/apply:os.system")


def test_a_file_of_more_than_a_mebibyte_is_refused() -> None:
    result = check_text("rules.yaml", b"#" * (1024 * 1024 + 1))
    assert [error.message for error in result.errors] == [
        "the file is 1,048,577 bytes large; the limit is 1,048,576"
    ]


@pytest.mark.parametrize("data", [b"a: 1\nb: \xff\n", b"a: 1\nb: \xc0\xaf\n"])
def test_bytes_that_are_not_utf_8_are_refused_at_their_place(data: bytes) -> None:
    errors = check_text("rules.yaml", data).errors
    assert [(error.line, error.column) for error in errors] == [(2, 4)]


def test_utf_16_is_refused() -> None:
    assert check_text("rules.yaml", "version: 1\n".encode("utf-16")).errors


def test_a_byte_order_mark_is_no_trouble(valid: str) -> None:
    assert check_text("rules.yaml", b"\xef\xbb\xbf" + valid.encode()).errors == ()


def test_windows_line_ends_are_no_trouble(valid: str) -> None:
    assert check_text("rules.yaml", valid.replace("\n", "\r\n").encode()).errors == ()


def test_anchors_and_merge_keys_within_reason_work(valid: str) -> None:
    text = valid.replace("  dev:\n", "  dev: &base\n") + "  lab:\n    <<: *base\n    values: []\n"
    text = text.replace("values: []", "values: [{file: b.yaml, path: '{component}.image'}]")
    result = check_text("rules.yaml", text.encode())
    assert result.policy is not None
    assert [environment.values[0].file for environment in result.policy.environments] == [
        "helm/values-dev.yaml",
        "b.yaml",
    ]


def test_case_49_a_duplicate_key_is_an_error_at_any_depth(errors: Errors, valid: str) -> None:
    text = valid.replace("  sre: {", "  sre: {users: [ana], users: [ben], ")
    assert errors(text) == ["8:23 roles.sre.users: duplicate key; it is set on line 8 already"]


def test_case_49_a_duplicate_key_at_the_top_is_an_error(errors: Errors, valid: str) -> None:
    assert errors(valid + "version: 1\n") == ["12:1 version: duplicate key; it is set on line 1 already"]


@pytest.mark.parametrize("word", ["off", "'off'"])
def test_off_is_a_word_and_not_false(valid: str, word: str) -> None:
    text = valid + f"    argocd: {{application: x, sync: {word}}}\n"
    result = check_text("rules.yaml", text.encode())
    assert result.policy is not None
    assert [each.sync.value for each in result.policy.environments[0].argocd] == ["off"]


@pytest.mark.parametrize("word", ["on", "no", "yes", "off"])
def test_yaml_1_1_words_are_names_like_any_other(valid: str, word: str) -> None:
    text = valid.replace("  sre:", f"  {word}:").replace(
        "[splattop/sre]}", f"[splattop/sre], users: [{word}]}}"
    )
    result = check_text("rules.yaml", text.encode())
    assert result.policy is not None
    assert result.policy.roles[word].users == (word,)


@pytest.mark.parametrize("word", ["yes", "on", "'true'", "1"])
def test_only_true_and_false_are_truth_values(errors: Errors, valid: str, word: str) -> None:
    found = errors(valid + f"    auto_promote: {word}\n")
    assert [each.partition(";")[0] for each in found] == [
        "12:19 environments.dev.auto_promote: expected true or false"
    ]


@pytest.mark.parametrize(
    "value", ["1:30", "90", "1.5", "1 h", "-1h", "1y", "''", "400d", "1_0m", "٣h", "null000h"]
)
def test_a_duration_needs_a_unit_and_is_never_sexagesimal(errors: Errors, valid: str, value: str) -> None:
    found = errors(valid + f"    soak: {value}\n")
    assert [each.partition(": ")[0] for each in found] == ["12:11 environments.dev.soak"]


@pytest.mark.parametrize("version", ["2", "'1'", "1.0", "true", "one", "[1]", ""])
def test_version_is_exactly_the_number_1(errors: Errors, valid: str, version: str) -> None:
    found = errors(valid.replace("version: 1", f"version: {version}"))
    assert [each.partition(";")[0].split(": ", 1)[1] for each in found] == ["expected `1`"]
