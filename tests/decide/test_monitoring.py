"""The dashboard, alert rules and runbooks that ship: held to what is measured, and to our own probes (row P9)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.adapters.store import Store
from bot.cli import lockstep
from bot.decide.figures import FAMILIES, Kind

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "policies/monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
RULES = (MONITORING / "alerts/lockstep.yml").read_text()
RUNBOOKS = sorted((MONITORING / "runbooks").iterdir())
SECTIONS = ["Symptoms", "Impact", "Investigation", "Mitigation", "Prevention"]
ENDS = {Kind.COUNTER: ("_total",), Kind.HISTOGRAM: ("_bucket", "_count", "_sum"), Kind.GAUGE: ("",)}


def expressions() -> list[str]:
    """Every query of the dashboard."""
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def known(store: Store) -> set[str]:
    """Every series that `/metrics` has."""
    own = {f"{each.name}{end}" for each in FAMILIES for end in ENDS[each.kind]}
    web = {f"lockstep_webhook_{each}_total" for each in ("deliveries", "refused", "ignored")}
    return own | web | {f"lockstep_{name}" for name in store.numbers()} | {"lockstep_store_up"}


def test_our_own_probes_pass_with_every_rule_tested(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    readme = (ROOT / "README.md").read_text()
    (command,) = re.findall(r"^lockstep (alerts probe --source policies/monitoring.*)$", readme, re.MULTILINE)
    result = CliRunner().invoke(lockstep, command.split())
    assert result.exit_code == 0, result.output
    assert "tested alerting rules: 13 of 13 (100 %)" in result.output


def test_the_dashboard_and_the_rules_ask_for_series_that_there_are(store: Store):
    asked = set(re.findall(r"lockstep_[a-z_]+", "\n".join([*expressions(), RULES])))
    assert asked
    assert asked - known(store) == set()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.name)
def test_every_metric_of_the_ledger_is_on_the_dashboard(family: Any):
    assert any(family.name in each for each in expressions())


def test_panels_have_ids_of_their_own_and_lie_apart():
    panels = DASHBOARD["panels"]
    assert len({each["id"] for each in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (each["gridPos"] for each in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24  # Grafana's grid is 24 wide


def test_every_panel_asks_the_prometheus_that_its_reader_chooses():
    (source,) = DASHBOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    wanted = {"type": "prometheus", "uid": f"${{{source['name']}}}"}
    for panel in (each for each in DASHBOARD["panels"] if each["type"] != "row"):
        assert panel["type"] in {"stat", "timeseries"}
        assert [panel["datasource"], *(each["datasource"] for each in panel["targets"])] == [wanted] * (
            1 + len(panel["targets"])
        )
        assert len({each["refId"] for each in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda each: each.stem)
def test_a_runbook_has_its_five_sections_and_an_alert(page: Path):
    text = page.read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert f"runbook_url: policies/monitoring/runbooks/{page.name}" in RULES
