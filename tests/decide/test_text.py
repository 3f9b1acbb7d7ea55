"""Other people's words on GitHub: nothing in them acts (attack case 92)."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.decide.text import code, defang, has_words, plain, truncate, visible

GITHUB_LIKE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
GAP = "\u200b"
ANYTHING = st.text(max_size=80) | st.text(
    "@#`|<>!-*_[]()\\~ax1. \n\r\t:/&;$=+\u202e\u200b\u200d", max_size=60
)


def shown(markdown: str) -> str:
    """What a reader sees: the rendered text without tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", GITHUB_LIKE.render(markdown))).rstrip("\n")


@pytest.mark.parametrize(
    "evil",
    [
        "@org/all",
        "mail me@example.com",
        "Fixes #1",
        "closes org/app#12",
        "resolves GH-12",
        "Fixes https://github.com/org/app/issues/1",
        "www.evil.tld",
        "<!-- lockstep:story -->",
        "![x](https://evil.tld/a.png)",
        "<img src=https://evil.tld/a.png>",
        "[click](javascript:alert(1))",
        "a | b",
        "```\nx",
        "- [ ] task",
        "# heading",
        "1. list",
        "1) list",
        "    code",
        "a\n\n***\n\nb",
        "<https://evil.tld>",
        "&#64;org",
        "$x$ $`y`$",
        "~~gone~~",
    ],
)
def test_case_92_words_that_would_act_on_github_do_not(evil: str) -> None:
    safe = defang(evil, 200)
    rendered = GITHUB_LIKE.render(safe)
    assert re.findall(r"<[^>]*>", rendered) == ["<p>", "</p>"]
    text = shown(safe)
    assert not re.search(r"@\w|#\w|GH-\d|://|www\.|<!--", text)
    assert "<!--" not in safe
    assert text.replace(GAP, "") == visible(evil)


@settings(deadline=None)
@given(ANYTHING)
@example("&lt;!-- x")
@example("1.")
@example("+ x")
@example("a\\")
def test_case_92_defanged_text_is_one_plain_paragraph_that_reads_the_same(text: str) -> None:
    safe = defang(text, 500)
    if not visible(text):
        assert safe == ""
        return
    assert re.findall(r"<[^>]*>", GITHUB_LIKE.render(safe)) == ["<p>", "</p>"]
    assert shown(safe).replace(GAP, "") == visible(text).replace(GAP, "")
    assert not re.search(r"@\w|#\w|://|<!--", shown(safe))


@settings(deadline=None)
@given(ANYTHING)
def test_case_92_defanged_text_stays_in_its_table_cell(text: str) -> None:
    rendered = GITHUB_LIKE.render(f"| a | b |\n|---|---|\n| x{defang(text, 500)} | end |\n")
    assert rendered.count("<td>") == 2
    assert rendered.count("<tr>") == 2
    assert "<td>end</td>" in rendered


@settings(deadline=None)
@given(ANYTHING)
def test_case_92_code_shows_the_text_whatever_backticks_it_holds(text: str) -> None:
    rendered = GITHUB_LIKE.render(f"x {code(text)} y")
    assert re.findall(r"<[^>]*>", rendered) == ["<p>", "<code>", "</code>", "</p>"]
    inner = html.unescape(rendered[rendered.index("<code>") + 6 : rendered.index("</code>")])
    assert inner.replace(GAP, "").strip() == visible(text).strip()
    assert "<!--" not in code(text)


@settings(deadline=None)
@given(ANYTHING)
def test_case_92_code_in_a_table_stays_in_its_cell(text: str) -> None:
    rendered = GITHUB_LIKE.render(f"| a | b |\n|---|---|\n| {code(text, in_table=True)} | end |\n")
    assert rendered.count("<td>") == 2
    assert "<td>end</td>" in rendered


@settings(deadline=None)
@given(ANYTHING)
def test_case_92_plain_text_mentions_nobody_and_closes_nothing(text: str) -> None:
    assert not re.search(r"@\w|#\w|GH-\d|://|www\.|<!--|[\r\n]", plain(text, 500), re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb\u2066c", "abc"),
        ("a\u200bb\ufeffc\u2060d", "abcd"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("  a \r\n\t b\u00a0\u3000c\u2028d ", "a b c d"),
        ("\u3164\u2800\u115f", ""),
        ("\u200d\u200c", ""),
        ("a\u200d b", "a b"),
        ("👩\u200d🚒", "👩\u200d🚒"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\U000e0041\U000e0100", "a"),
        ("❤\ufe0f", "❤\ufe0f"),
    ],
)
def test_visible_text_holds_only_what_a_reader_sees(text: str, seen: str) -> None:
    assert visible(text) == seen


@settings(deadline=None)
@given(ANYTHING)
def test_what_is_visible_stays_so_when_looked_at_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("1", True),
        ("ж", True),
        ("修", True),
        ("", False),
        ("…!?", False),
        ("\u3164\u200b", False),
    ],
)
def test_words_need_a_letter_or_digit_that_shows(text: str, expected: bool) -> None:
    assert has_words(text) is expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", 1, "…"), ("abcd", 0, ""), ("", 0, "")],
)
def test_a_cut_is_marked_and_fits_the_limit(text: str, limit: int, expected: str) -> None:
    assert truncate(text, limit, "…") == expected


@settings(deadline=None)
@given(st.text(), st.integers(0, 50), st.text(max_size=10))
def test_a_cut_text_is_never_longer_than_its_limit(text: str, limit: int, mark: str) -> None:
    assert len(truncate(text, limit, mark)) <= limit


def test_the_limit_counts_visible_characters_and_never_splits_an_escape() -> None:
    assert shown(defang("*" * 100, 10)) == "*" * 9 + "…"
