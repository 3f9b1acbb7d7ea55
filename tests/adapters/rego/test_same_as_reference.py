"""The embedded engine answers as the reference engine does: for the shipped guards and for guards of a team's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.rego import Rego, shipped
from bot.decide.guards import Guarded, guard
from bot.model.guards import Answered, Asked, Change, GuardFile, Module
from bot.model.policy_after import Guards
from tests.adapters.rego.reference import Reference

DATA = Path(__file__).resolve().parents[2] / "data"
HEAD = "package main\n\nimport rego.v1\n\n"
GUARDS = Guards(allowed_hosts=("hooks.example.com", "*.pages.example.com"), allowed_paths=("docs/**",))
CHANGE = Change(environment="dev", paths=("v.yaml", "docs/a", "x.sh"), values=("v.yaml",))


def files() -> list[GuardFile]:
    """Every file of the test data of guards, alerts, the bump and the rules, with a few lines that hold secrets."""
    found = [
        GuardFile(path=path.relative_to(DATA).as_posix(), data=path.read_bytes())
        for topic in ("guards", "bump", "rules", "probes", "alerts")
        for path in sorted((DATA / topic).rglob("*"))
        if path.is_file()
    ]
    token = "ghp_" + "A1b2" * 9
    key = "-----BEGIN PRIVATE " + "KEY-----\n" + "MIIE" * 16 + "\n"
    return [
        *found,
        GuardFile(path='odd "name\\.txt', data=f'x: "{token}"\n'.encode()),
        GuardFile(path="key.pem", data=key.encode()),
    ]


def looked(engine: Rego | Reference) -> Guarded:
    return guard(engine, shipped(), files(), GUARDS, change=CHANGE)


def test_the_shipped_guards_find_the_same_with_both_engines() -> None:
    ours, theirs = looked(Rego()), looked(Reference())
    assert ours.findings == theirs.findings
    assert {each.guard for each in ours.findings} >= {"autoheal_disabled", "digest_only", "protected_paths"}


OWN = {
    "sets and objects": 'deny contains {"msg": m, "path": ["a", i]} if { some i, m in input.list }',
    "comprehension": 'deny contains msg if msg := sprintf("%d", [count([x | some x in input.list; x > 1])])',
    "every": 'deny contains "all" if { every x in input.list { x > 0 } }',
    "default and function": 'default least := 2\nsmall(x) if x < least\ndeny contains "small" if small(input.n)',
    "with": 'one := input.n\ndeny contains "eleven" if { x := one with input.n as 11; x == 11 }',
    "strings": 'deny contains m if { m := concat("-", split(lower(trim(input.text, " ")), " ")) }',
    "regular expression": 'deny contains "match" if regex.match(`^a.*\\d$`, input.word)',
    "walk": 'deny contains sprintf("%s", [v]) if { walk(input, [p, v]); p[count(p) - 1] == "image" }',
    "negation": 'deny contains "no owner" if not input.metadata.labels.owner',
    "object functions": 'deny contains k if { some k, v in object.get(input, ["metadata", "labels"], {}); v == "x" }',
    "suffix": 'warn_size contains "big" if input.n > 5\nviolation contains {"msg": "v"} if input.n == 1',
    "old grammar": "",
}
INPUTS = [
    {"n": 1, "list": [1, 2, 3], "text": " A B ", "word": "abc1", "metadata": {"labels": {"a": "x"}}},
    {"n": 9, "list": [], "text": "x", "word": "b", "metadata": {"labels": {"owner": "me"}}},
    {"kind": "Pod", "spec": {"containers": [{"image": "a:1"}, {"image": "b"}]}},
]


@pytest.mark.parametrize("name", OWN)
def test_a_teams_own_guard_means_the_same_to_both_engines(name: str) -> None:
    old = 'package main\n\ndeny[msg] { input.n == 1; msg := "old" }\n'
    module = Module(name="own", path="policy/own.rego", source=HEAD + OWN[name] + "\n", own=True)
    if name == "old grammar":
        module = Module(name="own", path="policy/own.rego", source=old, own=True)
    asked = [Asked(module=module, inputs=INPUTS)]
    assert ordered(Rego().evaluate(asked)[0]) == ordered(Reference().evaluate(asked)[0])


WORDS = st.sampled_from(
    ("true", "yes", "1", "t", "false", "", "True ", "tr\nue", 'tr"ue', "\\true", "ＴＲＵＥ")
)
FACT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(("AUTOHEAL_ENABLED", "autoheal_enabled", "AUTOHEAL_ENABLED_X")),
        "values": st.lists(WORDS, max_size=3),
        "line": st.integers(1, 9),
        "service": st.text(max_size=5),
        "profiles": st.lists(st.sampled_from(("dev", "prod")), max_size=2),
        "development": st.booleans(),
    }
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.fixed_dictionaries({"path": st.just("c.yml"), "environment": st.lists(FACT, max_size=4)})))
def test_whatever_the_facts_both_engines_deny_the_same_lines(chosen: list[object]) -> None:
    module = next(each for each in shipped() if each.name == "autoheal_disabled")
    asked = [Asked(module=module, inputs=[{"files": chosen}])]
    ours, theirs = (places(engine.evaluate(asked)[0]) for engine in (Rego(), Reference()))
    assert ours == theirs


def ordered(answer: Answered) -> object:
    return [
        {rule: sorted(json.dumps(each, sort_keys=True) for each in found) for rule, found in result.items()}
        for result in answer.results
    ] or answer.error


def places(answer: Answered) -> list[tuple[str, list[int]]]:
    assert answer.error is None
    return [
        (rule, sorted({each["line"] for each in found}))
        for result in answer.results
        for rule, found in result.items()
    ]
