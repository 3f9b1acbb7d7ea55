"""E-mail: golden letters, headers that nobody can forge, HTML that holds nothing of anybody else's."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.email.letter import html, letter, text
from tests.adapters.golden import same
from tests.adapters.notify_messages import EXAMPLES, NOW, approval, hostile, message, row

TO = ("oncall@example.com", "sre@example.com")


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_text_is_what_was_looked_at(name: str) -> None:
    same(f"email-{name}.txt", text(EXAMPLES[name]))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_html_is_what_was_looked_at(name: str) -> None:
    same(f"email-{name}.html", html(EXAMPLES[name]))


def test_the_headers_say_who_what_and_that_no_person_wrote_it() -> None:
    made = letter(message(approval()), "lockstep@example.com", TO, NOW)
    assert made["Subject"] == "[Lockstep] Promotion #42 to production waits for approval"
    assert made["From"] == "Lockstep <lockstep@example.com>"
    assert made["To"] == "oncall@example.com, sre@example.com"
    assert made["Date"] == "Sun, 01 Mar 2026 12:30:05 +0000"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Message-ID"].endswith("@example.com>")
    assert [part.get_content_type() for part in made.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


def test_a_critical_one_says_so_in_its_subject() -> None:
    made = letter(EXAMPLES["validation"], "lockstep@example.com", TO, NOW)
    assert made["Subject"] == "[Lockstep] critical: Production validation failed in production"


def test_case_92_line_ends_in_what_somebody_wrote_make_no_header() -> None:
    one = replace(message(hostile()), title="ana\r\nBcc: everybody@example.com\r\n\r\nHello")
    made = letter(one, "lockstep@example.com", TO, NOW)
    assert made["Bcc"] is None
    assert made["Subject"] == "[Lockstep] warning: ana Bcc: everybody@example.com Hello"
    head = made.as_bytes().partition(b"\r\n\r\n")[0]
    assert [line for line in head.split(b"\r\n") if line.lower().startswith(b"bcc")] == []


@pytest.mark.parametrize(
    "address", ["a@example.com\r\nBcc: x@example.com", "no address", "<a@example.com>, b"]
)
def test_an_address_that_would_be_more_than_one_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"addr"):
        letter(message(approval()), "lockstep@example.com", [address], NOW)


class Tags(HTMLParser):
    """The elements with their addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        assert not [name for name, _ in attrs if name.startswith("on")]


OURS = {
    "html",
    "head",
    "meta",
    "title",
    "body",
    "div",
    "h1",
    "h2",
    "p",
    "table",
    "tr",
    "th",
    "td",
    "a",
    "code",
}


@given(st.text(max_size=3000), st.lists(st.text(max_size=300), max_size=6))
def test_whatever_somebody_writes_the_html_holds_our_elements_alone(reason: str, values: list[str]) -> None:
    tags = Tags()
    tags.feed(html(message(row("deployment", "failed", reason=reason, details={"findings": values}))))
    assert tags.seen <= OURS
    assert tags.addresses == []


def test_case_92_hostile_words_stay_words_in_the_html() -> None:
    tags = Tags()
    tags.feed(html(message(hostile())))
    assert tags.seen <= OURS
    assert tags.addresses == ["https://github.com/splattop/config/pull/7"]


def test_a_line_of_the_text_is_no_longer_than_a_reader_shows() -> None:
    prose = [line for line in text(EXAMPLES["storm"]).splitlines() if ":" not in line]
    assert max(len(line) for line in prose) <= 76
