"""Pull requests that mean harm: nothing outside is read, and every run ends (attack cases 49, 50, 74, 75, 95)."""

from __future__ import annotations

import os
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.decide.probes.repo import ALERTMANAGER, RULES, TESTS, Repo


@pytest.mark.parametrize(
    "pattern",
    [
        "/etc/passwd",
        "../../../../etc/passwd",
        "../../../../../../etc/*",
        "~/x.yml",
        "C:/x.yml",
        "/proc/self/environ",
    ],
)
def test_case_50_rule_files_that_lead_outside_are_not_read(repo: Repo, pattern: str):
    repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("[../api.yml]", f"[{pattern!r}]"))
    assert repo.findings() == [("test-file", "ops/alerts/tests/api_test.yml", 1)]
    assert "root:" not in repo.probe().output


def test_case_50_a_symbolic_link_among_the_rules_refuses_the_source(repo: Repo):
    (repo.root / "ops/alerts/passwd.yml").symlink_to("/etc/passwd")
    result = repo.probe()
    assert result.exit_code == 2
    assert "is a symbolic link" in result.output


def test_case_50_a_link_that_a_test_loads_is_no_file(repo: Repo):
    (repo.root / "ops/linked.yml").symlink_to("/etc/passwd")
    (repo.root / "ops/folder").symlink_to("/etc")
    for pattern in ("../../linked.yml", "../../folder/*"):
        repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("[../api.yml]", f"[{pattern}]"))
        assert ("test-file", "ops/alerts/tests/api_test.yml", 1) in repo.findings()


@pytest.mark.parametrize("pattern", ["../../../etc/*", "/etc/passwd", "/../../etc/passwd", "~root/*"])
def test_case_50_template_patterns_read_nothing_outside(repo: Repo, pattern: str):
    config = repo.write("ops/alertmanager.yml", f"templates: [{pattern!r}]\n{ALERTMANAGER}")
    result = repo.probe("--alertmanager", config, "--json")
    assert "root:" not in result.output
    (counts,) = repo.json("--alertmanager", config)["alertmanager"]
    assert counts["template_files"] == 0


def test_case_50_secrets_named_by_file_are_not_opened(repo: Repo):
    config = repo.write(
        "ops/alertmanager.yml",
        ALERTMANAGER.replace(
            "- name: pager",
            "- name: pager\n  webhook_configs:\n  - url: http://localhost/\n    http_config:\n"
            "      tls_config: {ca_file: /etc/passwd}\n      basic_auth: {username: a, password_file: /etc/shadow}",
        ),
    )
    assert "root:" not in repo.probe("--alertmanager", config, "--json").output


def test_case_49_an_alias_bomb_in_a_test_is_refused_fast(repo: Repo):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    repo.write(
        "ops/alerts/tests/api_test.yml", "\n".join([*lines, "rule_files: [../api.yml]", "tests: *a19"])
    )
    started = time.monotonic()
    assert {kind for kind, _, _ in repo.findings()} == {"test-file"}
    assert time.monotonic() - started < 10


def test_case_49_a_duplicate_key_in_a_test_is_refused(repo: Repo):
    repo.write("ops/alerts/tests/api_test.yml", TESTS + "rule_files: []\n")
    assert repo.findings() == [("rules", "ops/alerts/tests/api_test.yml", 13)]


def test_case_74_an_endless_test_is_stopped_and_is_no_pass(repo: Repo):
    endless = "- interval: 1s\n  input_series: [{series: a, values: '0x1'}]\n  promql_expr_test:\n"
    endless += "  - {expr: 'count_over_time(vector(1)[9y:1s])', eval_time: 8y, exp_samples: []}\n"
    repo.write("ops/alerts/tests/endless_test.yml", f"rule_files: [../api.yml]\ntests:\n{endless}")
    result = repo.probe("--timeout", 2)
    assert result.exit_code == 3, result.output
    assert "endless_test.yml: no-answer: promtool" in result.output
    assert "unit tests: 2 files, 2 tests, 1 failed" in result.output, "the other test has its answer"


def test_case_74_a_test_that_eats_memory_is_stopped(repo: Repo):
    bomb = "- interval: 1s\n  input_series: [{series: a, values: '0+1x2000000000'}]\n"
    repo.write("ops/alerts/tests/bomb_test.yml", f"rule_files: []\ntests:\n{bomb}")
    result = repo.probe("--timeout", 60, "--memory", 256)
    assert result.exit_code == 3, result.output
    assert "bomb_test.yml: no-answer: promtool ran out of memory" in result.output


def test_a_failure_beside_an_endless_test_is_a_failure(repo: Repo):
    repo.write(
        "ops/alerts/tests/bomb_test.yml",
        "rule_files: []\ntests:\n- interval: 1s\n  input_series: [{series: a, values: '0+1x2000000000'}]\n",
    )
    repo.write("ops/alerts/api.yml", RULES.replace("up == 0", "up == 2"))
    assert repo.probe("--memory", 256).exit_code == 1


def test_a_huge_file_is_refused(repo: Repo):
    with (repo.root / "ops/alerts/huge.yml").open("wb") as file:
        file.truncate(100 << 20)
    result = repo.probe()
    assert result.exit_code == 2
    assert "is larger than 16 MiB" in result.output


def test_a_pipe_instead_of_a_file_is_not_waited_on(repo: Repo):
    os.mkfifo(repo.root / "ops/pipe.yml")
    repo.write("ops/alerts/tests/api_test.yml", TESTS.replace("[../api.yml]", "[../../pipe.yml]"))
    assert ("test-file", "ops/alerts/tests/api_test.yml", 1) in repo.findings()


def test_nobodys_credentials_reach_the_tools(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A promtool of our own tells what it sees."""
    tool = tmp_path / "promtool"
    tool.write_text("#!/bin/sh\necho version 9.9.9\n/usr/bin/env\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    said = repo.probe("--promtool", tool, "--json").output
    assert "ghs_secret" not in said
    assert "9.9.9" in said


def test_case_75_a_flood_of_findings_is_cut_and_counted(repo: Repo):
    rules = "".join(f"  - {{alert: A{n}, expr: up}}\n" for n in range(6000))
    repo.write("ops/alerts/many.yml", f"groups:\n- name: many\n  rules:\n{rules}")
    found = repo.json()
    assert (len(found["findings"]), found["dropped"]) == (5000, 1000)
    assert "… and 5800 more" in repo.probe().output


def test_case_95_markup_and_control_characters_stay_inert_in_every_report(repo: Repo, tmp_path: Path):
    name = "<img onerror=x>\\u001b[31m\\u202e"
    text = TESTS.replace("name: the instance is gone", f'name: "{name}"').replace("'0x10'", "'1x10'")
    repo.write("ops/alerts/tests/api_test.yml", text)
    result = repo.probe("--artifacts", tmp_path / "out")
    log = (tmp_path / "out/probes.log").read_text()
    for said in (result.output, log, (tmp_path / "out/junit.xml").read_text()):
        assert "\x1b" not in said
        assert "\u202e" not in said
    (case,) = ElementTree.parse(tmp_path / "out/junit.xml").findall(".//testcase[@line='3']")
    assert case.get("name") == "<img onerror=x> [31m"
