"""Who owns the paths of a change, and which invalid line leaves that open (attack case 44)."""

from __future__ import annotations

import pytest

from bot.decide.codeowners import CodeOwnersRefused, Match, owners_for_change, owners_of, owners_of_all, parse


def test_the_last_rule_that_matches_decides_and_names_its_line() -> None:
    codeowners = parse(b"* @all\n/docs/ @docs\n*.md @writers\n/docs/x.md @x\n")
    assert owners_of(codeowners, "docs/a.md") == Match(line=3, pattern="*.md", owners=("@writers",))
    assert owners_of(codeowners, "docs/x.md") == Match(line=4, pattern="/docs/x.md", owners=("@x",))
    assert owners_of(codeowners, "docs/a.txt") == Match(line=2, pattern="/docs/", owners=("@docs",))


def test_a_rule_without_owners_takes_them_away_and_no_rule_is_none() -> None:
    codeowners = parse(b"/apps/ @a\n/apps/open\n")
    assert owners_of(codeowners, "apps/open/x") == Match(line=2, pattern="/apps/open", owners=())
    assert owners_of(codeowners, "other") is None


def test_the_same_pattern_twice_belongs_to_the_later_line() -> None:
    assert owners_of(parse(b"/a @x\n/a @y\n"), "a") == Match(line=2, pattern="/a", owners=("@y",))


def test_many_paths_are_answered_in_their_order() -> None:
    codeowners = parse(b"/b @b\n")
    found = owners_of_all(codeowners, ["z", "b", "a"])
    assert [(path, match and match.owners) for path, match in found.items()] == [
        ("z", None),
        ("b", ("@b",)),
        ("a", None),
    ]


def test_both_names_of_a_renamed_file_have_owners() -> None:
    codeowners = parse(b"/old/ @keepers\n/new/ @takers\n")
    assert [each.owners for each in owners_for_change(codeowners, ["new/f", "old/f", "new/f"])] == [
        ("@takers",),
        ("@keepers",),
    ]


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("* @all\n/docs/ user", "docs/a", 2),
        ("* @all\n/docs/ user", "src/a", None),
        ("/docs/ user\n* @all", "docs/a", None),
        ("* @all\n/docs/ user\n/docs/ @docs", "docs/a", None),
        ("* @all\n/a/ user\n/a/b/ nobody", "a/b/c", 3),
        ("* @all\n/a/ user\n/a/b/ nobody", "a/c", 2),
        ("/docs/ user", "docs/a", 1),
        ("* @all\n!docs/ @a", "x/docs/a", 2),
        ("* @all\n!docs/ @a", "src/a", None),
        ("* @all\nfile[12].txt @a", "file1.txt", 2),
        ("* @all\nfile[12].txt @a", "x/file[12].txt", 2),
        ("* @all\nfile[12].txt @a", "other.txt", None),
        ("* @all\n/app/[id]/page @a", "app/[id]/page", 2),
        ("* @all\n/app/[id]/page @a", "app/page", None),
        ("* @all\n[Section] @a", "any/path", 2),
        ("* @all\n\\#x @a", "#x", 2),
        ("* @all\n\\#x @a", "x", None),
        ("* @all\n./a @a", "a/b", 2),
        ("* @all\na//b @a", "a/b", 2),
        ("* @all\na//b @a", "c", None),
        ("* @all\n/ @a", "c", 2),
        ("* @all\nx\\", "c", 2),
        ("* @all\na\x00 @a", "c", 2),
        ("* @all\n#\r/c/ @c", "c", 2),
    ],
)
def test_case_44_an_invalid_line_blocks_what_it_may_be_about_and_a_valid_later_one_settles_it(
    text: str, path: str, line: int | None
) -> None:
    (found,) = owners_for_change(parse(text.encode()), [path])
    assert (found.error and found.error.line) == line


def test_case_44_a_file_that_is_refused_blocks_every_path() -> None:
    found = owners_for_change(parse(b"* @a\n" + b"#" * 3_000_000), ["a", "b/c"])
    assert [(each.match, each.error and each.error.kind) for each in found] == [(None, "File too large")] * 2


@pytest.mark.parametrize("pattern", ["/docs/*", "/docs/***"])
def test_a_last_star_is_not_recursive_however_often_it_is_written(pattern: str) -> None:
    codeowners = parse(f"{pattern} @x".encode())
    assert [match is not None for match in owners_of_all(codeowners, ["docs/a", "docs/a/b"]).values()] == [
        True,
        False,
    ]


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "./a", "a/../b", ".", "a" * 8193])
def test_what_is_not_a_path_of_a_repository_is_refused(path: str) -> None:
    with pytest.raises(CodeOwnersRefused, match="repository's root"):
        owners_of(parse(b"* @a"), path)


def test_paths_are_compared_as_text_and_dot_names_are_ordinary() -> None:
    codeowners = parse("*.md @m\n/.github/ @g\n/e\u0301/ @decomposed\n".encode())
    answers = owners_of_all(codeowners, [".hidden.md", ".github/x", "é/x", "e\u0301/x", "a\n.md", "A.MD"])
    assert [match.line if match else None for match in answers.values()] == [1, 2, None, 3, 1, None]
