"""Which rules a unit test exercises (row G2), and the seed's own numbers."""

from __future__ import annotations

import pytest

from bot.decide.alerts import Labelling
from bot.decide.probes import Coverage, Shipped, coverage, read_tests, shipped, shortfall
from bot.decide.probes.coverage import selected

RULES = """\
groups:
- name: g
  rules:
  - {alert: A, expr: up == 0, labels: {severity: warning}}
  - {alert: A, expr: up == 0, for: 1h, labels: {severity: critical, team: "{{ $labels.team }}"}}
  - {alert: B, expr: up == 0}
  - {record: 'a:b', expr: up}
  - {record: 'a:c', expr: up}
- name: h
  rules:
  - {alert: C, expr: up == 0}
"""


def covered(tests: str, rules: str = RULES) -> Coverage:
    file = shipped(rules.encode(), path="r.yml", labelling=Labelling(environment="production"))
    assert isinstance(file, Shipped)
    return coverage(
        [file], [(read_tests(f"tests:\n- {tests}\n".encode(), file="t.yml"), [file])], label="environment"
    )


def untested(tests: str) -> list[str]:
    return sorted(name for group in covered(tests).groups for name in group.untested)


@pytest.mark.parametrize(
    ("tests", "left"),
    [
        pytest.param("alert_rule_test: []", ["A", "A", "B", "C", "a:b", "a:c"], id="nothing"),
        pytest.param(
            "alert_rule_test: [{alertname: B, exp_alerts: [{}]}]", ["A", "A", "C", "a:b", "a:c"], id="one"
        ),
        pytest.param(
            "alert_rule_test: [{alertname: B, exp_alerts: []}]",
            ["A", "A", "B", "C", "a:b", "a:c"],
            id="expecting nothing exercises nothing",
        ),
        pytest.param(
            "alert_rule_test: [{alertname: A, exp_alerts: [{exp_labels: {severity: warning}}]}]",
            ["A", "B", "C", "a:b", "a:c"],
            id="the one of two with these labels",
        ),
        pytest.param(
            "alert_rule_test: [{alertname: A, exp_alerts: [{exp_labels: {severity: critical, team: x}}]}]",
            ["A", "B", "C", "a:b", "a:c"],
            id="a templated label fits whatever is expected",
        ),
        pytest.param(
            "promql_expr_test: [{expr: 'sum(a:b)'}]", ["A", "A", "B", "C", "a:c"], id="a recording rule"
        ),
        pytest.param(
            "promql_expr_test: [{expr: up}]", ["A", "A", "B", "C", "a:b", "a:c"], id="another series"
        ),
    ],
)
def test_a_rule_is_exercised_when_a_test_could_fail_by_it(tests: str, left: list[str]):
    assert untested(tests) == left


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ('a:b{x="a:c"} # a:d', {"a:b"}),
        ('{__name__="a:b"}', {"a:b"}),
        ("rate(a:b[5m]) / on (x) a:c", {"rate", "a:b", "on", "x", "a:c", "5m"}),
    ],
)
def test_the_series_that_an_expression_selects_are_read_from_it(expr: str, names: set[str]):
    assert selected(expr) == names


def test_the_least_covered_groups_come_first():
    groups = covered("alert_rule_test: [{alertname: C, exp_alerts: [{}]}]").groups
    assert [(each.group, each.share.percent) for each in groups] == [("g", 0.0), ("h", 100.0)]


def test_a_share_is_rounded_down_so_that_not_all_never_reads_as_all():
    rules = "groups:\n- name: g\n  rules:\n" + "".join(
        f"  - {{record: 'r{n}', expr: up}}\n" for n in range(3000)
    )
    exprs = ", ".join(f"{{expr: r{n}}}" for n in range(2999))
    found = covered(f"promql_expr_test: [{exprs}]", rules)
    assert found.rules.percent == 99.9
    assert shortfall(found, 100, "ops") != []
    assert shortfall(found, 99.9, "ops") == []


def test_the_seeds_figures_come_out_of_the_seeds_numbers():
    """34 alerts and 25 recording rules, of which 2 and 1 are tested."""
    alerts = "".join(f"  - {{alert: A{n}, expr: up}}\n" for n in range(34))
    records = "".join(f"  - {{record: 'r:{n}', expr: up}}\n" for n in range(25))
    found = covered(
        "{alert_rule_test: [{alertname: A0, exp_alerts: [{}]}, {alertname: A1, exp_alerts: [{}]}], "
        "promql_expr_test: [{expr: 'r:0'}]}",
        f"groups:\n- name: g\n  rules:\n{alerts}{records}",
    )
    assert (found.alerting.tested, found.alerting.rules) == (2, 34)
    assert (found.recording.tested, found.recording.rules) == (1, 25)
    assert found.rules.percent == 5.0
