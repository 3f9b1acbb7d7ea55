"""For any rules, in any style: a bundle reads as its base plus the label; one change is one finding (rows A1, A4)."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.alerts import (
    Environments,
    Labelling,
    Rendered,
    compare_files,
    render_rules,
)

Rule = dict[str, Any]

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name != "environment"
)
LABEL_NAMES = NAMES.filter(lambda name: not name.startswith("__"))
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12
).filter(lambda text: "{{" not in text and "\x85" not in text and "\ufeff" not in text)
WORDS = st.sampled_from(
    ["on", "1", "1e3", "~", "null", "2024-01-01", "a: b", "# c", "'", '"', "", "x\ny", "*a", "&a"]
)
EXPRESSIONS = st.sampled_from(
    ["up == 0", "sum by (a) (rate(x[5m])) > 1", 'y{environment="live"} > 2', "vector(1)", "a and on (b) c"]
)
MAPS = st.dictionaries(LABEL_NAMES, st.one_of(TEXTS, WORDS), max_size=3)
DURATIONS = st.sampled_from(["1m", "90s", "0s", "1h30m"])


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    alerting = draw(st.booleans())
    rule: Rule = {"alert" if alerting else "record": draw(NAMES), "expr": draw(EXPRESSIONS)}
    if alerting:
        rule |= draw(
            st.fixed_dictionaries(
                {}, optional={"for": DURATIONS, "keep_firing_for": DURATIONS, "annotations": MAPS}
            )
        )
    rule |= draw(st.fixed_dictionaries({}, optional={"labels": MAPS}))
    keys = draw(st.permutations(list(rule)))
    return {key: rule[key] for key in keys}


@st.composite
def bases(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    return {"groups": [{"name": name, "rules": draw(st.lists(rules(), max_size=4))} for name in names]}


def written(base: dict[str, Any], style: str) -> bytes:
    """The base as YAML in one of its styles."""
    if style == "json":
        return json.dumps(base, ensure_ascii=False).encode()
    options: dict[str, Any] = {
        "block": {},
        "flow": {"default_flow_style": True},
        "mixed": {"default_flow_style": None},
    }[style]
    return yaml.safe_dump(base, sort_keys=False, allow_unicode=True, width=1000, **options).encode()


STYLES = st.sampled_from(["block", "flow", "mixed", "json"])
ENVIRONMENTS = st.sampled_from(["staging", "on", "1", "production-eu.1", "null"])
SIDES = Environments(staging="staging", production="production")


def bundle(base: dict[str, Any], environment: str, style: str, *, recording: bool = False) -> bytes:
    labelling = Labelling(environment=environment, recording=recording)
    rendered = render_rules(written(base, style), file="r.yml", labelling=labelling)
    assert isinstance(rendered, Rendered)
    return rendered.data


@settings(max_examples=60, deadline=None)
@given(bases(), STYLES, ENVIRONMENTS, st.booleans())
def test_a_bundle_reads_as_its_base_with_the_label(
    base: dict[str, Any], style: str, environment: str, recording: bool
):
    expected = copy.deepcopy(base)
    for group in expected["groups"]:
        for rule in group["rules"]:
            if recording or "alert" in rule:
                rule.setdefault("labels", {})["environment"] = environment
    assert yaml.safe_load(bundle(base, environment, style, recording=recording)) == expected


@settings(max_examples=40, deadline=None)
@given(bases(), STYLES, STYLES)
def test_the_bundles_of_one_base_are_equal_in_whatever_style(base: dict[str, Any], one: str, other: str):
    staging, production = bundle(base, "staging", one), bundle(base, "production", other)
    assert compare_files(staging, production, file="r.yml", environments=SIDES).findings == ()


def change(draw: st.DrawFn, base: dict[str, Any]) -> str:
    """Make one change to the base; returns the field that a finding must name."""
    spots = [rule for group in base["groups"] for rule in group["rules"]]
    group = draw(st.sampled_from(base["groups"]))
    if not spots or draw(st.integers(0, 9)) == 0:
        group["interval"] = "17s"
        return "interval"
    rule = draw(st.sampled_from(spots))
    ways = ["expr", "labels/changed"] + ["annotations/changed", "for"] * ("alert" in rule)
    way = draw(st.sampled_from(ways))
    if way == "expr":
        rule["expr"] += " + 1"
    elif way == "for":
        rule["for"] = "17s"
    else:
        rule.setdefault(way.partition("/")[0], {})["changed"] = "yes"
    return way


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], str]:
    base = draw(bases())
    other = copy.deepcopy(base)
    return base, other, change(draw, other)


@settings(max_examples=80, deadline=None)
@given(changes(), STYLES, STYLES)
def test_any_single_change_is_found_alone(
    pair: tuple[dict[str, Any], dict[str, Any], str], one: str, two: str
):
    base, other, field = pair
    staging, production = bundle(base, "staging", one), bundle(other, "production", two)
    findings = compare_files(staging, production, file="r.yml", environments=SIDES).findings
    assert [finding.field for finding in findings] == [field]
