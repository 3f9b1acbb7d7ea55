"""PromQL as parsed: what is the same, what is wrong, which environment is selected, and expressions made to hurt."""

from __future__ import annotations

import pytest

from bot.decide.alerts import promql, template_problem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("up==0", "up == 0 # down"),
        ("sum by (a) (x)", "sum(x) by (a)"),
        ("x[1h]", "x[60m]"),
        ("x > 0.50", "x > 0.5"),
        ("x{a='b'}", 'x{a="b"}'),
        ("x AND y", "x and y"),
    ],
)
def test_expressions_that_parse_alike_are_the_same(one: str, other: str):
    assert promql.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("up == 0", "up == 1"),
        ('x{a="b c"}', 'x{a="bc"}'),
        ('x{a="# b"}', 'x{a=""}'),
        ("1e-5", "1e - 5"),
        ("a - b - c", "a - (b - c)"),
        ("x offset 5m", "x offset -5m"),
    ],
)
def test_expressions_that_differ_are_not(one: str, other: str):
    assert not promql.same(one, other)


@pytest.mark.parametrize("text", ["up ==", "rate(up)", "sum(x[5m])", "1 == 1", "x{", "nosuch(x)", "{}"])
def test_what_prometheus_cannot_read_is_told(text: str):
    assert promql.problem_of(text)


@pytest.mark.parametrize(
    "text", [r"x{a=~`\d+`}", "holt_winters(x[5m], 0.5, 0.5)", "x @ start()", "sum_over_time(x[1h:5m])"]
)
def test_what_prometheus_can_read_passes(text: str):
    assert promql.problem_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000 + "x" + ")" * 50_000,
        "+".join(["x"] * 20_000),
        " and ".join(["x"] * 20_000),
        "-" * 50_000 + "x",
        "sum(" * 300 + "x" + ")" * 300,
    ],
)
def test_case_49_an_expression_made_to_exhaust_the_parser_ends_no_process(text: str):
    assert promql.problem_of(text) is None
    assert not promql.same(text, text + " + 1")


def test_matchers_on_a_label_are_found_where_they_select():
    text = 'a{environment="x", b="environment"} and c{environment=~`y|z`} # environment="no"'
    assert promql.matchers_on(text, "environment") == ['environment="x"', "environment=~`y|z`"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ $labels.a }} is {{ $value | humanize }}", None),
        ('{{ range $i, $e := query "up" }}{{ $e.Value }}{{ $i }}{{ end }}', None),
        ("{{ with $x := .Value }}{{ $x }}{{ end }}", None),
        ('{{ printf "%s }} $y" $labels.a }}', None),
        ("{{/* a comment about $nothing */}}", None),
        ("{{ $label.a }}", 'undefined variable "$label"'),
        ("{{ $value | humanise }}", 'function "humanise" is not defined'),
        ("{{ $value ", "an action {{ is not closed"),
        ("{{ }}", "{{ }} holds no value"),
        ("{{ if }}a{{ end }}", "{{ if }} holds no value"),
        ("{{ $value * 100 }}", "unexpected '*' in an action"),
        ("{{ $value > 1 }}", "unexpected '>' in an action"),
        ("{{ $labels['a'] }}", "unexpected '[' behind $labels"),
        ("{{ range $i, query `up` }}{{ end }}", "unexpected 'query' in an action"),
        ("{{ $value | humanize(2) }}", "unexpected '(' in an action"),
        ("{{ (humanize $value }}", "a ( is not closed"),
        ("{{ query 'up' }}", "'up' is no single character; write a text as \"…\""),
        ("{{ if $value }}a", "{{ if }} has no {{ end }}"),
        ("{{ end }}", "{{ end }} has nothing to end"),
        (
            "{{ if $value }}{{ else }}{{ else }}{{ end }}",
            "{{ else }} stands outside of a block, or twice in it",
        ),
        ("{{ with $x := 1 }}{{ end }}{{ $x }}", 'undefined variable "$x"'),
        ('{{ define "a" }}{{ $value }}{{ end }}', 'undefined variable "$value"'),
        ("{{ if gt $value 1.0 }}a{{ else if eq $labels.a `b` }}c{{ else }}d{{ end }}", None),
        ('{{- range query "up" -}}{{ .Labels.job }}{{ if . }}{{ break }}{{ end }}{{- end -}}', None),
        ("{{ ($value | humanize) | printf `%s` }}", None),
        ("{{/* a */ b */}}", "unexpected '/' in an action"),
    ],
)
def test_templates_are_judged_as_go_would(text: str, problem: str | None):
    assert template_problem(text) == problem


@pytest.mark.parametrize("text", ["{{ if 1 }}" * 9_000, "{{ " + "(" * 90_000 + " }}", "{{/*" * 20_000])
def test_case_49_a_template_made_to_exhaust_the_parser_is_refused(text: str):
    assert template_problem(text)
