"""Which lines of a comment speak to Lockstep, and how long the most hostile comment may take (attack case 65)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.decide.commands import parse
from bot.decide.commands.lines import LONGEST

UNHEARD = {
    "quote": "> /approve",
    "quote without a blank": ">/approve",
    "quote in a quote": "> > /approve",
    "quote that goes on without its sign": "> quoted\n/approve",
    "quote in a list": "- > quoted\n  > /approve",
    "backtick fence": "```\n/approve\n```",
    "backtick fence with a language": "```sh\n/approve\n```",
    "longer fence around a shorter one": "````\n```\n/approve\n````",
    "tilde fence": "~~~\n/approve\n~~~",
    "tilde fence with backticks in it": "~~~\n```\n/approve\n~~~",
    "fence that never closes": "```\n/approve",
    "fence closed by another sign": "```\n~~~\n/approve\n",
    "fence closed by too short a fence": "````\n```\n/approve",
    "fence in a list": "- x\n  ```\n  /approve\n  ```",
    "indented fence": "   ```\n   /approve\n   ```",
    "indented code": "x\n\n    /approve",
    "tab-indented code": "\t/approve",
    "blanks and a tab": "  \t/approve",
    "indented line of a paragraph": "x\n    /approve",
    "indented line of a list": "- x\n\n      /approve",
    "inline code": "`/approve`",
    "code span over lines": "x `\n/approve\n` y",
    "longer code span over lines": "``x ` y\n/approve\n``",
    "HTML comment": "<!-- /approve -->",
    "HTML comment over lines": "<!--\n/approve\n-->",
    "HTML comment with blank lines": "<!--\n\n/approve\n\n-->",
    "HTML comment behind words": "words <!--\n/approve\n-->",
    "HTML comment behind words with blank lines": "words <!--\n\n/approve\n\n-->",
    "HTML comment that never closes": "<!--\n/approve",
    "raw HTML": "<div>\n/approve\n</div>",
    "preformatted HTML": "<pre>\n\n/approve\n\n</pre>",
    "quote in HTML": "<blockquote>\n\n/approve\n\n</blockquote>",
    "inline HTML that strikes out": "<del>\n\n/approve\n\n</del>",
    "struck out": "~~x\n/approve\ny~~",
    "HTML attribute": '<a title="\n/approve\n">x</a>',
    "link text": "[x\n/approve\ny](https://z)",
    "link title": '[x](https://z "\n/approve\n")',
    "image text": "![x\n/approve\ny](https://z)",
    "link definition": "[x]:\n/approve",
    "title of a link definition": '[x]: https://z "\n/approve\n"',
    "mail reply": "Thanks!\n\nOn Mon, 2 Mar 2026 at 10:00, Ana <ana@example.com> wrote:\n/approve",
    "mail reply over two lines": "Thanks!\n\nOn Mon, 2 Mar 2026 at 10:00, Ana\n<ana@example.com> wrote:\n\n/approve",
    "mail reply with quotes": "On Mon, Ana wrote:\n> /approve\n>\n> x",
    "Outlook reply": "-----Original Message-----\nFrom: Ana\n\n/approve",
    "signature": "Thanks\n-- \n/approve",
    "signature whose blank was stripped": "Thanks\n\n--\n/approve",
}


@pytest.mark.parametrize("body", UNHEARD.values(), ids=UNHEARD.keys())
def test_case_65_a_command_that_is_not_the_authors_own_line_is_not_heard(body: str) -> None:
    assert parse(body) == ()


@pytest.mark.parametrize(
    "name", [each for each in UNHEARD if not each.startswith(("mail", "Outlook", "signature"))]
)
def test_case_65_a_real_line_before_it_still_counts(name: str) -> None:
    assert [command.name for command in parse(f"/hold\n\n{UNHEARD[name]}")] == ["hold"]


ENDLESS = ("never closes", "fence closed by", "mail", "Outlook", "signature")


@pytest.mark.parametrize("name", [each for each in UNHEARD if not any(word in each for word in ENDLESS)])
def test_case_65_a_real_line_after_it_still_counts(name: str) -> None:
    assert [command.name for command in parse(f"{UNHEARD[name]}\n\n/hold")] == ["hold"]


@pytest.mark.parametrize(
    "body",
    [
        "words\n/approve\nwords",
        "- done\n- done\n/approve",
        "> quoted\n\n/approve",
        "```\ncode\n```\n/approve",
        "~~~\ncode\n~~~\n/approve",
        "<!-- hidden -->\n/approve",
        "<!-- hidden -->\n\n/approve",
        "words `code`\n/approve",
        "one ` backtick\n/approve",
        "`<!--`\n/approve",
        "/approve\n---\nwords",
        "/approve\n```\ncode\n```",
        "<details>\n<summary>x</summary>\n\n/approve\n\n</details>",
        "| a |\n|---|\n| b |\n\n/approve",
        "/approve\n\n-- \nAna",
        "/approve\n-- \nAna",
        "/approve\n\nOn Mon, 2 Mar 2026, Ana wrote:\n> x",
        "On it!\n/approve",
        "> On Mon, Ana wrote:\n\n/approve",
        "```\nOn Mon, Ana wrote:\n```\n/approve",
        "    -- \n\n/approve",
        "<b>bold</b>\n/approve",
        "words  \n/approve",
        "words\\\n/approve",
        "a\n\n***\n/approve",
    ],
)
def test_case_65_a_line_of_the_authors_own_is_heard(body: str) -> None:
    assert [command.name for command in parse(body)] == ["approve"]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["> ", ">", "```", "~~~", "    ", "- ", "<!--", "-->", "`", "x", "", "/approve", "1. "]
        )
    )
)
def test_case_65_what_is_heard_is_never_rendered_as_code_or_quote(pieces: list[str]) -> None:
    body = "\n".join(pieces)
    numbers = {command.line for command in parse(body)}
    for token in MarkdownIt("commonmark").parse(body):
        if token.type in ("fence", "code_block", "html_block", "blockquote_open"):
            assert token.map is not None
            assert not numbers & set(range(token.map[0] + 1, token.map[1] + 1))


HOSTILE = {
    "brackets": "[",
    "images": "![",
    "open lines": "[a\n",
    "quotes": ">",
    "quote lines": ">a\n",
    "lists": "- ",
    "list lines": "-\n",
    "fences": "```\n",
    "backticks": "`",
    "stars": "*a ",
    "tildes": "~~a ",
    "underscores": "_a__",
    "links": "[a](",
    "tags": "<a ",
    "comments": "a <!--\n",
    "entities": "&#",
    "definitions": "[a]: b\n",
    "escapes": "\\",
    "lines": "a\n",
    "line ends": "\n",
    "replies": "On a\n",
    "instructions": "<?",
    "declarations": "<!A ",
    "commands": "/override slo\n",
    "targets": "/rollback to: to: to: to: \n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_comment_of_the_greatest_length_takes_bounded_time(piece: str) -> None:
    body = ("/help\n\n" + piece * LONGEST)[:LONGEST]
    start = time.process_time()
    assert parse(body)[0].name == "help"
    assert time.process_time() - start < 3


def test_lazy_lines_in_deep_quotes_take_bounded_time() -> None:
    start = time.process_time()
    assert [command.name for command in parse("/help\n\n" + ">" * 300 + "a\n" + "b\n" * 30_000)] == ["help"]
    assert time.process_time() - start < 4


def test_a_comment_longer_than_github_takes_holds_no_command() -> None:
    assert parse("/help" + "\n" * LONGEST) == ()
