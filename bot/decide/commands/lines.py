"""Which lines of a comment speak to Lockstep? Those that a reader sees as the author's own words (attack cases 65, 70).

A command in a quote, in code, in an HTML comment or in a mail's trailer was not given. Where Markdown puts each line,
only a Markdown parser can tell (a fence that never closes, a code span over three lines, a link's title). So each
line that may be a command gets a mark in front, the whole comment is parsed as GitHub does, and a line counts when
its mark comes out at the beginning of a visible line.

Parser: markdown-it-py, CommonMark; https://github.github.com/gfm/ for what GitHub adds. When in doubt, a line is not a
command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST = 65_536
"""Characters in a comment, GitHub's own limit; a longer one cannot come from there and holds no command."""

_LINE_END = re.compile(r"\r\n?|\n")
_COMMAND = re.compile(r" {0,3}/([A-Za-z][A-Za-z-]*)(?:[ \t]+(.*))?", re.ASCII)
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}", re.ASCII)

_REPLY = re.compile(r"On .{4,200}\bwrote:\s*|-{2,}\s*Original Message\s*-{2,}\s*|-- ?", re.IGNORECASE)
"""Where a mail's trailer begins: the quoted letter's introduction, or the signature's `-- `."""

_HIDING = re.compile(
    r"<(/?)(?:blockquote|q|pre|code|kbd|samp|tt|del|s|strike|template|script|style|svg|math)\b", re.IGNORECASE
)
"""HTML that quotes, shows code, strikes out or hides what stands between its tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is a command: its number from 1, its text, the command's name in lower case, and what follows."""

    number: int
    raw: str
    name: str
    rest: str


def command_lines(body: str, names: frozenset[str]) -> tuple[Line, ...]:
    """The lines of `body` that name one of `names` (in lower case) and speak to Lockstep, from top to bottom."""
    if len(body) > LONGEST or "/" not in body:
        return ()
    written = _LINE_END.split(body.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd"))
    found = {line.number: line for line in _candidates(written, names)}
    if not found:
        return ()
    trailers = frozenset(_trailers(written))
    marked = [
        _mark(number, text) if number in trailers or number in found else text
        for number, text in enumerate(written, start=1)
    ]
    spoken: list[Line] = []
    for number in _visible_marks("\n".join(marked)):
        if number in trailers:
            break
        spoken.append(found[number])
    return tuple(spoken)


def _mark(number: int, text: str) -> str:
    """The line with its mark behind the indentation, which decides what block it belongs to."""
    indent = len(text) - len(text.lstrip(" "))
    return f"{text[:indent]}{_OPEN}{number}{_CLOSE}{text[indent:]}"


def _candidates(lines: list[str], names: frozenset[str]) -> Iterator[Line]:
    for number, text in enumerate(lines, start=1):
        match = _COMMAND.fullmatch(text.rstrip(" \t"))
        if match and match[1].lower() in names:
            yield Line(number=number, raw=text, name=match[1].lower(), rest=(match[2] or "").strip(" \t"))


def _trailers(lines: list[str]) -> Iterator[int]:
    """Numbers of lines that begin a trailer; mail programs may break the introduction over two lines."""
    for number, text in enumerate(lines, start=1):
        if _REPLY.fullmatch(text):
            yield number
        elif text[:3].lower() == "on " and len(text) < 200:
            following = lines[number][:200] if number < len(lines) else ""
            if _REPLY.fullmatch(f"{text} {following}"):
                yield number


@cache
def _markdown() -> MarkdownIt:
    # Beyond this depth the parser leaves out the rest of the block, so that what stands there is no command; the
    # time for the most hostile comments grows with it.
    return MarkdownIt("commonmark", {"maxNesting": 12}).enable("strikethrough")


def _visible_marks(text: str) -> Iterator[int]:
    """The numbers of the marks that begin a visible line outside of quotes, code and hiding HTML."""
    quotes = hiding = 0
    in_comment = False
    for block in _markdown().parse(text):
        if block.type == "blockquote_open":
            quotes += 1
        elif block.type == "blockquote_close":
            quotes -= 1
        elif block.type == "html_block":
            hiding = _hidden(hiding, block.content)
        for part in _parts(block):
            if part.is_html:
                hiding = _hidden(hiding, part.text)
                continue
            if part.number is not None and not (quotes or hiding or in_comment):
                yield part.number
            in_comment = _in_comment(in_comment, part.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A piece of a visible line. `number`: the mark that begins the line, outside of links and struck-out text."""

    text: str
    number: int | None = None
    is_html: bool = False


def _parts(block: Token) -> Iterator[_Part]:
    begins = True
    level = 0
    for child in block.children or ():
        if child.type in ("softbreak", "hardbreak"):
            begins = True
            continue
        if child.type == "text" and child.content:
            mark = _MARK.match(child.content) if begins and not level else None
            yield _Part(text=child.content, number=int(mark[1]) if mark else None)
        elif child.type == "html_inline":
            yield _Part(text=child.content, is_html=True)
        level += child.nesting
        begins = begins and child.type == "text" and not child.content


def _hidden(depth: int, content: str) -> int:
    for tag in _HIDING.finditer(content):
        depth = max(depth + (-1 if tag[1] else 1), 0)
    return depth


def _in_comment(already: bool, text: str) -> bool:
    """A `<!--` that Markdown takes for text, because a blank line follows it, was still meant to hide."""
    opened, closed = text.rfind("<!--"), text.rfind("-->")
    return already and closed < 0 if opened < 0 else opened > closed
