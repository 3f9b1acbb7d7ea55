"""promtool's words, of this version and others, led back to the lines that people wrote."""

from __future__ import annotations

import pytest

from bot.decide.alerts import Labelling
from bot.decide.probes import Failure, Shipped, failures_of, read_tests, rules_findings, shipped
from bot.model.probes import Said

FILE = read_tests(
    b"""\
tests:
- name: one
  alert_rule_test:
  - {alertname: A, eval_time: 90s}
  - {alertname: A, eval_time: 2m}
- alert_rule_test: [{alertname: A, eval_time: 2m}]
  promql_expr_test:
  - expr: |
      sum(x)
    eval_time: 60s
""",
    file="t.yml",
)
RULES = b"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    annotations: {a: b}\n"


def ships() -> Shipped:
    found = shipped(RULES, path="r.yml", labelling=Labelling(environment="production"))
    assert isinstance(found, Shipped)
    return found


def failures(words: str, code: int = 1) -> list[Failure]:
    return failures_of(Said(code=code, text=words), FILE, [ships()])


@pytest.mark.parametrize(
    ("words", "test", "line"),
    [
        pytest.param(
            "    name: lockstep-0,\n    alertname: A, time: 1m30s, \n  exp:[]\n", 0, 4, id="another spelling"
        ),
        pytest.param(
            "    name: lockstep-0,\n    alertname: A, time: 2m, \n  exp:[]\n", 0, 5, id="the second"
        ),
        pytest.param(
            "    name: lockstep-1,\n    alertname: A, time: 2m, \n  exp:[]\n", 1, 6, id="the other test's"
        ),
        pytest.param(
            "    name: lockstep-1,\n    alertname: A, time: 9m, \n  exp:[]\n", 1, 6, id="only its test"
        ),
        pytest.param(
            '    expr: "sum(x)\\n", time: 1m,\n        exp: 1\n', 1, 8, id="an expression of promtool 2"
        ),
        pytest.param(
            '    name: lockstep-1,\n    expr: "sum(x)\\n", time: 1m,\n  exp: 1\n',
            1,
            8,
            id="and of promtool 3",
        ),
    ],
)
def test_a_failure_is_led_to_its_line(words: str, test: int, line: int):
    (found,) = failures(f"Unit Testing:  t.yml\n  FAILED:\n{words}")
    assert (found.test, found.finding.file, found.finding.line) == (test, "t.yml", line)
    assert found.finding.kind.value == "unit-test"


def test_several_failures_are_told_apart():
    words = "  FAILED:\n" + "".join(
        f"    name: lockstep-{n},\n    alertname: A, time: 2m, \n        exp:[], \n"
        "        got:[\n  0:\n  Labels:{}\n]\n"
        for n in (0, 1)
    )
    assert [each.test for each in failures(words)] == [0, 1]
    assert "none expected, 1 alert came" in failures(words)[0].finding.message


def test_each_line_of_a_refused_form_is_a_finding():
    words = "  FAILED:\nyaml: unmarshal errors:\n  line 2: field a not found\n  line 7: field b not found\n"
    assert [each.finding.line for each in failures(words)] == [2, 7]


def test_words_that_nobody_understands_are_told_as_they_are():
    (found,) = failures("  FAILED:\nsomething new\n")
    assert "something new" in found.finding.message


def test_a_failure_without_words_is_no_answer():
    (found,) = failures("")
    assert found.finding.kind.value == "no-answer"


def test_success_is_silent():
    assert failures("Unit Testing:  t.yml\n  SUCCESS\n", code=0) == []


def test_what_check_rules_says_is_led_to_the_base():
    words = 'Checking ./r.yml\n  FAILED:\n./r.yml: 9:9: group "g", rule 1, "A": could not parse expression: no\n\n'
    (found,) = rules_findings(Said(code=1, text=words), ["r.yml"], {"r.yml": ships()})
    assert (found.file, found.line) == ("r.yml", 5)


def test_a_failure_of_check_rules_that_names_no_file_is_no_answer():
    (found,) = rules_findings(Said(code=2, text="what?"), ["r.yml"], {"r.yml": ships()})
    assert found.kind.value == "no-answer"
