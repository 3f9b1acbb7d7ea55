"""The headings of a Markdown page, with the anchors that GitHub gives them.

GitHub writes the heading's text in lower case, drops everything but letters, marks, digits, `_`, `-` and blanks,
makes each blank a `-`, and numbers what comes again: "Section links" in its "Basic writing and formatting syntax".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_PAGE = 1_000_000
"""Characters of a page that is read."""
_FRONT = re.compile(r"\A---[ \t]*\r?\n.*?\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_NAMED = re.compile(r"<[a-zA-Z][^<>]*?\s(?:id|name)\s*=\s*[\"']?([^\"'\s>]+)", re.ASCII)
_LEAD = re.compile(r"[\w ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One heading: its level (1 to 6), text, anchor and line from 1."""

    level: int
    text: str
    anchor: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A Markdown page: its headings, other anchors (`<a id=…>`), and bold words that begin a paragraph, by line."""

    headings: Sequence[Heading]
    anchors: frozenset[str]
    leads: Sequence[tuple[str, int]]
    lines: int

    def section(self, anchor: str) -> tuple[int, int] | None:
        """The lines (first, behind the last) of the heading with that anchor, down to the next of its level."""
        for at, heading in enumerate(self.headings):
            if heading.anchor == anchor:
                below = (each.line for each in self.headings[at + 1 :] if each.level <= heading.level)
                return heading.line, next(below, self.lines + 1)
        return None

    def titles(self, first: int, end: int) -> set[str]:
        """The headings and leading bold words between two lines, in lower case, without what is no word."""
        found = [(each.text, each.line) for each in self.headings]
        return {_words(words) for words, line in [*found, *self.leads] if first <= line < end}


def _words(text: str) -> str:
    found = _LEAD.search(text)
    return " ".join(found.group().split()).lower() if found else ""


def read_page(data: bytes) -> Page:
    """Read a page; what is no UTF-8 is read as far as it is."""
    text = data.decode("utf-8", "replace")[:MAX_PAGE]
    front = _FRONT.match(text)
    if front:  # Shown as a table by GitHub; as Markdown it would be a heading.
        text = "\n" * front.group().count("\n") + text[front.end() :]
    tokens = MarkdownIt("commonmark").parse(text)
    return Page(
        headings=list(_headings(tokens)),
        anchors=frozenset(_named(tokens)),
        leads=list(_leads(tokens)),
        lines=text.count("\n") + 1,
    )


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    seen: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = _text(tokens[at + 1])
        slug = slug_of(text)
        anchor = slug
        while anchor in seen:
            seen[slug] += 1
            anchor = f"{slug}-{seen[slug]}"
        seen[anchor] = 0
        line = token.map[0] + 1 if token.map else 1
        yield Heading(level=int(token.tag[1:]), text=text, anchor=anchor, line=line)


def slug_of(text: str) -> str:
    """The anchor of a heading with this text, before it is numbered."""
    kept = (each for each in text.strip().lower() if each in " -" or _is_word(each))
    return "".join(kept).replace(" ", "-")


def _is_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("Nd", "Nl", "Pc")


def _text(inline: Token) -> str:
    """The text of a heading as it is read: of code and links too, not of HTML."""
    pieces = []
    for child in inline.children or ():
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
    return "".join(pieces)


def _named(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        html = [token.content] if token.type == "html_block" else []
        html += [each.content for each in token.children or () if each.type == "html_inline"]
        for piece in html:
            yield from _NAMED.findall(piece)


def _leads(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Bold words at the start of a paragraph or list item: `**Symptoms**: …`."""
    for token in tokens:
        children = token.children or []
        first = [each for each in children if each.type != "text" or each.content]
        if token.type == "inline" and len(first) > 1 and first[0].type == "strong_open":
            yield first[1].content, (token.map[0] + 1 if token.map else 1)
