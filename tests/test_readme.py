"""The README leaves nothing out: every command, setting, route, label and outcome stands in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.adapters.github.permissions import OPTIONAL, PERMISSIONS
from bot.adapters.rules.load import shipped_rules
from bot.adapters.rules.reference import reference
from bot.adapters.store import Store
from bot.cli import COMMANDS
from bot.decide import names, permissions_table
from bot.decide.commands import USAGE
from bot.decide.figures import FAMILIES, Family, Kind
from bot.decide.notify import reference as events
from bot.model.guards import SHIPPED as GUARDS
from bot.model.policy import Concurrency, MergeRule
from bot.model.policy_after import Guards
from bot.model.policy_gates import GATE_NAMES
from bot.model.verdict import Outcome
from bot.run.commands import AVAILABLE

ROOT = Path(__file__).parents[1]
SHIPPED = shipped_rules()
README = (ROOT / "README.md").read_text()
SETTINGS = sorted(
    {
        name
        for file in ("reader.py", "settings.py")
        for name in re.findall(r'"([A-Z][A-Z_]{3,})"', (ROOT / "bot/settings" / file).read_text())
    }
)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_of_the_command_line_is_documented(command: str):
    assert f"`lockstep {command}" in README


@pytest.mark.parametrize("usage", [usage.syntax for usage in USAGE if usage.name in AVAILABLE])
def test_every_comment_command_is_documented(usage: str):
    assert f"`{usage}`" in README


@pytest.mark.parametrize(
    "setting",
    [
        name
        for name in SETTINGS
        if name not in ("DEBUG", "TRACE", "FATAL", "CRITICAL", "ERROR", "INFO", "WARN", "WARNING")
    ],
)
def test_every_setting_is_documented(setting: str):
    assert f"`{setting}`" in README


@pytest.mark.parametrize(
    "label",
    [
        names.BUMP_LABEL,
        names.HOLD_LABEL,
        names.SUPERSEDED_LABEL,
        names.ROLLBACK_LABEL,
        names.INCIDENT_LABEL,
        "env:<environment>",
    ],
)
def test_every_label_is_documented(label: str):
    assert f"`{label}`" in README


@pytest.mark.parametrize("route", ["/webhook", "/alerts", "/status", "/live", "/ready", "/metrics", "/"])
def test_every_route_is_documented(route: str):
    assert re.search(rf"`(GET|POST) {re.escape(route)}`", README)


@pytest.mark.parametrize("guard", GUARDS)
def test_every_guard_is_documented_and_has_a_level_in_the_rules(guard: str):
    assert f"| `{guard}` |" in README
    assert hasattr(Guards(), guard)


@pytest.mark.parametrize("outcome", [each.value for each in Outcome])
def test_every_outcome_is_documented(outcome: str):
    assert f"| {outcome} |" in README


@pytest.mark.parametrize("word", [MergeRule.AUTO.value, *(each.value for each in Concurrency)])
def test_every_choice_is_documented(word: str):
    assert re.search(rf"`(merge|concurrency): {word}`", README)


def gate_keys() -> list[tuple[str, str]]:
    """Each gate of the rules' schema with each of its keys."""
    specs = json.loads((ROOT / "policies/promotion-rules.schema.json").read_text())["$defs"]
    refs = {gate: spec["anyOf"][0]["$ref"] for gate, spec in specs["GatesSpec"]["properties"].items()}
    found = [(gate, key) for gate, ref in refs.items() for key in specs[ref.rpartition("/")[2]]["properties"]]
    return [
        *found,
        ("soak", "soak"),
        ("debt", "hotfix"),
        *(("freeze", key) for key in specs["FreezeSpec"]["properties"]),
    ]


@pytest.mark.parametrize(("gate", "key"), gate_keys())
def test_every_gate_is_documented_with_its_keys(gate: str, key: str):
    gates = README.partition("\n### Gates\n")[2].partition("\n## ")[0]
    (row,) = [line for line in gates.splitlines() if line.startswith(f"| `{gate}` |")]
    assert f"`{key}`" in row


def test_no_gate_that_an_override_may_name_is_left_out():
    assert {gate for gate, _ in gate_keys()} == set(GATE_NAMES)


def test_every_event_that_is_told_is_documented_with_what_it_is_made_from():
    shown = README.partition("<!-- events: written by `make reference` -->\n")[2]
    assert shown.partition("<!-- /events -->")[0] == events.markdown(), "run: make reference"


@pytest.mark.parametrize("kind", ["slack", "email", "webhook"])
def test_every_kind_of_channel_is_documented(kind: str):
    assert f"| `{kind}` | " in README.partition("\n## Being told\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("permission", sorted({**PERMISSIONS, **OPTIONAL}))
def test_every_permission_is_asked_for_with_a_reason(permission: str):
    lines = (ROOT / "app.yml").read_text().splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith(f"  {permission}:")]
    assert lines[at - 1].lstrip().startswith("#")


def test_the_two_set_up_commands_are_the_makefile_s():
    assert {"make demo", "make test"} <= set(re.findall(r"^(make \w+)", README, re.MULTILINE))


def test_no_machine_or_registry_is_named():
    assert not re.search(r"/(work|root|home/\w+)/|registry\.npmjs|pypi\.org/simple", README)


def test_the_permission_matrix_is_the_one_that_the_authorizer_is_held_to():
    shown = README.partition("<!-- permissions: written by `bot/decide/permissions_table.py` -->\n")[2]
    assert shown.partition("<!-- /permissions -->")[0] == permissions_table.markdown()


def test_every_key_of_the_rules_file_is_documented_with_its_default():
    shown = README.partition("<!-- keys: written by `lockstep check --keys` -->\n")[2].partition(
        "<!-- /keys -->"
    )[0]
    assert shown == reference(), "run: make reference"


@pytest.mark.parametrize(
    "role",
    sorted({each.role for environment in SHIPPED.environments.values() for each in environment.approvals}),
)
def test_every_role_that_the_shipped_rules_ask_for_is_documented(role: str):
    assert f"`{role}`" in README


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.name)
def test_every_metric_of_the_ledger_is_documented_as_it_is(family: Family):
    name = family.name + ("_total" if family.kind is Kind.COUNTER else "")
    labels = ", ".join(f"`{each}`" for each in family.labels) or "–"
    assert f"| `{name}` | {family.kind.value} | {labels} | {family.help} |" in README


def test_every_gauge_of_the_store_and_counter_of_the_process_is_documented(store: Store):
    web = re.findall(r'"(lockstep_[a-z_]+)"', (ROOT / "bot/web/metrics.py").read_text())
    gauges = [f"lockstep_{name}" for name in store.numbers()]
    assert [name for name in (*web, *gauges) if f"`{name}" not in README] == []  # counters go on with _total
