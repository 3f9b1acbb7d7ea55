"""Thirty-four kinds of divergence between two bundles, each planted alone into any rules: found, and nothing else (A4).

The production side is written in a style of its own, so that layout never counts as a difference.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.alerts import Drift, Environments, Labelling, Rendered, compare_files, render_rules

Base = dict[str, Any]
SIDES = Environments(staging="staging", production="production")
EXPRESSIONS = st.sampled_from(
    [
        "up == 0",
        "sum by (a) (rate(x[5m])) > 1",
        'y{environment="live"} > 2',
        "vector(1) > 0",
        "a and on (b) c",
    ]
)
WORDS = st.sampled_from(["page", "on", "1e3", "null", "a: b", "# c", "it's", "{{ $labels.job }}", "é"])


@st.composite
def bases(draw: st.DrawFn) -> Base:
    """Two or three groups of two or more alerts and a recording rule, with all fields that a rule may have."""

    def alert(group: int, number: int) -> Base:
        labels = {"severity": draw(WORDS), "team": draw(WORDS)}
        notes = {"summary": draw(WORDS), "runbook_url": draw(WORDS)}
        return {
            "alert": f"Alert{group}x{number}",
            "expr": draw(EXPRESSIONS),
            "for": draw(st.sampled_from(["1m", "90s", "1h30m"])),
            "labels": labels,
            "annotations": notes,
        }

    def group(number: int) -> Base:
        alerts = [alert(number, index) for index in range(draw(st.integers(2, 4)))]
        record = {"record": f"job:record{number}", "expr": draw(EXPRESSIONS), "labels": {"kind": draw(WORDS)}}
        rules = draw(st.permutations([*alerts, record]))
        limit = draw(st.integers(1, 9))
        return {"name": f"group-{number}", "interval": "30s", "limit": limit, "rules": list(rules)}

    return {"groups": [group(number) for number in range(draw(st.integers(2, 3)))]}


def a_group(draw: st.DrawFn, base: Base) -> Base:
    return draw(st.sampled_from(base["groups"]))  # type: ignore[no-any-return]


def a_rule(draw: st.DrawFn, base: Base, kind: str = "alert") -> Base:
    return draw(st.sampled_from([rule for rule in a_group(draw, base)["rules"] if kind in rule]))  # type: ignore[no-any-return]


def moved(items: list[Any]) -> None:
    items.append(items.pop(0))


Plant = Callable[[st.DrawFn, Base], Any]
RULES: dict[str, tuple[Plant, Drift, str]] = {
    "a group is missing": (lambda d, b: b["groups"].remove(a_group(d, b)), Drift.GROUP_MISSING, ""),
    "a group is there in addition": (
        lambda d, b: b["groups"].append({**copy.deepcopy(a_group(d, b)), "name": "more", "limit": 77}),
        Drift.GROUP_MISSING,
        "",
    ),
    "a group is renamed": (lambda d, b: a_group(d, b).update(name="renamed"), Drift.FIELD, "name"),
    "groups stand in another order": (lambda d, b: moved(b["groups"]), Drift.GROUP_ORDER, ""),
    "a group's interval differs": (
        lambda d, b: a_group(d, b).update(interval="17s"),
        Drift.FIELD,
        "interval",
    ),
    "a group's interval is gone": (lambda d, b: a_group(d, b).pop("interval"), Drift.FIELD, "interval"),
    "a group's limit differs": (lambda d, b: a_group(d, b).update(limit=99), Drift.FIELD, "limit"),
    "a group's limit is gone": (lambda d, b: a_group(d, b).pop("limit"), Drift.FIELD, "limit"),
    "a group has a query offset": (
        lambda d, b: a_group(d, b).update(query_offset="1m"),
        Drift.FIELD,
        "query_offset",
    ),
    "a group answers partially": (
        lambda d, b: a_group(d, b).update(partial_response_strategy="warn"),
        Drift.FIELD,
        "partial_response_strategy",
    ),
    "a group has labels": (
        lambda d, b: a_group(d, b).update(labels={"region": "eu"}),
        Drift.FIELD,
        "labels/region",
    ),
    "a rule is missing": (lambda d, b: a_group(d, b)["rules"].pop(), Drift.RULE_MISSING, ""),
    "an alert is there in addition": (
        lambda d, b: a_group(d, b)["rules"].append({"alert": "More", "expr": "up == 7"}),
        Drift.RULE_MISSING,
        "",
    ),
    "a recording rule is there in addition": (
        lambda d, b: a_group(d, b)["rules"].append({"record": "job:more", "expr": "up + 7"}),
        Drift.RULE_MISSING,
        "",
    ),
    "a rule stands twice": (
        lambda d, b: (rules := a_group(d, b)["rules"]).append(copy.deepcopy(rules[-1])),
        Drift.RULE_DUPLICATED,
        "",
    ),
    "rules stand in another order": (lambda d, b: moved(a_group(d, b)["rules"]), Drift.RULE_ORDER, ""),
    "an alert is renamed": (lambda d, b: a_rule(d, b).update(alert="Renamed"), Drift.FIELD, "alert"),
    "a recording rule is renamed": (
        lambda d, b: a_rule(d, b, "record").update(record="job:renamed"),
        Drift.FIELD,
        "record",
    ),
    "an alert's expression differs": (
        lambda d, b: a_rule(d, b).update(expr="absent(z)"),
        Drift.FIELD,
        "expr",
    ),
    "a recording rule's expression differs": (
        lambda d, b: (rule := a_rule(d, b, "record")).update(expr=rule["expr"] + " + 1"),
        Drift.FIELD,
        "expr",
    ),
    "an expression selects another environment": (
        lambda d, b: a_rule(d, b).update(expr='up{environment="production"} == 0'),
        Drift.MATCHER,
        "expr",
    ),
    "an alert waits longer": (lambda d, b: a_rule(d, b).update({"for": "17s"}), Drift.FIELD, "for"),
    "an alert does not wait": (lambda d, b: a_rule(d, b).pop("for"), Drift.FIELD, "for"),
    "an alert keeps firing": (
        lambda d, b: a_rule(d, b).update(keep_firing_for="17s"),
        Drift.FIELD,
        "keep_firing_for",
    ),
    "a label differs": (lambda d, b: a_rule(d, b)["labels"].update(team="z"), Drift.FIELD, "labels/team"),
    "a label is gone": (lambda d, b: a_rule(d, b)["labels"].pop("severity"), Drift.FIELD, "labels/severity"),
    "a label is there in addition": (
        lambda d, b: a_rule(d, b)["labels"].update(more="z"),
        Drift.FIELD,
        "labels/more",
    ),
    "a recording rule's label differs": (
        lambda d, b: a_rule(d, b, "record")["labels"].update(kind="z"),
        Drift.FIELD,
        "labels/kind",
    ),
    "an annotation differs": (
        lambda d, b: a_rule(d, b)["annotations"].update(summary="z"),
        Drift.FIELD,
        "annotations/summary",
    ),
    "an annotation is gone": (
        lambda d, b: a_rule(d, b)["annotations"].pop("runbook_url"),
        Drift.FIELD,
        "annotations/runbook_url",
    ),
    "an annotation is there in addition": (
        lambda d, b: a_rule(d, b)["annotations"].update(more="z"),
        Drift.FIELD,
        "annotations/more",
    ),
}
LABELS: dict[str, Callable[[Base], Any]] = {
    "a rule carries the other environment": lambda rule: rule["labels"].update(environment="staging"),
    "a rule carries no environment": lambda rule: rule["labels"].pop("environment"),
    "a rule carries an empty environment": lambda rule: rule["labels"].update(environment=""),
}
STYLES = st.sampled_from([False, True, None])


def bundle(base: Base, environment: str, style: bool | None = False) -> bytes:
    data = yaml.safe_dump(base, sort_keys=False, allow_unicode=True, width=200, default_flow_style=style)
    rendered = render_rules(data.encode(), file="r.yml", labelling=Labelling(environment=environment))
    assert isinstance(rendered, Rendered)
    return rendered.data


def found(staging: bytes | None, production: bytes | None) -> list[tuple[Drift, str]]:
    findings = compare_files(staging, production, file="r.yml", environments=SIDES).findings
    assert all(each.message and (each.staging_line or each.production_line) for each in findings)
    return [(each.kind, each.field) for each in findings]


def test_there_are_at_least_thirty_kinds():
    assert len(RULES) + len(LABELS) >= 30


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_divergence_is_found_alone_and_as_what_it_is(name: str, data: st.DataObject):
    plant, kind, field = RULES[name]
    base = data.draw(bases())
    if kind is Drift.MATCHER:
        for rule in (rule for group in base["groups"] for rule in group["rules"]):
            rule["expr"] = 'up{environment="staging"} == 0'
    other = copy.deepcopy(base)
    plant(data.draw, other)
    staging = bundle(base, "staging", data.draw(STYLES))
    production = bundle(other, "production", data.draw(STYLES))
    assert found(staging, production) == [(kind, field)]
    assert found(production.replace(b"production", b"staging"), staging.replace(b"staging", b"production"))


@pytest.mark.parametrize("name", LABELS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_alert_with_a_wrong_environment_is_found_alone(name: str, data: st.DataObject):
    base = data.draw(bases())
    other = yaml.safe_load(bundle(base, "production"))
    LABELS[name](a_rule(data.draw, other))
    style = data.draw(STYLES)
    production = yaml.safe_dump(other, sort_keys=False, allow_unicode=True, default_flow_style=style).encode()
    assert found(bundle(base, "staging"), production) == [(Drift.LABEL, "labels/environment")]


@settings(max_examples=20, deadline=None)
@given(base=bases())
def test_a_missing_or_broken_file_is_found_alone(base: Base):
    staging, production = bundle(base, "staging"), bundle(base, "production")
    assert found(staging, None) == [(Drift.FILE_MISSING, "")]
    assert found(None, production) == [(Drift.FILE_MISSING, "")]
    assert found(staging, production + b"\ngroups: [") == [(Drift.UNREADABLE, "")]
    assert found(staging, production) == []
