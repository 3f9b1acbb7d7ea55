"""`lockstep alerts probe` as people and pipelines call it, with the real promtool and amtool (rows A2, G2, G3, G8)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from bot.cli import lockstep
from bot.decide.alerts import read_bundle
from bot.decide.probes import read_results
from tests.decide.probes.repo import RULES, RUNBOOK, TESTS, Repo


def test_all_is_well_and_said_with_its_numbers(repo: Repo):
    result = repo.probe("--alertmanager", repo.root / "ops/alertmanager.yml")
    assert result.exit_code == 0, result.output
    assert "unit tests: 1 file, 1 test, none failed" in result.output
    assert (
        "ops/alertmanager.yml: 2 receivers, 0 inhibit rules, 0 templates (0 files), 1 route" in result.output
    )
    assert "tested alerting rules: 1 of 1 (100 %)" in result.output
    assert "tested recording rules: 0 of 1 (0 %)" in result.output
    assert result.output.endswith("passed\n")


def test_no_share_is_told_of_rules_that_are_not_there(repo: Repo):
    repo.write("ops/alerts/api.yml", "groups: []\n")
    assert "tested alerting rules: there are none" in repo.probe().output


def test_a_test_written_for_the_base_passes_against_what_ships(repo: Repo):
    assert "environment" not in TESTS
    assert repo.json()["outcome"] == "pass"


def test_a_test_that_passes_for_the_base_and_fails_for_what_ships_is_found(repo: Repo):
    """Two series that differ in `environment` alone are one alert twice once the label is set: it cannot fire."""
    repo.write(
        "ops/alerts/tests/api_test.yml",
        """\
rule_files: [../api.yml]
tests:
- interval: 1m
  input_series:
  - {series: 'up{environment="a"}', values: '0x10'}
  - {series: 'up{environment="b"}', values: '0x10'}
  alert_rule_test:
  - alertname: Down
    eval_time: 5m
    exp_alerts:
    - exp_labels: {severity: critical, environment: a}
      exp_annotations: {summary: " is down", runbook_url: docs/runbooks/api.md#down}
    - exp_labels: {severity: critical, environment: b}
      exp_annotations: {summary: " is down", runbook_url: docs/runbooks/api.md#down}
""",
    )
    found = repo.json()
    assert found["outcome"] == "fail"
    assert {each["kind"] for each in found["findings"]} == {"test-environment", "unit-test"}


def test_a_failing_unit_test_is_named_with_its_line(repo: Repo):
    repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("values: '0x10'", "values: '1x10'"))
    result = repo.probe()
    assert result.exit_code == 1
    said = "unit-test: the instance is gone: alert Down at 5m: 1 alert expected, none came"
    assert f"ops/alerts/tests/api_test.yml:8: {said}" in result.output


def test_the_rule_changed_so_that_the_test_fails(repo: Repo):
    repo.write("ops/alerts/api.yml", RULES.replace("up == 0", "up == 2"))
    assert ("unit-test", "ops/alerts/tests/api_test.yml", 8) in repo.findings()


def test_a_rule_that_cannot_be_evaluated_is_named_in_the_rule_file(repo: Repo):
    repo.write("ops/alerts/api.yml", RULES.replace("expr: up == 0", "expr: a + on(x) b"))
    repo.write(
        "ops/alerts/tests/api_test.yml",
        "rule_files: [../api.yml]\ntests:\n- interval: 1m\n  input_series:\n"
        + "".join(
            f"  - {{series: '{s}', values: '1x9'}}\n"
            for s in ('a{x="1"}', 'b{x="1",y="1"}', 'b{x="1",y="2"}')
        )
        + "  alert_rule_test: [{alertname: Down, eval_time: 1m, exp_alerts: []}]\n",
    )
    assert ("unit-test", "ops/alerts/api.yml", 7) in repo.findings()


def test_a_test_that_promtool_cannot_read_is_told_at_its_own_line(repo: Repo):
    repo.write("ops/alerts/tests/api_test.yml", TESTS + "  nonsense: 1\n")
    assert repo.findings() == [("test-file", "ops/alerts/tests/api_test.yml", 13)]


def test_rules_that_are_refused_name_their_line_and_their_tests_do_not_pass(repo: Repo):
    repo.write("ops/alerts/api.yml", RULES.replace("expr: up == 0", "expr: up =="))
    assert repo.findings() == [
        ("rules", "ops/alerts/api.yml", 7),
        ("test-file", "ops/alerts/tests/api_test.yml", 1),
    ]
    assert repo.json()["bundle"] is None


def test_promtool_sees_what_the_own_checks_let_pass(repo: Repo):
    """A number that is well written, and larger than Go's."""
    number = '"{{ 99999999999999999999999 }}"'
    repo.write("ops/alerts/api.yml", RULES.replace('"{{ $labels.instance }} is down"', number))
    (found,) = [each for each in repo.json()["findings"] if each["kind"] == "rules"]
    assert (found["file"], found["line"]) == ("ops/alerts/api.yml", 6)
    assert "promtool refuses it as it ships" in found["message"]


def test_tests_of_a_prometheusrule_manifest_run_although_promtool_cannot_read_it(repo: Repo):
    body = "".join(f"  {line}\n" for line in RULES.splitlines())
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: api}\nspec:\n"
    repo.write("ops/alerts/api.yml", head + body)
    found = repo.json()
    assert (found["outcome"], found["counts"]["tests"], found["coverage"]["alerting"]["tested"]) == (
        "pass",
        1,
        1,
    )


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("partial_response_strategy: warn", []),
        ("source_tenants: [a, b]", ["--allow-field", "source_tenants"]),
    ],
)
def test_what_only_other_rulers_read_is_kept_from_promtool(repo: Repo, field: str, words: list[str]):
    repo.write("ops/alerts/api.yml", RULES.replace("- name: api\n", f"- name: api\n  {field}\n"))
    assert repo.json(*words)["outcome"] == "pass"


def test_tests_in_a_folder_of_their_own_are_run(repo: Repo):
    repo.write("ops/checks/api_test.yml", TESTS.replace("../api.yml", "../alerts/*.yml"))
    (repo.root / "ops/alerts/tests/api_test.yml").unlink()
    found = repo.json("--tests", repo.root / "ops/checks")
    assert (found["outcome"], [each["file"] for each in found["tests"]]) == (
        "pass",
        ["ops/checks/api_test.yml"],
    )


def test_a_rule_file_outside_the_source_is_loaded_as_it_stands_and_told(repo: Repo):
    repo.write("ops/other.yml", "groups:\n- name: o\n  rules:\n  - {record: o, expr: vector(1)}\n")
    repo.write(
        "ops/alerts/tests/api_test.yml", TESTS.replace("[../api.yml]", "[../api.yml, ../../other.yml]")
    )
    found = repo.json()
    assert found["outcome"] == "pass"
    assert found["notes"] == [
        "ops/alerts/tests/api_test.yml loads ops/other.yml, which is outside the source and does not ship"
    ]


def test_a_pattern_that_matches_nothing_fails_although_promtool_goes_on(repo: Repo):
    repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("[../api.yml]", "[../api.yml, ../gone.yml]"))
    assert repo.findings() == [("test-file", "ops/alerts/tests/api_test.yml", 1)]


def test_expecting_nothing_of_an_alert_that_does_not_exist_is_a_warning(repo: Repo):
    more = "  - {alertname: Doun, eval_time: 1m, exp_alerts: []}\n"
    repo.write("ops/alerts/tests/api_test.yml", TESTS + more)
    assert repo.findings() == [("test-file", "ops/alerts/tests/api_test.yml", 13)]
    assert repo.probe().exit_code == 0
    assert repo.probe("--strict").exit_code == 1


def test_alerts_and_recorded_series_that_a_test_selects_get_the_label_too(repo: Repo):
    more = """\
  promql_expr_test:
  - expr: ALERTS
    eval_time: 5m
    exp_samples:
    - labels: ALERTS{alertname="Down", alertstate="firing", instance="a", severity="critical"}
      value: 1
  - expr: job:errors:rate5m
    eval_time: 5m
    exp_samples: [{labels: job:errors:rate5m, value: 1}]
"""
    series = "  - {series: errors_total, values: '0+60x10'}\n  alert_rule_test:"
    repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("  alert_rule_test:", series) + more)
    assert repo.json()["outcome"] == "pass"
    assert repo.json("--recording-rules")["outcome"] == "pass"


def test_too_few_tested_rules_block(repo: Repo):
    assert repo.probe("--min-tested", 50).exit_code == 0
    assert repo.probe("--min-tested", 50.1).exit_code == 1
    assert "1 of 2 rules are tested (50 %), 51 % are demanded" in repo.message("coverage", "--min-tested", 51)


def test_a_route_that_does_not_lead_to_the_receiver_fails(repo: Repo):
    given = ("--alertmanager", repo.root / "ops/alertmanager.yml", "--route")
    assert repo.probe(*given, "severity=critical", "pager").exit_code == 0
    message = repo.message("route", *given, "severity=warning", "pager")
    assert message == "severity=warning must reach 'pager' and reaches 'default'"
    assert "no receiver has that name" in repo.message("route", *given, "severity=critical", "nobody")


def test_a_critical_production_alert_at_the_default_receiver_fails(repo: Repo):
    config = repo.write("ops/alertmanager.yml", "route: {receiver: mail}\nreceivers: [{name: mail}]\n")
    given = ("--alertmanager", config)
    message = repo.message("critical-route", *given)
    assert "alert Down (ops/alerts/api.yml:6) is critical and ends at the default receiver 'mail'" in message
    assert repo.probe(*given, "--environment", "staging").exit_code == 0
    meant = (*given, "--route", "severity=critical", "mail")
    assert repo.probe(*meant).exit_code == 0


def test_a_configuration_that_amtool_refuses_is_told_at_its_line(repo: Repo):
    config = repo.root / "ops/alertmanager.yml"
    config.write_text(config.read_text() + "nonsense: 1\ntemplates: [a.tmpl]\n")
    assert repo.findings("--alertmanager", config) == [("alertmanager", "ops/alertmanager.yml", 9)]


def test_a_broken_template_is_named_by_its_own_file(repo: Repo):
    config = repo.root / "ops/alertmanager.yml"
    config.write_text("templates: [mail/*.tmpl]\n" + config.read_text())
    repo.write("ops/mail/a.tmpl", '{{ define "a" }}')
    assert "ops/mail/a.tmpl" in repo.message("alertmanager", "--alertmanager", config)


def test_templates_of_alertmanagers_machine_are_found_in_the_repository(repo: Repo):
    config = repo.root / "ops/alertmanager.yml"
    config.write_text("templates: ['/etc/alertmanager/mail/*.tmpl']\n" + config.read_text())
    repo.write("ops/mail/a.tmpl", '{{ define "a" }}x{{ end }}')
    (counts,) = repo.json("--alertmanager", config)["alertmanager"]
    assert (counts["templates"], counts["template_files"]) == (1, 1)


def test_the_artifacts_are_complete(repo: Repo, tmp_path: Path):
    folder = tmp_path / "artifacts/alert-probes"
    repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("values: '0x10'", "values: '1x10'"))
    assert repo.probe("--artifacts", folder).exit_code == 1
    assert sorted(each.name for each in folder.iterdir()) == ["junit.xml", "probes.json", "probes.log"]
    suites = ElementTree.parse(folder / "junit.xml").getroot()
    (case,) = suites.findall("testsuite[@name='alerts probe: unit tests']/testcase")
    assert (case.get("name"), case.get("line")) == ("the instance is gone", "3")
    assert "1 alert expected, none came" in (case.find("failure").get("message") or "")  # type: ignore[union-attr]
    assert "exp:[" in (folder / "probes.log").read_text()
    assert json.loads((folder / "probes.json").read_text())["outcome"] == "fail"


def test_the_results_speak_about_exactly_the_rendered_bytes(repo: Repo, tmp_path: Path):
    folder = tmp_path / "out"
    repo.probe("--artifacts", folder / "probes")
    results = read_results((folder / "probes/probes.json").read_bytes())
    bundles = {}
    for environment in ("staging", "production"):
        words = [
            "--source",
            repo.root / "ops/alerts",
            "--output",
            folder / environment,
            "--environment",
            environment,
        ]
        assert CliRunner().invoke(lockstep, ["alerts", "render", *map(str, words)]).exit_code == 0
        bundles[environment] = read_bundle((folder / environment / "bundle.json").read_bytes())
    assert results.digest == bundles["production"].digest()
    assert [results.covers(each) for each in bundles.values()] == [None, None]
    repo.write("ops/alerts/api.yml", RULES.replace("2m", "3m"))
    repo.probe("--artifacts", folder / "probes")
    results = read_results((folder / "probes/probes.json").read_bytes())
    assert "other base rules were probed: api.yml" in str(results.covers(bundles["staging"]))
    assert results.covers(bundles["production"]) == "other bytes were probed than the bundle holds"


def test_the_same_bytes_give_the_same_results(repo: Repo):
    assert repo.probe("--json").stdout == repo.probe("--json").stdout


def test_settings_come_from_the_rules_file(repo: Repo):
    rules = repo.write(
        "promotion/promotion-rules.yaml",
        "version: 1\nsources:\n- repository: o/app\n  workflow: .github/workflows/build.yml\n  branches: [main]\n"
        "  artifact: tags\n  components: {api: {image: ghcr.io/o/api}}\n"
        "environments:\n  dev:\n    values: [{file: a.yaml, path: '{component}'}]\n"
        "alerts:\n  source: ops/alerts\n  alertmanager: ops/alertmanager.yml\n"
        "  routes: {severity=critical: default}\n  min_tested_percent: 90\n",
    )
    words = ["alerts", "probe", "--rules", str(rules), "--root", str(repo.root), "--json"]
    result = CliRunner().invoke(lockstep, words)
    assert result.exit_code == 1, result.output
    kinds = {each["kind"] for each in json.loads(result.stdout)["findings"]}
    assert kinds == {"route", "coverage"}


@pytest.mark.parametrize("tool", ["promtool", "amtool"])
def test_a_missing_tool_ends_with_2_and_says_how_to_install_it(repo: Repo, tool: str, tmp_path: Path):
    real = {"promtool": "/usr/bin/promtool"} if tool == "amtool" else {}
    for name, path in real.items():
        (tmp_path / name).symlink_to(path)
    words = ["--source", "ops/alerts", "--root", ".", "--alertmanager", "ops/alertmanager.yml"]
    done = subprocess.run(
        [sys.executable, "-m", "bot", "alerts", "probe", *words],
        cwd=repo.root,
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[tool]
    assert f"{tool} is not installed" in done.stderr
    assert f"apt-get install --no-install-recommends {package};" in done.stderr


def test_amtool_is_not_needed_where_there_is_no_alertmanager(repo: Repo):
    assert repo.probe("--amtool", "/nonexistent").exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--route", "severity", "pager"], "is no list of labels"),
        (["--environment", "no such"], "no environment's name"),
        (["--tests", "/etc"], "lies outside of"),
        (["--min-tested", "101"], "101"),
        (["--alertmanager", "nowhere.yml"], "lies outside"),
    ],
)
def test_what_cannot_be_meant_is_usage(repo: Repo, words: list[str], says: str):
    result = repo.probe(*words)
    assert result.exit_code == 2
    assert says in result.output


def test_a_runbook_is_followed_to_its_heading(repo: Repo):
    repo.write("docs/runbooks/api.md", RUNBOOK.replace("## Down", "## Up"))
    assert repo.findings() == [("runbook-dead", "ops/alerts/api.yml", 12)]
    assert "#down" in repo.message("runbook-dead")
