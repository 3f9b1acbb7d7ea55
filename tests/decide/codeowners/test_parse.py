"""How lines become rules and errors, and what a file as a whole can be refused for (attack case 44)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.decide.codeowners import MAX_BYTES, MAX_LINES, CodeOwners, Rule, find, parse


def rules(text: str | bytes) -> list[tuple[int, str, tuple[str, ...]]]:
    """Line, pattern and owners of each rule; there must be no error."""
    codeowners = parse(text.encode() if isinstance(text, str) else text)
    assert codeowners.errors == ()
    return [(rule.line, rule.pattern, rule.owners) for rule in codeowners.rules]


@pytest.mark.parametrize(
    ("line", "pattern", "owners"),
    [
        ("*.js @a", "*.js", ("@a",)),
        ("*.js\t@a  @b", "*.js", ("@a", "@b")),
        ("  *.js @a  ", "*.js", ("@a",)),
        ("*.js @a #note", "*.js", ("@a",)),
        ("*.js @a # note @b", "*.js", ("@a",)),
        ("*.js # nobody", "*.js", ()),
        ("*.js", "*.js", ()),
        ("a\\ b/ @a", "a\\ b/", ("@a",)),
        ("a\\\\ @a", "a\\\\", ("@a",)),
        ("C#/ @a", "C#/", ("@a",)),
        ("app/\\[id\\]/ @a", "app/\\[id\\]/", ("@a",)),
        ("{a,b} @a", "{a,b}", ("@a",)),
        (
            "x @org/team-1 a.b+c@mail.example.com @user_corp",
            "x",
            ("@org/team-1", "a.b+c@mail.example.com", "@user_corp"),
        ),
        ("/été/ @a", "/été/", ("@a",)),
        ("x @a\r", "x", ("@a",)),
        ("x @a\r\r", "x", ("@a",)),
    ],
)
def test_a_line_is_a_pattern_and_its_owners(line: str, pattern: str, owners: tuple[str, ...]) -> None:
    assert rules(line) == [(1, pattern, owners)]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment", "  \t # x", "\r\n\r\n", "\ufeff# comment\n"]
)
def test_blank_lines_and_comments_are_no_rules(text: str) -> None:
    assert rules(text) == []


def test_lines_count_from_one_whatever_their_ends() -> None:
    assert [line for line, *_ in rules(b"# c\r\n\r\na @x\nb @y\r\n\nc @z")] == [3, 4, 6]


@pytest.mark.parametrize(
    ("line", "column", "kind"),
    [
        ("!docs/ @a", 1, "Invalid pattern"),
        ("  !docs/ @a", 3, "Invalid pattern"),
        ("src/[ab].c @a", 5, "Invalid pattern"),
        ("src/ab].c @a", 7, "Invalid pattern"),
        ("app/\\[id]/ @a", 9, "Invalid pattern"),
        ("\\#x @a", 1, "Invalid pattern"),
        ("/ @a", 1, "Invalid pattern"),
        ("// @a", 1, "Invalid pattern"),
        ("a//b @a", 1, "Invalid pattern"),
        ("./a @a", 1, "Invalid pattern"),
        ("a/../b @a", 1, "Invalid pattern"),
        ("a\\", 2, "Invalid pattern"),
        ("a\\/b @a", 2, "Invalid pattern"),
        ("a" * 1025 + " @a", 1, "Invalid pattern"),
        ("* user", 3, "Invalid owner"),
        ("* @a @", 6, "Invalid owner"),
        ("* @org/", 3, "Invalid owner"),
        ("* @/team", 3, "Invalid owner"),
        ("* @org/team/more", 3, "Invalid owner"),
        ("* @@role", 3, "Invalid owner"),
        ("* @a,@b", 3, "Invalid owner"),
        ("* @a#note", 3, "Invalid owner"),
        ("* mail@host", 3, "Invalid owner"),
        ("* @a @b\\ @c", 6, "Invalid owner"),
        ("a\x00b @a", 2, "Unreadable line"),
        ("a\x1b[2J @a", 2, "Unreadable line"),
        ("a\u00a0@a", 2, "Unreadable line"),
        ("a @a\u200b", 5, "Unreadable line"),
        ("a\u202e @a", 2, "Unreadable line"),
        ("\ufeff* @a", 1, "Unreadable line"),
        ("# note\r* @a", 7, "Unreadable line"),
    ],
)
def test_case_44_a_line_that_github_cannot_read_is_an_error_with_its_place(
    line: str, column: int, kind: str
) -> None:
    codeowners = parse(
        f"# first\nok @a\n\n{line}\nlast @b".replace("# first\nok @a\n\n", "", line[:1] == "\ufeff").encode()
    )
    (error,) = codeowners.errors
    assert (error.line, error.column, error.kind) == (1 if line[:1] == "\ufeff" else 4, column, kind)
    assert [rule.pattern for rule in codeowners.rules][-1] == "last"


def test_case_44_an_error_reads_as_file_line_column_kind_and_remedy() -> None:
    (error,) = parse(b"\n* user\n", ".github/CODEOWNERS").errors
    assert str(error) == (
        ".github/CODEOWNERS:2:3: Invalid owner: `user` is not `@user`, `@organization/team` or an e-mail address"
    )


def test_case_44_bytes_that_are_not_utf_8_are_an_error_of_their_line_alone() -> None:
    codeowners = parse(b"a @a\n/\xe9t\xe9/ @b\nc @c\n# caf\xe9 in a comment\n")
    assert [(error.line, error.column, error.kind) for error in codeowners.errors] == [
        (2, 2, "Unreadable line")
    ]
    assert [rule.line for rule in codeowners.rules] == [1, 3]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_case_44_a_file_in_another_encoding_has_no_rules_and_an_error(encoding: str) -> None:
    codeowners = parse("* @everyone\n".encode(encoding))
    assert (codeowners.rules, codeowners.errors[0].kind) == ((), "Unreadable line")


def test_case_44_a_file_of_3_mb_is_refused_and_one_below_is_read() -> None:
    below = b"* @a\n".ljust(MAX_BYTES - 1, b"#")
    assert parse(below).rules == (Rule(line=1, pattern="*", owners=("@a",)),)
    codeowners = parse(below + b"#", "CODEOWNERS")
    (error,) = codeowners.errors
    assert (codeowners.loaded, codeowners.rules, error.line, error.kind) == (
        False,
        (),
        None,
        "File too large",
    )


def test_case_46_too_many_rules_are_refused_with_the_line_where_they_become_too_many() -> None:
    codeowners = parse(b"#\n" + b"/a @x\n" * 100_000)
    (error,) = codeowners.errors
    assert (codeowners.loaded, codeowners.rules, error.line) == (False, (), MAX_LINES + 2)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_and_every_line_is_a_rule_an_error_or_nothing(data: bytes) -> None:
    codeowners = parse(data)
    lines = [each.line for each in (*codeowners.rules, *codeowners.errors)]
    assert len(lines) == len(set(lines))
    assert set(lines) <= set(range(1, data.count(b"\n") + 2))


@given(st.text(alphabet="a/*?\\[]!#. @\t\r\ufeff-", max_size=40))
def test_any_line_is_read(text: str) -> None:
    assert isinstance(parse(text.encode()), CodeOwners)


def test_the_first_place_that_holds_a_file_counts() -> None:
    files = {"docs/CODEOWNERS": b"d", "CODEOWNERS": b"r", ".github/CODEOWNERS": b"g"}
    assert find(files) == (".github/CODEOWNERS", b"g")
    assert find({"docs/CODEOWNERS": b"d", "CODEOWNERS": b""}) == ("CODEOWNERS", b"")
    assert find({"docs/CODEOWNERS": b"d"}) == ("docs/CODEOWNERS", b"d")
    assert find({"codeowners": b"", "src/CODEOWNERS": b""}) is None
