"""Reads mappings, sequences and texts from the tree as Go's YAML reader would, aliases and merges followed.

What an alias bomb would expand to is bounded by a budget of values per file (attack case 49).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide.alerts.kinds import is_null
from bot.decide.alerts.values import AlertsRefused, Problem, Rule, RuleFile
from bot.decide.bump.nodes import Kind, Node, is_merge

MAX_VALUES = 2_000_000
"""Values read from one file, with aliases expanded."""
MAX_PROBLEMS = 50
MAX_MERGES = 50
_TAGS = frozenset(
    {None, *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map"))}
)

Entries = dict[str, tuple[Node, Node]]


@dataclass(slots=True, kw_only=True)
class Site:
    """A rule and the nodes behind it: where its text stands, and its fields as (key, value), merges followed."""

    rule: Rule
    node: Node
    fields: Entries


class Fields:
    """Reads the nodes of one file, and collects what is wrong with them."""

    def __init__(self, file: RuleFile) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._left = MAX_VALUES

    def tell(self, node: Node, message: str) -> None:
        """Keep a problem; raise all of them when they are many."""
        self.problems.append(self.file.problem(node.start, message))
        if len(self.problems) >= MAX_PROBLEMS:
            raise AlertsRefused(self.problems)

    def of(self, node: Node, what: str, depth: int = 0) -> Entries:
        """The entries of a mapping by name, those of `<<` behind its own; empty, and told, when it is none."""
        self._spend(node)
        if node.kind is not Kind.MAPPING:
            self.tell(node, f"{what} must be a mapping; correct it")
            return {}
        if depth > MAX_MERGES:
            raise AlertsRefused(
                [self.file.problem(node.start, "merges (<<) are chained too deep; write them out")]
            )
        entries: Entries = {}
        merges: list[Node] = []
        for key, value in node.entries:
            if is_merge(key):
                merges.append(value.real())
            elif value.name is None:
                action = (
                    "; quote {{ … }}, or render the chart" if key.kind is Kind.MAPPING else "; correct it"
                )
                self.tell(key, f"a key must be a text{action}")
            else:
                entries[value.name] = (key, value)
        for merge in merges:
            for source in merge.items or [merge]:
                for name, entry in self.of(source.real(), "what << merges", depth + 1).items():
                    entries.setdefault(name, entry)
        return entries

    def items(self, node: Node, what: str) -> Sequence[Node]:
        """The items of a sequence; null has none."""
        real = node.real()
        if real.kind is Kind.SEQUENCE:
            return real.items
        if real.kind is not Kind.SCALAR or not is_null(real):
            self.tell(node, f"{what} must be a list; correct it")
        return ()

    def text(self, node: Node, what: str) -> str:
        """A scalar's text; null is the empty one."""
        self._spend(node)
        real = node.real()
        if real.kind is not Kind.SCALAR:
            self.tell(node, f"{what} must be a text; {_mend(real)}")
            return ""
        if real.tag not in _TAGS:
            self.tell(node, f"{what} has the tag {real.tag}, which is not read; remove it")
        return "" if is_null(real) else real.text

    def texts(self, node: Node, what: str, marks: dict[str, int]) -> dict[str, str]:
        """A mapping of texts, such as labels; the offset of each goes to `marks` as `labels/key`."""
        found: dict[str, str] = {}
        for name, (_, value) in self.mapping(node, what).items():
            marks[f"{what}/{name}"] = value.start
            found[name] = self.text(value, f"{what}: {name}")
        return found

    def mapping(self, node: Node, what: str) -> Entries:
        """The entries of a mapping that may be left empty."""
        real = node.real()
        return {} if real.kind is Kind.SCALAR and is_null(real) else self.of(real, what)

    def flat(self, root: Node, *, without: str | None = None) -> tuple[dict[str, str], dict[str, int]]:
        """Every scalar below `root` by JSON Pointer, but what is below the key `without`."""
        found: dict[str, str] = {}
        marks: dict[str, int] = {}
        for name, (_, value) in self.of(root, "this").items():
            if name != without:
                self.flatten(value, f"/{_escaped(name)}", found, marks)
        return found, marks

    def flatten(self, node: Node, pointer: str, found: dict[str, str], marks: dict[str, int]) -> None:
        """Put every scalar at or below `node` into `found`; an empty mapping or list counts as one."""
        stack = [(node, pointer)]
        while stack:
            here, at = stack.pop()
            self._spend(here)
            real = here.real()
            marks[at] = here.start
            if real.kind is Kind.SCALAR:
                found[at] = real.text if not is_null(real) else ""
            elif real.kind is Kind.MAPPING:
                below = [
                    (value, f"{at}/{_escaped(name)}") for name, (_, value) in self.of(real, "this").items()
                ]
                stack += reversed(below)
                found.update({} if below else {at: "{}"})
            else:
                stack += reversed([(item, f"{at}/{index}") for index, item in enumerate(real.items)])
                found.update({} if real.items else {at: "[]"})

    def _spend(self, node: Node) -> None:
        self._left -= 1
        if self._left < 0:
            message = f"its aliases expand to more than {MAX_VALUES} values; write them out"
            raise AlertsRefused([self.file.problem(node.start, message)])


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def _mend(node: Node) -> str:
    """What to do about a mapping where none belongs: YAML reads a bare `{{ … }}` as a mapping in a mapping."""
    action = node.flow and any(key.kind is Kind.MAPPING for key, _ in node.entries)
    return "quote {{ … }}, or render the chart" if action else "correct it"
