"""Unit tests of the base, made to ask the rendered bundle: a copy whose expectations carry the environment label.

People write their tests against the base rules. What ships carries one label more, which the rendering put there; so
the copy expects it wherever the rendering set it, and nowhere else. A rule that carried the label in the base keeps
the expectation that its author wrote.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.decide import text
from bot.decide.alerts.labelling import Labelling
from bot.decide.probes.patterns import literal
from bot.decide.probes.shipped import Shipped
from bot.decide.probes.testfiles import Test, TestFile
from bot.decide.probes.tree import Leaf, Row, Table, written
from bot.decide.probes.values import Finding, Kind

_SERIES = re.compile(r"\s*(?P<name>[a-zA-Z_:][\w:]*)\s*(?:\{(?P<labels>.*)\})?\s*", re.DOTALL | re.ASCII)
_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """The copy for promtool, how many expectations got the label, and what is odd about them."""

    data: bytes
    labelled: int
    findings: Sequence[Finding]


def marker(index: int) -> str:
    """The name that the copy gives to a test, so that promtool's words lead back to it."""
    return f"lockstep-{index}"


def adapted(
    tests: TestFile, loaded: Sequence[Shipped], paths: Sequence[str], labelling: Labelling
) -> Adapted:
    """The copy of a test file that loads `paths` (from the root), of which `loaded` are what ships.

    `tests.root` is changed in place: it is read once, for this.
    """
    work = _Copy(tests, loaded, labelling)
    root = tests.root
    folder = posixpath.dirname(tests.file)
    names = [Leaf(literal(posixpath.relpath(path, folder or "."))) for path in paths]
    root.entries["rule_files"] = Row(list(names))
    for test, value in zip(tests.tests, root.rows("tests"), strict=True):
        if isinstance(value, Table):
            work.test(test, value)
            value.entries = {"name": Leaf(marker(test.index)), **_without(value, "name")}
    return Adapted(
        data=(written(root) + "\n").encode("utf-8"), labelled=work.labelled, findings=tuple(work.findings)
    )


def _without(table: Table, name: str) -> dict[str, Leaf | Table | Row]:
    return {key: value for key, value in table.entries.items() if key != name}


class _Copy:
    def __init__(self, tests: TestFile, loaded: Sequence[Shipped], labelling: Labelling) -> None:
        self.file = tests.file
        self.labelling = labelling
        self.alerts = {name for each in loaded for name in each.alerts}
        self.records = {name for each in loaded for name in each.records}
        self.labelled = 0
        self.findings: list[Finding] = []
        self._seen: set[int] = set()

    def test(self, test: Test, table: Table) -> None:
        for asked, value in zip(test.alerts, table.tables("alert_rule_test"), strict=True):
            if asked.alert in self.alerts:
                for alert in value.tables("exp_alerts"):
                    self._alert(asked.alert, asked.line, alert)
        for value in table.tables("promql_expr_test"):
            for sample in value.tables("exp_samples"):
                self._sample(sample)

    def _alert(self, name: str, line: int, alert: Table) -> None:
        labels = alert.entries.get("exp_labels")
        if not isinstance(labels, Table):
            if isinstance(labels, Row) or (isinstance(labels, Leaf) and not labels.null):
                return  # promtool tells
            labels = Table()
        there = labels.entries.get(self.labelling.label)
        if isinstance(there, Leaf) and there.text == self.labelling.environment:
            return
        if isinstance(there, Leaf):
            was = text.truncate(text.visible(there.text), 80, "…")
            message = (
                f"alert {text.visible(name)} is expected with {self.labelling.label}={was!r}, which comes from the "
                f"series; what ships says {self.labelling.environment!r} instead, and so does the copy that was run"
            )
            self.findings.append(Finding(kind=Kind.ENVIRONMENT, file=self.file, line=line, message=message))
        # A new table: an anchor may share the old one with an expectation that keeps it.
        new = {**labels.entries, self.labelling.label: Leaf(self.labelling.environment)}
        alert.entries["exp_labels"] = Table(new, labels.at)
        self.labelled += 1

    def _sample(self, sample: Table) -> None:
        """`ALERTS{alertname="A"}` and labelled recording rules, when the sample still has the rule's own name."""
        leaf = sample.entries.get("labels")
        found = _SERIES.fullmatch(leaf.text) if isinstance(leaf, Leaf) else None
        if not isinstance(leaf, Leaf) or found is None:
            return
        name, inner = found.group("name"), (found.group("labels") or "").strip().rstrip(",")
        if re.search(rf'(?<!\w){re.escape(self.labelling.label)}\s*=\s*"', inner):
            return
        if name in _ALERTS:
            alert = re.search(r'(?<!\w)alertname\s*=\s*"((?:\\.|[^"\\])*)"', inner)
            wanted = alert is not None and alert.group(1) in self.alerts
        else:
            wanted = name in self.records
        if wanted:
            pair = f'{self.labelling.label}="{self.labelling.environment}"'
            sample.entries["labels"] = Leaf(f"{name}{{{', '.join(filter(None, (inner, pair)))}}}")
            self.labelled += 1


def strangers(tests: TestFile, names: Collection[str]) -> Iterator[Finding]:
    """Alerts that a test asks for and no loaded rule file has: expecting nothing of them always passes."""
    for test in tests.tests:
        for asked in test.alerts:
            if asked.alert not in names and not asked.expected:
                message = (
                    f"{text.visible(test.title)}: no alert {text.visible(asked.alert)!r} in the rule files that this "
                    "test loads, so expecting none of it proves nothing; correct the name"
                )
                yield Finding(
                    kind=Kind.TEST_FILE, file=tests.file, line=asked.line, message=message, soft=True
                )
