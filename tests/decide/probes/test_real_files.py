"""Real unit tests and configurations: the probes say of each what promtool and amtool say of the base."""

from __future__ import annotations

import json
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


@cache
def probed(repository: str) -> Probed:
    folder = RuleFolder(root=DATA / "prometheus" / repository)
    inputs = Inputs(
        source="",
        rules={name: folder.read(name) for name in folder.names()},
        tests={},
        configs={},
        files=DiskFiles(root=folder.root),
        labelling=Labelling(environment="production"),
        origin=Source(path="."),
    )
    return probe(inputs, Promtool.found(), Amtool.found)


@pytest.mark.parametrize("path", sorted(EXPECTED["prometheus"]))
def test_the_result_against_what_ships_is_promtools_own(path: str):
    repository, _, name = path.partition("/")
    cases = [
        each
        for each in probed(repository).cases
        if each.file == name and each.probe in ("rules", "unit tests")
    ]
    assert cases
    failed = any(each.level is Level.ERROR for case in cases for each in case.findings)
    assert ("fail" if failed else "pass") == EXPECTED["prometheus"][path]


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
