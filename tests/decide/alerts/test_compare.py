"""Comparing two bundles: each planted divergence is found, exactly once, at its lines (row A4)."""

from __future__ import annotations

import pickle

import pytest

from bot.decide.alerts import (
    AlertsRefused,
    Drift,
    Environments,
    Finding,
    Labelling,
    Rendered,
    RuleFile,
    compare_environments,
    compare_files,
    environment_of,
    read_rules,
    render_rules,
)

BASE = """\
groups:
- name: api
  interval: 30s
  limit: 10
  rules:
  - record: job:errors:rate5m
    expr: sum by (job) (rate(errors_total{job="api"}[5m])) # per job
    labels:
      team: core
  - alert: HighErrors
    expr: |
      job:errors:rate5m > 0.5
    for: 5m
    keep_firing_for: 10m
    labels:
      severity: critical
    annotations:
      summary: "{{ $labels.job }} fails"
      runbook_url: https://runbooks.example/errors
  - alert: HighErrors
    expr: job:errors:rate5m > 0.1
    for: 10m
    labels:
      severity: warning
- name: hosts
  rules:
  - alert: HostDown
    expr: up{environment="live"} == 0
  - alert: DiskFull
    expr: disk_free < 1
"""
SIDES = Environments(staging="staging", production="production")


def bundle(environment: str, base: str = BASE) -> str:
    rendered = render_rules(base.encode(), file="r.yml", labelling=Labelling(environment=environment))
    assert isinstance(rendered, Rendered)
    return rendered.data.decode()


STAGING, PRODUCTION = bundle("staging"), bundle("production")


def found(staging: str | None, production: str | None, environments: Environments = SIDES) -> list[Finding]:
    one, other = (None if text is None else text.encode() for text in (staging, production))
    return list(compare_files(one, other, file="r.yml", environments=environments).findings)


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_the_bundles_of_one_base_are_equal():
    assert found(STAGING, PRODUCTION) == []


WARNING = """\
  - alert: HighErrors
    expr: job:errors:rate5m > 0.1
    for: 10m
    labels:
      environment: production
      severity: warning
"""
HOSTS = PRODUCTION[PRODUCTION.index("- name: hosts") :]
API = PRODUCTION[PRODUCTION.index("- name: api") : PRODUCTION.index("- name: hosts")]
RECORD = PRODUCTION[PRODUCTION.index("  - record") : PRODUCTION.index("  - alert")]

MUTATIONS = [
    ("interval: 30s", "interval: 60s", Drift.FIELD, "interval"),
    ("  interval: 30s\n", "", Drift.FIELD, "interval"),
    ("  limit: 10\n", "  limit: 11\n", Drift.FIELD, "limit"),
    ("  limit: 10\n", "  limit: 10\n  query_offset: 1m\n", Drift.FIELD, "query_offset"),
    ("  limit: 10\n", "  limit: 10\n  partial_response_strategy: warn\n", Drift.FIELD, "partial_response_strategy"),
    ("  limit: 10\n", "  limit: 10\n  labels: {a: b}\n", Drift.FIELD, "labels/a"),
    ("- name: api", "- name: apis", Drift.FIELD, "name"),
    (HOSTS, "", Drift.GROUP_MISSING, ""),
    (API + HOSTS, HOSTS + API, Drift.GROUP_ORDER, ""),
    (HOSTS, HOSTS + "- name: more\n  rules: []\n", Drift.GROUP_MISSING, ""),
    (WARNING, "", Drift.RULE_MISSING, ""),
    (RECORD, "", Drift.RULE_MISSING, ""),
    (WARNING, WARNING + "  - {record: a, expr: up}\n", Drift.RULE_MISSING, ""),
    (WARNING, WARNING + WARNING, Drift.RULE_DUPLICATED, ""),
    (RECORD, RECORD + RECORD, Drift.RULE_DUPLICATED, ""),
    (PRODUCTION[PRODUCTION.index(RECORD) : PRODUCTION.index(HOSTS)],
     PRODUCTION[PRODUCTION.index(RECORD) + len(RECORD) : PRODUCTION.index(HOSTS)] + RECORD, Drift.RULE_ORDER, ""),
    ("record: job:errors:rate5m", "record: job:errors:rate10m", Drift.FIELD, "record"),
    ("alert: HostDown", "alert: HostsDown", Drift.FIELD, "alert"),
    ("> 0.5", "> 0.6", Drift.FIELD, "expr"),
    ("> 0.5", ">= 0.5", Drift.FIELD, "expr"),
    ('{job="api"}[5m]', '{job="api"}[6m]', Drift.FIELD, "expr"),
    ('{job="api"}', '{job=~"api"}', Drift.FIELD, "expr"),
    ('{job="api"}', '{job="api "}', Drift.FIELD, "expr"),
    ('{job="api"}', '{job="api",environment="production"}', Drift.FIELD, "expr"),
    ("sum by (job)", "sum without (job)", Drift.FIELD, "expr"),
    ('environment="live"', 'environment="production"', Drift.MATCHER, "expr"),
    ("    for: 5m", "    for: 6m", Drift.FIELD, "for"),
    ("    for: 5m\n", "", Drift.FIELD, "for"),
    ("keep_firing_for: 10m", "keep_firing_for: 1m", Drift.FIELD, "keep_firing_for"),
    ("    keep_firing_for: 10m\n", "", Drift.FIELD, "keep_firing_for"),
    ("severity: critical", "severity: page", Drift.FIELD, "labels/severity"),
    ("      severity: critical\n", "", Drift.FIELD, "labels/severity"),
    ("      severity: critical\n", "      severity: critical\n      a: b\n", Drift.FIELD, "labels/a"),
    ("team: core", "team: web", Drift.FIELD, "labels/team"),
    ("team: core", "environment: staging\n      team: core", Drift.LABEL, "labels/environment"),
    ("      environment: production\n      severity: crit", "      severity: crit", Drift.LABEL, "labels/environment"),
    ("environment: production\n", "environment: staging\n", Drift.LABEL, "labels/environment"),
    ("environment: production\n", "environment: Production\n", Drift.LABEL, "labels/environment"),
    ("fails", "failed", Drift.FIELD, "annotations/summary"),
    ("{{ $labels.job }}", "{{ $labels.instance }}", Drift.FIELD, "annotations/summary"),
    ("      runbook_url: https://runbooks.example/errors\n", "", Drift.FIELD, "annotations/runbook_url"),
    ("      summary:", "      description: x\n      summary:", Drift.FIELD, "annotations/description"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "kind", "field"), MUTATIONS)
def test_a_planted_divergence_is_found_alone_and_by_its_name(old: str, new: str, kind: Drift, field: str):
    (finding,) = found(STAGING, changed(PRODUCTION, old, new))
    assert (finding.kind, finding.field) == (kind, field)


@pytest.mark.parametrize(("old", "new", "kind", "field"), MUTATIONS)
def test_a_divergence_of_the_other_side_is_found_as_well(old: str, new: str, kind: Drift, field: str):
    swapped = Environments(staging="production", production="staging")
    (finding,) = found(changed(PRODUCTION, old, new), STAGING, swapped)
    assert (finding.kind, finding.field) == (kind, field)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("> 0.5", ">0.5", id="blanks in an expression"),
        pytest.param("sum by (job) (rate", "sum by(job)(\n      rate", id="lines in an expression"),
        pytest.param(" # per job", "", id="a comment"),
        pytest.param('"api"', "'api'", id="quotes in an expression"),
        pytest.param("[5m]", "[300s]", id="a duration in an expression"),
        pytest.param("    for: 5m", "    for: 300s", id="a duration"),
        pytest.param("    for: 5m", '    for: "5m"', id="quotes"),
        pytest.param(
            "      severity: critical\n", "      # who\n      severity: 'critical'\n", id="a YAML comment"
        ),
        pytest.param("environment: production", 'environment: "production"', id="a quoted environment"),
        pytest.param("      team: core\n", "      {team: core}\n", id="flow style"),
    ],
)
def test_what_does_not_count_is_not_found(old: str, new: str):
    assert found(STAGING, changed(PRODUCTION, old, new)) == []


def test_labels_in_another_order_are_equal():
    other = "      severity: critical\n      environment: production\n"
    assert (
        found(
            STAGING, changed(PRODUCTION, "      environment: production\n      severity: critical\n", other)
        )
        == []
    )


def test_a_finding_names_group_rule_values_and_both_lines():
    production = changed(PRODUCTION, "    for: 5m", "    # longer\n    for: 15m")
    (finding,) = found(STAGING, production)
    assert (finding.file, finding.group, finding.rule, finding.field) == ("r.yml", "api", "HighErrors", "for")
    assert (finding.staging, finding.production) == ("5m", "15m")
    assert finding.staging_line == line_of(STAGING, "for: 5m")
    assert finding.production_line == line_of(production, "for: 15m")


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("a", "b", "'a' in staging, 'b' in production"),
        (None, "b", "nothing in staging, 'b' in production"),
        (
            "a b",
            "a\nb",
            "'a b' in staging, 'a b' in production; they differ in blanks or characters that nobody sees",
        ),
        (
            f"{'x' * 300}[5m] > 1",
            f"{'x' * 300}[6m] > 1",
            f"'…{'x' * 59}[5m] > 1' in staging, '…{'x' * 59}[6m] > 1' in production",
        ),
    ],
)
def test_the_difference_of_two_values_is_always_to_be_seen(one: str | None, other: str | None, said: str):
    assert Environments(staging="staging", production="production").both(one, other) == said


def test_a_missing_rule_is_named_at_the_line_where_it_stands():
    (finding,) = found(STAGING, changed(PRODUCTION, WARNING, ""))
    assert (finding.rule, finding.staging, finding.production) == ("HighErrors", "HighErrors", None)
    assert finding.staging_line == line_of(STAGING, "expr: job:errors:rate5m > 0.1") - 1
    assert finding.production_line is None


def test_a_matcher_of_the_environment_in_an_expression_is_named_as_such():
    (finding,) = found(
        changed(STAGING, 'environment="live"', 'environment="staging"'),
        changed(PRODUCTION, 'environment="live"', 'environment="production"'),
    )
    assert finding.kind is Drift.MATCHER
    assert (
        "'environment=\"staging\"' in staging and 'environment=\"production\"' in production"
        in finding.message
    )


def test_the_same_text_in_an_annotation_is_no_matcher():
    (finding,) = found(
        changed(STAGING, "fails", "of environment='staging'"),
        changed(PRODUCTION, "fails", "of environment='x'"),
    )
    assert (finding.kind, finding.field) == (Drift.FIELD, "annotations/summary")


@pytest.mark.parametrize("environment", ["on", "1", "null", "it-1", "2024-01-01"])
def test_environments_with_odd_names_compare_as_equal(environment: str):
    sides = Environments(staging=environment, production="production")
    assert found(bundle(environment), PRODUCTION, sides) == []
    sides = Environments(staging="staging", production=environment)
    assert found(STAGING, bundle(environment), sides) == []


def test_several_divergences_are_all_found():
    production = changed(changed(PRODUCTION, "    for: 5m", "    for: 1m"), "disk_free < 1", "disk_free < 2")
    assert [each.field for each in found(STAGING, production)] == ["for", "expr"]


@pytest.mark.parametrize(("staging", "production"), [(STAGING, None), (None, PRODUCTION)])
def test_a_file_of_one_bundle_only_is_missing_in_the_other(staging: str | None, production: str | None):
    (finding,) = found(staging, production)
    assert finding.kind is Drift.FILE_MISSING


def test_a_file_that_cannot_be_read_is_a_finding_with_its_line():
    (finding,) = found(STAGING, changed(PRODUCTION, "    for: 5m", "   for: 5m"))
    assert finding.kind is Drift.UNREADABLE
    assert finding.production_line is not None


def test_a_file_without_rules_beside_one_with_rules_is_a_finding():
    (finding,) = found(STAGING, "kind: ConfigMap\napiVersion: v1\n")
    assert finding.message == "rules in staging and Kubernetes manifests in production, with other bytes"


@pytest.mark.parametrize(
    ("production", "count"), [("rule_files: [a.yml]\n", 0), ("rule_files: [b.yml]\n", 1)]
)
def test_files_without_rules_differ_when_their_bytes_do(production: str, count: int):
    assert len(found("rule_files: [a.yml]\n", production)) == count


def test_a_refusal_travels_between_processes():
    with pytest.raises(AlertsRefused) as refused:
        read_rules(b"group: []\n", file="r.yml")
    again = pickle.loads(pickle.dumps(refused.value))
    assert (str(again), again.problems) == (str(refused.value), refused.value.problems)


def test_bundles_of_one_environment_are_not_staging_and_production():
    (finding,) = compare_environments(Environments(staging="staging", production="staging"))
    assert finding.message == "both bundles are rendered for 'staging'"


def test_a_bundle_without_labels_beside_one_with_them_is_a_finding():
    (finding,) = compare_environments(Environments(staging="staging", production=None))
    assert "no alerting rule of production carries" in finding.message


def test_the_environment_of_a_bundle_is_what_most_rules_carry():
    file = read_rules(changed(STAGING, "environment: staging", "environment: qa").encode(), file="r.yml")
    assert isinstance(file, RuleFile)
    assert environment_of([file], "environment") == "staging"
    assert environment_of([file], "env") is None


MANIFEST = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {name}
  labels: {{role: rules}}
spec:
  groups:
  - name: g
    rules:
    - alert: A
      expr: {expr}
"""


def manifests(*pairs: tuple[str, str]) -> str:
    return "---\n".join(MANIFEST.format(name=name, expr=expr) for name, expr in pairs)


TWO = manifests(("one", "up"), ("two", "down"))


@pytest.mark.parametrize(
    ("production", "kind", "field"),
    [
        (TWO.replace("role: rules", "role: rule", 1), Drift.FIELD, "/metadata/labels/role"),
        (manifests(("one", "up"), ("three", "down")), Drift.FIELD, "/metadata/name"),
        (manifests(("one", "up")), Drift.DOCUMENT_MISSING, ""),
        (manifests(("one", "up"), ("two", "down == 0")), Drift.FIELD, "expr"),
    ],
)  # fmt: skip
def test_manifests_are_compared_document_by_document(production: str, kind: Drift, field: str):
    (finding,) = found(bundle("staging", TWO), bundle("production", production))
    assert (finding.kind, finding.field) == (kind, field)


def test_manifests_in_another_order_are_equal():
    other = manifests(("two", "down"), ("one", "up"))
    assert found(bundle("staging", TWO), bundle("production", other)) == []
