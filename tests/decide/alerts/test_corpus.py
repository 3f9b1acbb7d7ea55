"""Real rule files: what promtool accepts renders and stays accepted, what it refuses is refused, nothing else changes.

The files are the tests' own, or all of LOCKSTEP_CORPUS/prometheus; promtool is the real one.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.decide.alerts import (
    AlertsRefused,
    Environments,
    Labelling,
    NotRules,
    Rendered,
    compare_files,
    read_rules,
    render_rules,
)

DATA = Path(__file__).resolve().parents[2] / "data" / "alerts"
CORPUS = Path(os.environ["LOCKSTEP_CORPUS"]) / "prometheus" if "LOCKSTEP_CORPUS" in os.environ else DATA
CHECKS = (
    json.loads((DATA / "promtool.json").read_text())
    if CORPUS == DATA
    else json.loads((CORPUS / "CHECKS.json").read_text())["files"]
)
SIDES = Environments(staging="staging", production="production")
THANOS_FIELD = "field partial_response_strategy not found in type rulefmt.RuleGroup"
"""promtool does not know it, and here it is accepted on a group: Thanos does know it."""


def files(kind: str, result: str) -> list[str]:
    return sorted(
        file for file, check in CHECKS.items() if (check["kind"], check["result"]) == (kind, result)
    )


def bundle(file: str, environment: str = "staging") -> Rendered | NotRules:
    labelling = Labelling(environment=environment)
    return render_rules((CORPUS / file).read_bytes(), file=file, labelling=labelling)


def promtool(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    assert program, "promtool is missing: install the package `prometheus` (`make tools`)"
    return subprocess.run(
        [program, "check", "rules", *names], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("file", [*files("rules", "pass"), *files("crd", "pass")])
def test_what_promtool_accepts_renders_by_insertions_alone_and_compares_as_equal(file: str):
    staging, production = bundle(file), bundle(file, "production")
    if isinstance(staging, NotRules) or isinstance(production, NotRules):
        assert not re.search(rb"^kind: PrometheusRule|^groups:", (CORPUS / file).read_bytes(), re.MULTILINE)
        return
    base = (CORPUS / file).read_text("utf-8")
    matcher = difflib.SequenceMatcher(None, base, staging.data.decode(), autojunk=False)
    if len(base) < 5_000:  # the matcher takes quadratic time
        assert {step[0] for step in matcher.get_opcodes()} <= {"equal", "insert"}
    alerting = [rule for _, rule in staging.rules.rules() if rule.alerting]
    assert all(rule.labels["environment"] == "staging" for rule in alerting)
    assert bundle(file) == staging
    assert compare_files(staging.data, production.data, file=file, environments=SIDES).findings == ()


def test_promtool_accepts_every_rendered_file(tmp_path: Path):
    names = files("rules", "pass")
    for number, file in enumerate(names):
        rendered = bundle(file)
        assert isinstance(rendered, Rendered)
        (tmp_path / f"{number}.yml").write_bytes(rendered.data)
    done = promtool(tmp_path, *(f"{number}.yml" for number in range(len(names))))
    assert done.returncode == 0, done.stderr


def test_promtool_accepts_the_groups_of_every_rendered_manifest(tmp_path: Path):
    names = []
    for number, file in enumerate(files("crd", "pass")):
        rendered = bundle(file)
        if isinstance(rendered, NotRules):
            continue
        for document in yaml.safe_load_all(rendered.data):
            if document and document["kind"] == "PrometheusRule" and document["spec"]["groups"]:
                names.append(f"{number}.yml")
                (tmp_path / names[-1]).write_text(yaml.safe_dump({"groups": document["spec"]["groups"]}))
    done = promtool(tmp_path, *names)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", files("rules", "fail"))
def test_what_promtool_refuses_is_refused_at_its_line(file: str):
    said = CHECKS[file]["message"]
    others = [line for line in re.findall(r"line (\d+): (.*)", said) if THANOS_FIELD not in line[1]]
    if not others and THANOS_FIELD in said:
        assert isinstance(bundle(file), Rendered)
        return
    with pytest.raises(AlertsRefused) as refused:
        bundle(file)
    lines = {problem.line for problem in refused.value.problems}
    at = re.findall(r": (\d+):\d+: group", said)
    expected = {int(line) for line, _ in others} | {int(line) for line in at}
    assert expected <= lines
    assert None not in lines


@pytest.mark.parametrize("file", [*files("tests", "pass"), *files("tests", "fail")])
def test_unit_tests_are_never_taken_for_rules(file: str):
    found = read_rules((CORPUS / file).read_bytes(), file=file)
    assert isinstance(found, NotRules)
