"""promtool's unit tests as values: which rule files they load, which alerts and expressions they ask for, and where.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide.alerts.kinds import What, what_is
from bot.decide.alerts.values import AlertsRefused, RuleFile
from bot.decide.probes.tree import Leaf, Planter, Row, Table, parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """One `alert_rule_test`: the alert, when, the alerts it expects (`exp_labels` as text each), and its line."""

    alert: str
    time: str
    line: int
    expected: Sequence[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprTest:
    """One `promql_expr_test`."""

    expr: str
    time: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One entry of `tests`. `index` counts from 0; `name` may be empty."""

    index: int
    name: str
    line: int
    alerts: Sequence[AlertTest]
    exprs: Sequence[ExprTest]

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or f"test {self.index + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """A file of unit tests. `root` is its whole tree; `rule_files` are patterns with their lines."""

    file: str
    root: Table
    rule_files: Sequence[tuple[str, int]]
    tests: Sequence[Test]
    documents: int = 1


def kinds_in(data: bytes, *, file: str) -> set[What]:
    """What the documents of a YAML file are. Raises AlertsRefused for what cannot be read."""
    found, _ = parsed(data, file)
    return {what_is(root.real(), file) for root in found.documents}


def read_tests(data: bytes, *, file: str) -> TestFile:
    """Read a file of unit tests. What is wrong in its fields is left to promtool; AlertsRefused when it is not YAML."""
    found, lines = parsed(data, file)
    root = Planter(lines).tree(found.documents[0]) if found.documents else Table()
    if not isinstance(root, Table):
        raise AlertsRefused([lines.problem(0, "the file must be a mapping with rule_files and tests")])
    patterns = [
        (each.text, lines.line(each.at)) for each in root.rows("rule_files") if isinstance(each, Leaf)
    ]
    tests = [_test(index, each, lines) for index, each in enumerate(root.rows("tests"))]
    return TestFile(
        file=file, root=root, rule_files=patterns, tests=tests, documents=max(1, len(found.documents))
    )


def _test(index: int, value: Leaf | Table | Row, lines: RuleFile) -> Test:
    table = value if isinstance(value, Table) else Table()
    alerts = [
        AlertTest(
            alert=each.text("alertname"),
            time=each.text("eval_time") or "0s",
            line=lines.line(each.at),
            expected=[labels_of(alert) for alert in each.tables("exp_alerts")],
        )
        for each in table.tables("alert_rule_test")
    ]
    exprs = [
        ExprTest(expr=each.text("expr"), time=each.text("eval_time") or "0s", line=lines.line(each.at))
        for each in table.tables("promql_expr_test")
    ]
    return Test(index=index, name=table.text("name"), line=lines.line(value.at), alerts=alerts, exprs=exprs)


def labels_of(alert: Table) -> dict[str, str]:
    """The `exp_labels` of an expected alert."""
    labels = alert.entries.get("exp_labels")
    if not isinstance(labels, Table):
        return {}
    return {name: each.text for name, each in labels.entries.items() if isinstance(each, Leaf)}
