"""Bytes → positions: decode, hide template leftovers when needed, and build the tree from libyaml's events.

Events, not PyYAML's composer, because the composer forgets anchors, refuses anchors that are defined twice
(YAML 1.2 allows that, and real values files do it) and merges an alias into its target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bot.decide.bump.masking import CLOSE, OPEN, Span, mask
from bot.decide.bump.nodes import Node, line_of
from bot.decide.bump.tree import Signature, Tree
from bot.decide.bump.values import BumpRefused

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BOM = "\ufeff"
_ODD_BREAK = re.compile("[\x85\u2028\u2029]")
"""Line breaks in YAML 1.1 (libyaml, go-yaml) but not in YAML 1.2: a comment for one reader is a key for another."""

MAX_BYTES = 16 * 1024 * 1024


class Unparsable(BumpRefused):
    """The text is not YAML (it may be a template still)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One file: its text without the byte order mark, what each event says, and the root of each document."""

    file: str
    bom: str
    text: str
    events: list[Signature]
    documents: list[Node]
    masked: tuple[Span, ...]

    def line(self, position: int) -> int:
        """The line, from 1, of a character position."""
        return line_of(self.text, position)

    def refuse(self, position: int | None, message: str) -> BumpRefused:
        """A refusal that names the line of `position`."""
        line = None if position is None else self.line(position)
        return BumpRefused(file=self.file, line=line, message=message)


def parse(data: bytes, *, file: str, templates: bool = True) -> Parsed:
    """Parse a values file; raise BumpRefused, naming file and line, for whatever is not certain.

    `templates` lets text pass that is YAML only once its `{{ … }}` leftovers are hidden.
    """
    if len(data) > MAX_BYTES:
        raise BumpRefused(
            file=file, line=None, message=f"is larger than {MAX_BYTES >> 20} MiB; split the file"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BumpRefused(file=file, line=line, message="is not UTF-8; save the file as UTF-8") from error
    bom = BOM if text.startswith(BOM) else ""
    text = text[len(bom) :]
    odd = None if text.isascii() else _ODD_BREAK.search(text)
    if odd is not None:
        character = f"U+{ord(odd.group()):04X}"
        message = f"holds {character}, which only some YAML readers take for a line break; remove it"
        raise BumpRefused(file=file, line=line_of(text, odd.start()), message=message)
    events, documents, masked = _read(text, file=file, templates=templates)
    return Parsed(file=file, bom=bom, text=text, events=events, documents=documents, masked=masked)


def events_of(text: str, *, file: str) -> Iterator[Any]:
    """The parser's events for `text`, one at a time, or Unparsable with the parser's words and its line.

    One at a time, so that whoever counts the depth can stop: libyaml takes minutes for a million brackets.
    """
    try:
        # What `yaml.parse` does, one generator less for each event.
        yield from iter(LOADER(text).get_event, None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else line_of(text, mark.index)
        tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
        hint = "replace the tab by spaces" if tab else "correct the YAML first"
        said = error.problem or error.context or "cannot be parsed"
        raise Unparsable(file=file, line=line, message=f"not valid YAML: {said}; {hint}") from error
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character[:1] or b"\0")
        found = text.find(chr(code))
        line = line_of(text, found) if found >= 0 else None
        message = f"not valid YAML: the character U+{code:04X} is not allowed; remove it"
        raise Unparsable(file=file, line=line, message=message) from error


def _read(text: str, *, file: str, templates: bool) -> tuple[list[Signature], list[Node], tuple[Span, ...]]:
    """The events and documents of `text`; only text that is not YAML as it stands is masked as a template.

    (`"{{ x }}"` in quotes is an ordinary string.)
    """
    try:
        tree = Tree(text, (), file)
        return tree.feed(events_of(text, file=file)), tree.documents, ()
    except Unparsable:
        if not templates or OPEN not in text or CLOSE not in text:
            raise
    readable, spans = mask(text)
    tree = Tree(text, spans, file)
    return tree.feed(events_of(readable, file=file)), tree.documents, spans
