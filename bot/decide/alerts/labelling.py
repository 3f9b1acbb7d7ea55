"""Where the environment label goes into the text of a rule file: the splices, and what must stand there afterwards.

Every form that YAML has for a rule is met in its own style: block and flow, quoted keys, no labels, empty labels,
labels behind an alias or a merge. Whatever shares a node keeps its meaning, or the proof in `rendering` refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.decide.alerts.fields import Entries, Site
from bot.decide.alerts.kinds import is_null
from bot.decide.alerts.reading import Read
from bot.decide.alerts.values import Problem
from bot.decide.bump.nodes import Kind, Node, is_merge
from bot.decide.bump.splice import Splice, value_span
from bot.decide.bump.strings import double_quoted, written

_STEP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """Which label is set to what, and on which rules. Both are checked by whoever reads them from people."""

    environment: str
    label: str = "environment"
    recording: bool = False
    """Label recording rules too; otherwise theirs stay as they are, unless they carry another environment."""
    replace: bool = False
    """Replace another environment in the base, instead of refusing it."""

    def wants(self, *, alerting: bool) -> bool:
        """Whether such a rule is to carry the label."""
        return alerting or self.recording


@dataclass(slots=True, kw_only=True)
class Labels:
    """The splices for one file, and why some rule cannot be labelled."""

    read: Read
    labelling: Labelling
    splices: list[Splice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _done: set[int] = field(default_factory=set)
    """The nodes (by event) that have been edited: an alias of one needs nothing more."""

    def plan(self) -> None:
        """Find every splice of the file."""
        for entries, group in zip(self.read.group_labels, self.read.file.groups(), strict=True):
            self._existing(entries, f"group {group.name!r}")
        for site in self.read.sites:
            self._rule(site)

    def _rule(self, site: Site) -> None:
        if site.node.event in self._done:
            return
        self._done.add(site.node.event)
        entry = site.fields.get("labels")
        here = {} if entry is None else self._labels_of(entry[1])
        if self._existing(here, f"rule {site.rule.name!r}"):
            return
        if not self.labelling.wants(alerting=site.rule.alerting) or self.labelling.label in here:
            return
        if entry is None:
            self._add_labels(site)
        elif entry[1].real().event not in self._done:
            # Else the label gets here with the anchor's own edit.
            self._add_to(entry[1])

    def _labels_of(self, node: Node) -> Entries:
        real = node.real()
        if real.kind is not Kind.MAPPING:
            return {}
        found: Entries = {}
        for key, value in real.entries:
            if is_merge(key):
                for source in value.real().items or [value.real()]:
                    found = {**self._labels_of(source), **found}
        return {
            **found,
            **{str(value.name): (key, value) for key, value in real.entries if not is_merge(key)},
        }

    def _existing(self, entries: Entries, what: str) -> bool:
        """Handle a label that stands there; whether nothing more is to be done for the rule."""
        entry = entries.get(self.labelling.label)
        if entry is None:
            return False
        real, wanted = entry[1].real(), self.labelling.environment
        if ("" if real.kind is Kind.SCALAR and is_null(real) else real.text) == wanted:
            return True
        if entry[1].event in self._done:
            return True
        if not self.labelling.replace:
            name = self.labelling.label
            message = (
                f"{what} carries {name}: {real.text!r} already, and this is the bundle of {wanted!r}; "
                "remove the label from the base rule, or render with --replace-environment"
            )
            self.problems.append(self.read.file.problem(entry[1].start, message))
            return True
        self._replace(entry)
        return True

    def _replace(self, entry: tuple[Node, Node]) -> None:
        key, value = entry
        self._done.add(value.event)
        span = (value.start, value.end) if value.target is not None else value_span(self.read.parsed, value)
        flow = key.parent is not None and key.parent.flow
        if span is None or value.style in {"|", ">"}:
            message = "this value cannot be replaced with certainty; write it in one line"
            self.problems.append(self.read.file.problem(value.start, message))
            return
        text = written(self.labelling.environment, style=value.style, flow=flow, tagged=False)
        lead = " " if span[0] == span[1] and self.read.parsed.text[span[0] - 1 : span[0]] == ":" else ""
        self.splices.append(Splice(start=span[0], end=span[1], new=lead + text))

    def _add_to(self, node: Node) -> None:
        """Put the label into labels that are there: written here, empty, or an alias."""
        text, real = self.read.parsed.text, node.real()
        if node.target is not None:
            self.splices.append(
                Splice(
                    start=node.start,
                    end=node.end,
                    new=f"{{<<: {text[node.start : node.end]}, {self._pair()}}}",
                )
            )
            return
        self._done.add(real.event)
        if real.kind is Kind.SCALAR:
            lead = " " if real.start == real.end and not text[real.start - 1 : real.start].isspace() else ""
            self.splices.append(Splice(start=real.start, end=real.end, new=f"{lead}{{{self._pair()}}}"))
        elif not real.entries:
            at = text.index("{", real.start, real.end) + 1
            self.splices.append(Splice(start=at, end=at, new=self._pair()))
        else:
            self._before(real.entries[0][0], self._pair(real.entries[0][0]), flow=real.flow)

    def _before(self, key: Node, pair: str, *, flow: bool) -> None:
        """One more entry in front of `key`, in the style of its mapping."""
        gap = ", " if flow else self._newline() + " " * self._column(key)
        self.splices.append(Splice(start=key.start, end=key.start, new=pair + gap))

    def _add_labels(self, site: Site) -> None:
        """`labels` for a rule that has none: before its annotations, or else behind its last simple line."""
        node = site.node
        first = node.entries[0][0]
        if node.flow:
            label = '"labels": {' if first.style == '"' else "labels: {"
            self._before(first, f"{label}{self._pair(first)}}}", flow=True)
            return
        annotations = node.get("annotations")
        if annotations is None and (end := self._simple_end(node)) is not None:
            lines = self._lines(self._column(first))
            new = "".join(self._newline() + line for line in lines)
            self.splices.append(Splice(start=end, end=end, new=new))
            return
        key = node.entries[-1][0] if annotations is None else annotations[0]
        before, below = self._lines(self._column(key))
        at = self._above_comments(key)
        if at == key.start:
            new = before.lstrip(" ") + self._newline() + below + self._newline() + " " * self._column(key)
        else:
            new = before + self._newline() + below + self._newline()
        self.splices.append(Splice(start=at, end=at, new=new))

    def _lines(self, column: int) -> tuple[str, str]:
        return " " * column + "labels:", " " * column + _STEP + self._pair()

    def _simple_end(self, node: Node) -> int | None:
        """The end of the line on which a block rule ends, when that is the line of a plain or quoted scalar."""
        value = node.entries[-1][1]
        text = self.read.parsed.text
        if value.kind is not Kind.SCALAR or value.style in {"|", ">"} or value.start == value.end:
            return None
        end = text.find("\n", value.end)
        end = len(text) if end < 0 else end
        end -= text[end - 1 : end] == "\r"
        rest = text[value.end : end].strip(" \t")
        return end if not rest or rest.startswith("#") else None

    def _above_comments(self, key: Node) -> int:
        """The start of the comment lines right above `key` that stand in its column; or where the key starts."""
        text, column = self.read.parsed.text, self._column(key)
        start = key.start - column
        if text[start : key.start].strip(" "):
            return key.start
        at = key.start
        while start > 0:
            above = text.rfind("\n", 0, start - 1) + 1
            if not text[above:start].startswith(" " * column + "#"):
                break
            at = start = above
        return at

    def _column(self, key: Node) -> int:
        return key.start - (self.read.parsed.text.rfind("\n", 0, key.start) + 1)

    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.read.parsed.text else "\n"

    def _pair(self, beside: Node | None = None) -> str:
        """`environment: staging`, quoted where a reader would take the plain word for something else."""
        value = written(self.labelling.environment, style=None, flow=True, tagged=False)
        name = written(self.labelling.label, style=None, flow=True, tagged=False)
        if beside is not None and beside.style == '"':
            return f"{double_quoted(self.labelling.label)}: {double_quoted(self.labelling.environment)}"
        return f"{name}: {value}"


def problems_and_splices(read: Read, labelling: Labelling) -> tuple[list[Problem], Iterator[Splice]]:
    """Why the file cannot be labelled, and the splices that label it, in the order of the text."""
    labels = Labels(read=read, labelling=labelling)
    labels.plan()
    return labels.problems, iter(sorted(labels.splices, key=lambda splice: (splice.start, splice.end)))
