"""Rendering one rule file: the label goes in, in the style of the file, and no other byte changes (row A1)."""

from __future__ import annotations

import pytest

from bot.decide.alerts import (
    AlertsRefused,
    Dialect,
    Labelling,
    NotRules,
    RuleFile,
    labelling_problem,
    read_rules,
    render_rules,
)

HEAD = "groups:\n- name: g\n  rules:\n"


def rendered(text: str, environment: str = "staging", **options: object) -> str:
    labelling = Labelling(environment=environment, **options)  # type: ignore[arg-type]  # options by name
    result = render_rules(text.encode(), file="r.yml", labelling=labelling)
    assert not isinstance(result, NotRules)
    return result.data.decode()


def refusal(text: str | bytes, **options: object) -> str:
    data = text.encode() if isinstance(text, str) else text
    labelling = Labelling(environment="staging", **options)  # type: ignore[arg-type]  # options by name
    with pytest.raises(AlertsRefused) as refused:
        render_rules(data, file="r.yml", labelling=labelling)
    return str(refused.value)


@pytest.mark.parametrize(
    ("rule", "becomes"),
    [
        pytest.param(
            "  - alert: A\n    expr: up == 0\n    labels:\n      severity: page\n",
            "  - alert: A\n    expr: up == 0\n    labels:\n      environment: staging\n      severity: page\n",
            id="labels in block style",
        ),
        pytest.param(
            "  - alert: A\n    expr: up == 0\n",
            "  - alert: A\n    expr: up == 0\n    labels:\n      environment: staging\n",
            id="no labels",
        ),
        pytest.param(
            "  - alert: A\n    expr: up == 0 # down",
            "  - alert: A\n    expr: up == 0 # down\n    labels:\n      environment: staging",
            id="no labels, a comment, no last line break",
        ),
        pytest.param(
            "  - alert: A\n    expr: |\n      up == 0\n\n    # who reads this\n    annotations:\n      summary: x\n",
            "  - alert: A\n    expr: |\n      up == 0\n\n    labels:\n      environment: staging\n"
            "    # who reads this\n    annotations:\n      summary: x\n",
            id="no labels, annotations with a comment of theirs",
        ),
        pytest.param(
            "  - annotations: {summary: x}\n    alert: A\n    expr: up == 0\n",
            "  - labels:\n      environment: staging\n    annotations: {summary: x}\n    alert: A\n"
            "    expr: up == 0\n",
            id="annotations first",
        ),
        pytest.param(
            "  - alert: A\n    expr: |\n      up == 0\n  # the end\n",
            "  - alert: A\n    labels:\n      environment: staging\n    expr: |\n      up == 0\n  # the end\n",
            id="no labels, a block scalar last",
        ),
        pytest.param(
            "  - alert: A\n    expr: up\n    labels: {severity: page}\n",
            "  - alert: A\n    expr: up\n    labels: {environment: staging, severity: page}\n",
            id="labels in flow style",
        ),
        pytest.param(
            "  - alert: A\n    expr: up\n    labels: {}\n",
            "  - alert: A\n    expr: up\n    labels: {environment: staging}\n",
            id="empty labels",
        ),
        pytest.param(
            "  - alert: A\n    expr: up\n    labels:\n    annotations:\n",
            "  - alert: A\n    expr: up\n    labels: {environment: staging}\n    annotations:\n",
            id="labels of nothing",
        ),
        pytest.param(
            "  - alert: A\n    expr: up\n    labels: ~\n",
            "  - alert: A\n    expr: up\n    labels: {environment: staging}\n",
            id="labels of null",
        ),
        pytest.param(
            "  - {alert: A, expr: up}\n",
            "  - {labels: {environment: staging}, alert: A, expr: up}\n",
            id="a rule in flow style",
        ),
        pytest.param(
            '  - {"alert": "A", "expr": "up", "labels": {"severity": "page"}}\n',
            '  - {"alert": "A", "expr": "up", "labels": {"environment": "staging", "severity": "page"}}\n',
            id="a rule in JSON",
        ),
        pytest.param(
            "  - alert: A\r\n    expr: up\r\n",
            "  - alert: A\r\n    expr: up\r\n    labels:\r\n      environment: staging\r\n",
            id="Windows line ends",
        ),
        pytest.param(
            "  - alert: A\n    expr: up\n    labels: &l\n      a: b\n  - alert: B\n    expr: up\n    labels: *l\n",
            "  - alert: A\n    expr: up\n    labels: &l\n      environment: staging\n      a: b\n"
            "  - alert: B\n    expr: up\n    labels: *l\n",
            id="labels shared by an anchor",
        ),
        pytest.param(
            "  - record: r\n    expr: up\n    labels: &l {a: b}\n  - alert: B\n    expr: up\n    labels: *l\n",
            "  - record: r\n    expr: up\n    labels: &l {a: b}\n  - alert: B\n    expr: up\n"
            "    labels: {<<: *l, environment: staging}\n",
            id="labels shared with a recording rule",
        ),
        pytest.param(
            "  - &a\n    alert: A\n    expr: up\n    labels: {a: b}\n  - *a\n  - <<: *a\n    alert: B\n",
            "  - &a\n    alert: A\n    expr: up\n    labels: {environment: staging, a: b}\n  - *a\n"
            "  - <<: *a\n    alert: B\n",
            id="rules shared by an anchor",
        ),
        pytest.param(
            "  - alert: A\n    expr: up\n    labels:\n      environment: staging # so\n",
            "  - alert: A\n    expr: up\n    labels:\n      environment: staging # so\n",
            id="the label is there already",
        ),
        pytest.param(
            "  - record: a:b\n    expr: up\n", "  - record: a:b\n    expr: up\n", id="a recording rule"
        ),
    ],
)
def test_the_label_goes_in_and_nothing_else_changes(rule: str, becomes: str):
    assert rendered(HEAD + rule) == HEAD + becomes


def test_templates_comments_and_settings_survive():
    text = (
        "# ours\ngroups:\n- name: g # first\n  interval: 30s\n  limit: 10\n  partial_response_strategy: warn\n"
        "  rules:\n  # why\n  - alert: A\n    expr: up == 0 # down\n    for: 5m\n    keep_firing_for: 10m\n"
        "    labels:\n      # who\n      severity: page\n"
        "    annotations:\n      summary: '{{ $labels.x }} is {{ $value | humanize }}'\n"
    )
    expected = text.replace("severity: page", "environment: staging\n      severity: page")
    assert rendered(text) == expected


@pytest.mark.parametrize("environment", ["on", "1", "yes", "null", "1e3", "2024-01-01", "0x1f", "prod-eu.1"])
def test_an_environment_s_name_stays_a_string(environment: str):
    text = rendered(HEAD + "  - alert: A\n    expr: up\n", environment)
    quoted = f'"{environment}"' if environment != "prod-eu.1" else environment
    assert text.endswith(f"environment: {quoted}\n")


def test_recording_rules_are_labelled_when_asked():
    text = rendered(HEAD + "  - record: a:b\n    expr: up\n", recording=True)
    assert text.endswith("    labels:\n      environment: staging\n")


def test_the_label_may_have_another_name():
    assert "      env: staging\n" in rendered(HEAD + "  - alert: A\n    expr: up\n", label="env")


def test_a_base_rule_of_another_environment_is_refused_with_its_line():
    said = refusal(HEAD + "  - alert: A\n    expr: up\n    labels:\n      environment: production\n")
    assert said.startswith("r.yml:7:20: rule 'A' carries environment: 'production' already")
    assert "--replace-environment" in said


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("production", "staging"),
        ("'production'", "'staging'"),
        ('"production" # c', '"staging" # c'),
        ("", "staging"),
        ('"{{ $labels.env }}"', '"staging"'),
    ],
)
def test_another_environment_is_replaced_when_told(value: str, becomes: str):
    head = HEAD + "  - alert: A\n    expr: up\n    labels:\n      environment:"
    assert rendered(f"{head} {value}\n", replace=True).rstrip() == f"{head} {becomes}".rstrip().replace(
        ":  ", ": "
    )


def test_another_environment_on_a_recording_rule_is_refused_too():
    said = refusal(HEAD + "  - record: a:b\n    expr: up\n    labels: {environment: production}\n")
    assert "carries environment" in said


def test_another_environment_among_a_group_s_labels_is_refused_too():
    said = refusal("groups:\n- name: g\n  labels: {environment: qa}\n  rules: []\n")
    assert said.startswith("r.yml:3:25: group 'g' carries environment")


def test_every_problem_is_told_at_once():
    said = refusal(HEAD + "  - alert: A\n    expr: up ==\n  - alert: B\n    expr: rate(up)\n")
    assert [line.split(" ")[0] for line in said.splitlines()] == ["r.yml:5:11:", "r.yml:7:11:"]


def test_what_an_anchor_shares_with_annotations_is_refused():
    said = refusal(
        HEAD
        + "  - alert: A\n    expr: up\n    labels: &l {a: b}\n  - alert: B\n    expr: up\n    annotations: *l\n"
    )
    assert "would change more than its label" in said


MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: rules
  namespace: monitoring
spec:
  groups:
    - name: g
      rules:
        - alert: A
          expr: up == 0
"""


def test_a_prometheusrule_among_other_documents_is_rendered():
    added = "          labels:\n            environment: staging\n"
    assert rendered(MANIFEST) == MANIFEST + added


def test_a_list_of_prometheusrules_is_rendered():
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: monitoring.coreos.com/v1\n  kind: PrometheusRule\n"
        "  metadata: {name: a}\n  spec:\n    groups:\n    - name: g\n      rules:\n      - {alert: A, expr: up}\n"
    )
    assert "{labels: {environment: staging}, alert: A, expr: up}" in rendered(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rule_files: [r.yml]\ntests: []\n", "promtool unit tests"),
        ("route: {receiver: a}\nreceivers: [{name: a}]\n", "Alertmanager configuration"),
        ("apiVersion: v1\nkind: ConfigMap\n", "Kubernetes manifests"),
    ],
)
def test_what_is_known_and_has_no_rules_is_left_out_by_name(text: str, what: str):
    found = read_rules(text.encode(), file="r.yml")
    assert isinstance(found, NotRules)
    assert found.what == what


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param("group: []\n", "r.yml:1:1: this document is neither rules", id="a misspelt top level"),
        pytest.param(
            "groups: []\nrules: []\n", "r.yml:2:1: field rules is not known", id="an unknown top level"
        ),
        pytest.param("groups: []\n---\n- a\n", "r.yml:3:1: this document is neither", id="a second document"),
        pytest.param(b"groups: []\n# \xff\n", "r.yml:2: is not UTF-8", id="not UTF-8"),
        pytest.param(
            HEAD + "  - alert: A\n    expr: a\n    expr: b\n",
            "r.yml:6: the key 'expr' stands twice",
            id="twice",
        ),
        pytest.param(
            HEAD + "  - alert: A\n    exp: a\n",
            "r.yml:5:5: field exp is not known in a rule",
            id="a misspelt field",
        ),
        pytest.param(HEAD + "\t- alert: A\n", "r.yml:4:1: not valid YAML", id="a tab"),
        pytest.param("groups: " + "[" * 300 + "]" * 300, "nested deeper than 200", id="deep nesting"),
        pytest.param("groups:\n- name: g\n  rules: *r\n", "no anchor &r before it", id="an alias of nothing"),
        pytest.param(HEAD + "  - alert: A\n    record: b\n    expr: a\n", "both alert and record", id="both"),
        pytest.param(
            HEAD + "  - alert: A\n    expr: a\n    labels: {a.b: c}\n", "invalid label name: a.b", id="a name"
        ),
        pytest.param(
            HEAD + "  - alert: A\n    expr: a\n    for: 5 minutes\n", "is not a duration", id="a duration"
        ),
        pytest.param(
            HEAD + "  - alert: A\n    expr: a\n    annotations: {s: '{{ $label.x }}'}\n",
            'undefined variable "$label"',
            id="a template",
        ),
        pytest.param(
            "{{- if .Values.on }}\n" + HEAD + "{{ end }}\n",
            "{{ … }} makes it a chart's template: render the chart",
            id="a chart's template",
        ),
        pytest.param(
            HEAD + "  - alert: A\n    expr: a\n    for: {{ .Values.for }}\n",
            "r.yml:6:10: for must be a text; quote {{ … }}, or render the chart",
            id="a chart's value",
        ),
    ],
)
def test_case_49_hostile_or_broken_files_are_refused_with_file_and_line(data: str | bytes, says: str):
    said = refusal(data)
    assert says in said
    assert said.startswith("r.yml:")


def bomb(levels: int) -> str:
    lines = [
        "groups:",
        "- name: g",
        "  rules: []",
        "  partial_response_strategy: &a0 [x, x, x, x, x, x, x, x, x]",
    ]
    lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_case_49_an_alias_bomb_is_refused_without_being_expanded():
    assert "must be" in refusal(bomb(20))


def test_case_49_a_bomb_of_merges_is_refused():
    lines = ["kind: ConfigMap", "apiVersion: v1", "a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    rules = "---\ngroups: []\n"
    assert "expand to more than" in refusal("\n".join(lines) + "\n" + rules)


def test_case_52_a_byte_order_mark_survives():
    text = "\ufeff" + HEAD + "  - alert: A\n    expr: up\n"
    assert rendered(text) == text + "    labels:\n      environment: staging\n"


def test_fields_of_other_rulers_pass_when_allowed():
    text = "groups:\n- name: g\n  source_tenants: [a, b]\n  rules: []\n"
    found = read_rules(text.encode(), file="r.yml", dialect=Dialect(fields=frozenset({"source_tenants"})))
    assert isinstance(found, RuleFile)
    (group,) = found.groups()
    assert group.fields == {"source_tenants/0": "a", "source_tenants/1": "b"}


@pytest.mark.parametrize(
    ("environment", "label", "fine"),
    [
        ("staging", "environment", True),
        ("prod-eu.1", "env", True),
        ("", "environment", False),
        ("a b", "environment", False),
        ("staging\n", "environment", False),
        ("staging", "alertname", False),
        ("staging", "__name__", False),
        ("staging", "a-b", False),
    ],
)
def test_names_that_would_break_a_rule_are_told_before_anything_is_read(
    environment: str, label: str, fine: bool
):
    problem = labelling_problem(Labelling(environment=environment, label=label))
    assert (problem is None) is fine
