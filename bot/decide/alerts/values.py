"""What rule files hold, as values: documents, groups and rules with their places; and the refusal of a file.

Texts are what Go's YAML reader hands to Prometheus: a scalar's own text, whatever its quotes (`1` and `"1"` are the
same label value), and nothing for null.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import UserError

GROUP_FIELDS = frozenset({"interval", "query_offset", "limit", "partial_response_strategy"})
"""Group settings besides `name`, `labels` and `rules`: Prometheus' own, and Thanos' last one."""

RULE_FIELDS = frozenset({"for", "keep_firing_for"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What is accepted beyond what promtool 2.42 accepts (and Thanos' `partial_response_strategy`)."""

    fields: frozenset[str] = frozenset()
    """More group and rule fields, of other rulers (Mimir, VictoriaMetrics)."""
    utf8_names: bool = False
    """Label and metric names as Prometheus 3 allows them."""
    unchecked: bool = False
    """Expressions that the PromQL parser here does not understand are taken as they are."""


PROMETHEUS = Dialect()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a rule file. `line` and `column` count from 1; None: the whole file is meant."""

    file: str
    line: int | None
    column: int | None
    message: str

    def __str__(self) -> str:
        places = [str(each) for each in (self.line, self.column) if each is not None]
        return f"{':'.join([self.file, *places])}: {self.message}"


class AlertsRefused(UserError, ValueError):
    """The rule files are not taken (attack case 49). The text has one line for each of `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[AlertsRefused], tuple[tuple[Problem, ...]]]:
        """How it travels between processes."""
        return type(self), (self.problems,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alerting or recording rule. `index` counts from 0 in its group.

    `marks` holds character offsets by field: `""` the rule, `expr`, `labels`, `labels/severity`, …;
    `RuleFile.place` turns one into line and column.
    """

    alerting: bool
    name: str
    expr: str
    fields: Mapping[str, str]
    """`for`, `keep_firing_for`, and fields of other rulers by pointer."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    index: int
    marks: Mapping[str, int]

    def content(self) -> tuple[object, ...]:
        """All but where it stands; labels, annotations and fields in no order."""
        return self.alerting, self.name, self.expr, self.fields, self.labels, self.annotations

    def mark(self, name: str) -> int:
        """The offset of a field, or of what is around it."""
        while name and name not in self.marks:
            name = name.rpartition("/")[0]
        return self.marks[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One rule group, with its settings, its labels (Prometheus 3) and its rules in order."""

    name: str
    fields: Mapping[str, str]
    labels: Mapping[str, str]
    rules: Sequence[Rule]
    marks: Mapping[str, int]

    def mark(self, name: str) -> int:
        """The offset of a setting, or of what is around it."""
        while name and name not in self.marks:
            name = name.rpartition("/")[0]
        return self.marks[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What holds groups: a plain rule file, or a PrometheusRule (`name` is `namespace/name` then, else empty).

    `rest` is everything else in it by JSON Pointer; other Kubernetes objects beside it are documents without groups.
    """

    name: str
    groups: Sequence[Group]
    rest: Mapping[str, str]
    marks: Mapping[str, int]

    def mark(self, name: str) -> int:
        """The offset of a pointer of `rest`, or of the document."""
        return self.marks.get(name, self.marks[""])


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One rule file as read. `file` is its path in the bundle, with `/`."""

    file: str
    documents: Sequence[Document]
    line_starts: Sequence[int] = field(repr=False, compare=False)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, offset: int) -> int:
        """The line, from 1, of a character offset."""
        return bisect_right(self.line_starts, offset)

    def groups(self) -> Iterator[Group]:
        """Every group, in the order of the file."""
        for document in self.documents:
            yield from document.groups

    def rules(self) -> Iterator[tuple[Group, Rule]]:
        """Every rule with its group, in the order of the file."""
        for group in self.groups():
            for rule in group.rules:
                yield group, rule

    def problem(self, offset: int, message: str) -> Problem:
        """A problem at an offset."""
        line, column = self.place(offset)
        return Problem(file=self.file, line=line, column=column, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRules:
    """A YAML file that holds no rules, and what it is instead (`promtool unit tests`, `Alertmanager configuration`)."""

    file: str
    what: str
