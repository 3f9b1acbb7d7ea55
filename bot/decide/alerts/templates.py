"""What Go's template engine would refuse in an annotation or label: its parser, without what happens when it runs.

Variables and functions are those of https://prometheus.io/docs/prometheus/latest/configuration/template_reference/,
the grammar is https://pkg.go.dev/text/template's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.decide.alerts.template_words import BadTemplateError, Word, actions

_GIVEN = ("$", "$labels", "$externalLabels", "$externalURL", "$value")
_FUNCTIONS = re.compile(
    r"""query|first|label|value|strvalue|args|reReplaceAll|safeHtml|match|title|toUpper|toLower|graphLink|tableLink
      | sortByLabel|stripPort|stripDomain|humanize|humanize1024|humanizeDuration|humanizePercentage|humanizeTimestamp
      | toTime|toDuration|now|pathPrefix|externalURL|parseDuration|tmpl|urlQueryEscape  # Prometheus
      | and|call|html|index|slice|js|len|not|or|print|printf|println|urlquery|eq|ge|gt|le|lt|ne  # Go""",
    re.VERBOSE,
)
_CONSTANTS = frozenset(("true", "false", "nil"))
_KEYWORDS = frozenset(
    ("if", "else", "end", "range", "define", "template", "block", "with", "break", "continue")
)
_BLOCKS = frozenset(("if", "range", "with", "define", "block"))
_LITERALS = frozenset(("text", "char", "number", "dot"))
_OPERANDS = _LITERALS | {"variable", "field", "name"}
MAX_LENGTH = 100_000
MAX_DEPTH = 100
"""Blocks and parentheses in each other; nobody writes more, and Python's stack is finite."""


def template_problem(text: str) -> str | None:
    """Why Go would not read the template: an action that never ends, a variable that nobody sets, an unknown
    function, an `if` without `end`, arithmetic. None where only running it could tell."""
    if "{{" not in text:
        return None
    if len(text) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    try:
        _Template(actions(text)).read()
    except BadTemplateError as error:
        return str(error)
    return None


class _Template:
    """Reads the actions of one template in order. `open` are the blocks that are not ended yet, each with the
    variables there were before it and whether its `else` was met."""

    def __init__(self, found: Iterator[list[Word]]) -> None:
        self.actions = found
        self.variables = list(_GIVEN)
        self.open: list[tuple[str, list[str], bool]] = []

    def read(self) -> None:
        for words in self.actions:
            self._action(words)
        if self.open:
            raise BadTemplateError(f"{{{{ {self.open[-1][0]} }}}} has no {{{{ end }}}}")

    def _action(self, words: Sequence[Word]) -> None:
        start = _skip(words, 0)
        first = words[start].text if words[start].kind == "name" else ""
        rest = words[start + 1 :]
        if first == "end":
            self._end(rest)
        elif first == "else":
            self._else(rest)
        elif first in _BLOCKS:
            self._begin(first, rest)
        elif first in ("break", "continue"):
            if not _is_over(rest) or not any(kind == "range" for kind, _, _ in self.open):
                raise BadTemplateError(f"{{{{ {first} }}}} stands alone, and in a range")
        elif first == "template":
            rest = _named(first, rest)
            if not _is_over(rest):
                self._pipeline(rest, first)
        else:
            self._pipeline(words, "")

    def _begin(self, kind: str, words: Sequence[Word]) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise BadTemplateError(f"nests more than {MAX_DEPTH} blocks")
        before = list(self.variables)
        if kind in ("if", "range", "with"):
            self._pipeline(words, kind)
        else:
            words = _named(kind, words)
            if kind == "block":
                self._pipeline(words, kind)
            elif self.open or not _is_over(words):
                raise BadTemplateError("{{ define }} takes a name, and stands in no other block")
            self.variables = ["$"]  # It is a template of its own.
        self.open.append((kind, before, False))

    def _else(self, words: Sequence[Word]) -> None:
        kind, before, met = self.open[-1] if self.open else ("", [], True)
        if met or kind in ("define", "block"):
            raise BadTemplateError("{{ else }} stands outside of a block, or twice in it")
        at = _skip(words, 0)
        if words[at].text == kind and kind in ("if", "with"):
            self._pipeline(words[at + 1 :], kind)
        elif _is_over(words):
            self.open[-1] = (kind, before, True)
        else:
            raise _unexpected(words[at])

    def _end(self, words: Sequence[Word]) -> None:
        if not _is_over(words):
            raise _unexpected(words[_skip(words, 0)])
        if not self.open:
            raise BadTemplateError("{{ end }} has nothing to end")
        _, self.variables, _ = self.open.pop()

    def _pipeline(self, words: Sequence[Word], what: str) -> None:
        self._commands(words, 0, what, 0)

    def _commands(self, words: Sequence[Word], at: int, what: str, depth: int) -> int:
        """Commands with `|` between them, from `at` to where the action or the parenthesis closes."""
        if depth > MAX_DEPTH:
            raise BadTemplateError(f"nests more than {MAX_DEPTH} parentheses")
        at = _skip(words, self._declared(words, at, what))
        count = 0
        while words[at].kind != "end" and words[at].text != ")":
            if count and (words[at].kind in _LITERALS or words[at].text in _CONSTANTS):
                raise BadTemplateError(f"{words[at].text} behind | is no function")
            at = self._command(words, at, depth)
            count += 1
        if (words[at].kind == "end") != (depth == 0):
            raise BadTemplateError("a ( is not closed" if depth else "unexpected ')' in an action")
        if not count:
            shown = "()" if depth else " ".join(filter(None, ("{{", what, "}}")))
            raise BadTemplateError(f"{shown} holds no value")
        return at

    def _command(self, words: Sequence[Word], at: int, depth: int) -> int:
        """Operands with blanks between them, and the `|` behind them."""
        first = True
        while first or words[at].kind in _OPERANDS or words[at].text == "(":
            at = self._operand(words, at, depth)
            after = _skip(words, at)
            if after == at and words[at].kind != "end" and words[at].text not in ("|", ")"):
                raise _unexpected(words[at])
            at, first = after, False
        if words[at].text == "|":
            return _skip(words, at + 1)
        if words[at].kind != "end" and words[at].text != ")":
            raise _unexpected(words[at])
        return at

    def _operand(self, words: Sequence[Word], at: int, depth: int) -> int:
        word = words[at]
        if word.text == "(":
            at = self._commands(words, at + 1, "", depth + 1)
        elif word.kind not in _OPERANDS or word.text in _KEYWORDS:
            raise _unexpected(word)
        elif word.kind == "variable" and word.text not in self.variables:
            raise BadTemplateError(f'undefined variable "{word.text}"')
        elif word.kind == "name" and word.text not in _CONSTANTS and not _FUNCTIONS.fullmatch(word.text):
            raise BadTemplateError(f'function "{word.text}" is not defined')
        at += 1
        while words[at].kind == "field":
            if word.kind in _LITERALS or word.text in _CONSTANTS:
                raise _unexpected(words[at])
            at += 1
        return at

    def _declared(self, words: Sequence[Word], at: int, what: str) -> int:
        """Past `$x :=`, `$x =` and, in a range, `$i, $x :=`."""
        for more in (what == "range", False):
            start = _skip(words, at)
            after = _skip(words, start + 1) if words[start].kind == "variable" else start
            if after == start or words[after].text not in (":=", "=", ","):
                return at
            self.variables.append(words[start].text)
            if words[after].text != ",":
                return after + 1
            if not more:
                raise BadTemplateError("only a range sets two variables")
            at = after + 1
            if (
                words[_skip(words, at)].kind not in ("variable", "end")
                and words[_skip(words, at)].text != ")"
            ):
                raise _unexpected(words[_skip(words, at)])
        return at


def _skip(words: Sequence[Word], at: int) -> int:
    """The place of the next word that is no blank."""
    return at + 1 if words[at].kind == "space" else at


def _is_over(words: Sequence[Word]) -> bool:
    return words[_skip(words, 0)].kind == "end"


def _named(what: str, words: Sequence[Word]) -> Sequence[Word]:
    """What follows the name of a template."""
    at = _skip(words, 0)
    if words[at].kind != "text":
        raise BadTemplateError(f'{{{{ {what} }}}} needs a name, as in "name"')
    return words[at + 1 :]


def _unexpected(word: Word) -> BadTemplateError:
    return BadTemplateError(f"unexpected {word.text!r} in an action")
