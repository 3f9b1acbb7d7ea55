"""The command lines of the hand-written workflow stand in the README beside Lockstep's, and those run (A1, A2, A4)."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import lockstep
from tests.stories.alert_town import BASE

README = (Path(__file__).resolve().parents[3] / "README.md").read_text()
BY_HAND = {
    "render": [
        "python tools/alerts/render_environment_rules.py --source ops/alerts --output artifacts/alerts/staging "
        "--environment staging"
    ],
    "compare": [
        "python tools/alerts/compare_environment_rules.py --staging artifacts/alerts/staging "
        "--production artifacts/alerts/production"
    ],
    "probe": [
        "python -m pytest tools/alerts/tests",
        "python tools/alerts/validate_alerts.py --artifacts artifacts/alert-probes",
    ],
}
ALERTMANAGER = """\
route: {receiver: default, routes: [{matchers: [severity="critical"], receiver: pager}]}
receivers: [{name: default}, {name: pager}]
"""


def row(name: str) -> tuple[str, str]:
    """The command by hand and Lockstep's, as the table has them."""
    (found,) = re.findall(rf"^\| {name} \| (.*) \| `(lockstep [^`]*)` \|$", README, re.MULTILINE)
    return found


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with base rules that carry no environment, in the folders of the README."""
    (tmp_path / "ops/alerts").mkdir(parents=True)
    (tmp_path / "ops/alerts/api.yml").write_text(BASE)
    (tmp_path / "ops/alertmanager.yml").write_text(ALERTMANAGER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def runs(command: str) -> str:
    """What Lockstep prints; the command must pass."""
    result = CliRunner().invoke(lockstep, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", BY_HAND)
def test_the_command_by_hand_stands_beside_lockstep_s(name: str):
    by_hand, _ = row(name)
    assert all(f"`{command}`" in by_hand for command in BY_HAND[name])


def test_lockstep_s_commands_render_compare_and_probe(repository: Path):
    render, compare, probe = (row(name)[1] for name in BY_HAND)
    runs(render)
    runs(render.replace("staging", "production"))
    rendered = (repository / "artifacts/alerts/staging/api.yml").read_text()
    assert rendered.count("environment: staging") == 2
    assert "equal but for the environment label: 1 file, 2 rules" in runs(compare)
    runs(probe)
    assert json.loads((repository / "artifacts/alert-probes/probes.json").read_text())["outcome"] == "pass"


def test_a_drift_fails_the_comparison_and_names_it(repository: Path):
    render, compare = row("render")[1], row("compare")[1]
    runs(render)
    runs(render.replace("staging", "production"))
    bundle = repository / "artifacts/alerts/production/api.yml"
    bundle.write_text(bundle.read_text().replace("for: 10m", "for: 20m"))
    result = CliRunner().invoke(lockstep, shlex.split(compare)[1:])
    assert result.exit_code == 1
    assert "rule ApiSlow, for" in result.output
