"""Real unit tests and configurations: the probes say of each what promtool and amtool say of the base.

The rules are the tests' own, or all of LOCKSTEP_CORPUS/prometheus, where `-s` shows what their tests reach.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path

import pytest

from bot.adapters.alerts import DiskFiles, RuleFolder
from bot.adapters.amtool import Amtool
from bot.adapters.promtool import Promtool
from bot.decide.alerts import Labelling, Source
from bot.decide.probes import Level, Probed, config_findings, copy_for_amtool, read_config, routing
from bot.run.probing import Inputs, probe

DATA = Path(__file__).parents[2] / "data/probes"
EXPECTED = json.loads((DATA / "expected.json").read_text())
CORPUS = Path(os.environ.get("LOCKSTEP_CORPUS", DATA)) / "prometheus"
KNOWN = CORPUS / "CHECKS.json"
CHECKS = json.loads(KNOWN.read_text())["files"] if KNOWN.exists() else {}
RESULTS = {file: each["result"] for file, each in CHECKS.items()} or EXPECTED["prometheus"]
"""What promtool alone says of each file, in its own folder."""


@cache
def probed(repository: str) -> Probed:
    folder = RuleFolder(root=CORPUS / repository)
    names = [file.partition("/")[2] for file in RESULTS if file.startswith(f"{repository}/")]
    inputs = Inputs(
        source="",
        rules={name: folder.read(name) for name in names},
        tests={},
        configs={},
        files=DiskFiles(root=folder.root),
        labelling=Labelling(environment="production"),
        origin=Source(path="."),
    )
    return probe(inputs, Promtool.found(), Amtool.found)


@pytest.mark.parametrize("path", sorted(RESULTS))
def test_the_result_against_what_ships_is_promtools_own(path: str):
    repository, _, name = path.partition("/")
    cases = [
        each
        for each in probed(repository).cases
        if each.file == name and each.probe in ("rules", "unit tests")
    ]
    if name in probed(repository).skipped:  # a manifest without any rule
        assert b"kind: PrometheusRule\n" not in (CORPUS / path).read_bytes()
        return
    assert cases
    failed = any(each.level is Level.ERROR for case in cases for each in case.findings)
    # promtool does not know this field of a group, and the probes hide it from promtool: Thanos does know it.
    said = re.findall(r"line \d+: (.*)", CHECKS.get(path, {}).get("message", ""))
    thanos = said and all(
        "partial_response_strategy not found in type rulefmt.RuleGroup" in each for each in said
    )
    assert ("fail" if failed else "pass") == ("pass" if thanos else RESULTS[path])


@pytest.mark.parametrize("repository", sorted({path.partition("/")[0] for path in RESULTS}))
def test_what_the_unit_tests_reach_is_counted_as_the_rules_are(repository: str):
    found = probed(repository)
    rules = found.coverage.rules
    alerting, recording = found.coverage.alerting, found.coverage.recording
    print(
        f"\n{repository}: {rules.tested} of {rules.rules} rules are tested ({rules.percent:g} %): alerting "
        f"{alerting.tested} of {alerting.rules}, recording {recording.tested} of {recording.rules}"
    )
    assert 0 <= rules.tested <= rules.rules
    assert rules.rules == sum(each.share.rules for each in found.coverage.groups)
    assert bool(rules.tested) == any(case.probe == "unit tests" for case in found.cases if not case.findings)


@pytest.mark.parametrize("path", sorted(EXPECTED["alertmanager"]))
def test_a_configuration_is_judged_as_amtool_judges_it(path: str):
    config = read_config((DATA / "alertmanager" / path).read_bytes(), file=path)
    copy = copy_for_amtool(config, DiskFiles(root=DATA / "alertmanager"))
    said = Amtool.found().check_config(copy.files, copy.name)
    assert ("fail" if config_findings(said, config, copy) else "pass") == EXPECTED["alertmanager"][path]
    if said.code == 0:
        counts = routing(config, b"", copy)
        assert f" - {counts.receivers} receivers\n" in said.text
        assert f" - {counts.inhibit_rules} inhibit rules\n" in said.text
        assert f" - {counts.templates} templates\n" in said.text
