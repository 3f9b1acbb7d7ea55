"""Gates with evidence: what CI, the clock, the registry and the servers say about a promotion (rows P1, P2, P5)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from bot.adapters.outbound import Outbound
from bot.adapters.registry import Registry
from bot.gauges import Gauges
from bot.model.measurements import Sample, Samples, SloReading
from bot.sandbox.state import WorkflowRun
from tests.adapters.registry.stand_in import StandIn, manifest_bytes, serving
from tests.builders import digest, values
from tests.stories.cast import RULES, Bot, Town

GATES = "lockstep: main / gates"
OFF = "gates: {tests: off, coverage: off, security: off, quality: off, slo: off, error_budget: off,"
BY_REPORT = "{require: [unit], suites: {unit: {artifact: junit}}}"
MEASURED = f"tests: {BY_REPORT}, coverage: {{min_percent: 70, warn_percent: 90}}, security: {{max_high: 1}}"

JUNIT = b"""<testsuite name="unit" tests="2"><testcase name="adds"/><testcase name="takes"/></testsuite>"""
NO_TEST = b"""<testsuite name="unit" tests="0"></testsuite>"""
HOSTILE = b"""<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<testsuite name="&b;"><testcase name="x"/></testsuite>"""


def lcov(hit: int, of: int) -> bytes:
    lines = "".join(f"DA:{each},{int(each <= hit)}\n" for each in range(1, of + 1))
    return f"TN:\nSF:src/app.py\n{lines}LF:{of}\nLH:{hit}\nend_of_record\n".encode()


def sarif(*levels: str) -> bytes:
    results = ", ".join(
        f'{{"ruleId": "R{n}", "level": "{level}", "message": {{"text": "found"}}}}'
        for n, level in enumerate(levels)
    )
    driver = '{"driver": {"name": "scan"}}'
    return f'{{"version": "2.1.0", "runs": [{{"tool": {driver}, "results": [{results}]}}]}}'.encode()


GOOD: Mapping[str, Mapping[str, bytes]] = {
    "junit": {"unit.xml": JUNIT},
    "coverage": {"lcov.info": lcov(8, 10)},
    "security": {"scan.sarif": sarif()},
}


def demand(town: Town, gates: str = "", *, environment: str = "", top: str = "") -> None:
    """The rules of staging: these gates on, the others off."""
    off = [
        each
        for each in OFF.removeprefix("gates: {").rstrip(",").split(", ")
        if each.partition(":")[0] not in gates
    ]
    off += [f"{each}: off" for each in ("critical_alerts", "stability", "image") if each not in gates]
    whole = f"gates: {{{', '.join(filter(None, [*off, gates]))}}}"
    start = RULES.rindex(OFF)
    end = RULES.index("}", start) + 1
    rules = RULES[:start] + whole + (f"\n    {environment}" if environment else "") + RULES[end:] + top
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")


def built(town: Town, artifacts: Mapping[str, Mapping[str, bytes]], **components: str) -> WorkflowRun:
    """CI finishes on a new commit, with these artifacts beside the digests."""
    town.number += 1
    sha = town.github.push("splattop/app", "main", {"VERSION": f"{town.number}\n"}, by="dev")
    run = town.started(sha)
    tags = town.tags(run, **(components or {"api": "a"}))
    return town.github.finish_run(run, "success", {"component-tags": tags, **artifacts})


def gates(town: Town) -> tuple[str, str | None, str]:
    """Status, conclusion and title of staging's gates."""
    check = town.checks(town.pull("staging"))[GATES]
    return check.status, check.conclusion, check.output["title"]


def told(town: Town, name: str = GATES) -> str:
    """The summary of a check run on staging's pull request."""
    return str(town.checks(town.pull("staging"))[name].output["summary"])


def downloads(town: Town) -> int:
    return sum(each.path.endswith("/zip") for each in town.github.requests)


def test_reports_of_the_source_run_answer_the_gates_with_evidence(bot: Bot, town: Town):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    rows = [line for line in told(town).splitlines() if "artifact" in line]
    assert [line.split(" | ")[1:4] for line in rows[:2]] == [
        ["tests", "2 passed, 0 failed, 0 skipped", "no failure, at least 1 executed"],
        ["coverage", r"80% \(8 of 10 lines\)", "≥ 70%"],
    ]


def test_the_body_tells_what_it_takes_and_follows_the_rules(bot: Bot, town: Town):
    demand(town, MEASURED, environment="soak: 90m")
    built(town, GOOD)
    bot.settles()
    pull = town.pull("staging")
    rows = {
        "approvals": "1 × platform, and the code owners",
        "required checks": "`helm-lint`",
        "tests": "`unit` passed",
        "coverage": "line coverage ≥ 70%",
        "security": "critical ≤ 0, high ≤ 1",
        "soak": "1 h 30 min healthy in dev",
    }
    assert [f"| {name} | {needed} |" for name, needed in rows.items() if needed not in pull.body] == []
    assert "the check run `lockstep: main`" in pull.body
    demand(town, MEASURED.replace("min_percent: 70", "min_percent: 75"))
    bot.settles()
    assert "| coverage | line coverage ≥ 75% |" in pull.body
    assert "| soak |" not in pull.body
    bot.waits(60)
    with town.expect_no_writes():
        bot.sweeps()


def test_the_summary_shows_the_evidence_and_the_warning_and_waits_for_the_approval(bot: Bot, town: Town):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    summary = told(town, "lockstep: main")
    assert "a warning stands at 90%" in summary
    assert "| coverage | 80%" in summary


@pytest.mark.parametrize(
    ("artifacts", "says"),
    [
        (
            {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}},
            "Line coverage is 60%, below the 70% that is needed",
        ),
        (
            {**GOOD, "junit": {"unit.xml": NO_TEST}},
            "unit executed no test, which is not a pass",
        ),
        (
            {**GOOD, "security": {"scan.sarif": sarif("error", "error")}},
            "2 high findings, at most 1 is allowed",
        ),
        (
            {name: content for name, content in GOOD.items() if name != "junit"},
            "unit could not be read: the run has no artifact named `junit`",
        ),
        (
            {**GOOD, "junit": {"unit.xml": HOSTILE}},
            "unit could not be read: unit.xml: ",
        ),
    ],
    ids=["too little coverage", "no test", "findings", "no artifact", "hostile XML"],
)
def test_a_gate_that_does_not_pass_blocks_with_what_was_measured(bot: Bot, town: Town, artifacts, says):
    demand(town, MEASURED)
    built(town, artifacts)
    bot.settles()
    status, conclusion, title = gates(town)
    assert (status, conclusion) == ("completed", "failure")
    assert title.startswith(says)
    assert town.check(town.pull("staging")) == ("completed", "failure")


def test_looking_again_downloads_nothing_and_writes_nothing(bot: Bot, town: Town):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    before = downloads(town)
    with town.expect_no_writes():
        bot.sweeps()
    assert downloads(town) == before


def test_looking_again_at_measured_gates_takes_at_most_three_requests(bot: Bot, town: Town):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    staging = town.pull("staging")
    before = len(town.github.requests)
    promotion = next(each for each in bot.store.promotions.all_open() if each.pull_number == staging.number)
    bot.works_on(f"pull:{promotion.installation_id}:{promotion.config_repository_id}:{staging.number}")
    assert 1 <= len(town.github.requests) - before <= 3


def test_a_suite_that_is_a_check_run_waits_for_it_and_ends_with_it(bot: Bot, town: Town):
    demand(town, "tests: {require: [unit]}")
    run = built(town, {})
    town.github.check("splattop/app", run.head_sha, "unit", conclusion=None)
    bot.settles()
    assert gates(town) == ("in_progress", None, "unit is still running")
    town.github.check("splattop/app", run.head_sha, "unit")
    bot.settles()
    assert gates(town) == ("completed", "success", "All 2 questions answered with yes")


def test_a_soak_ends_by_itself(bot: Bot, town: Town):
    demand(town, environment="soak: 2h")
    built(town, {})
    bot.settles()
    assert gates(town)[:2] == ("in_progress", None)
    assert "must be healthy for 2 h" in gates(town)[2]
    bot.waits(3600)
    assert gates(town)[:2] == ("in_progress", None)
    bot.waits(3601)
    assert gates(town)[:2] == ("completed", "success")


def test_a_freeze_holds_and_ends_by_itself(bot: Bot, town: Town):
    now = bot.works.house.clock()
    starts, ends = now - timedelta(hours=1), now + timedelta(hours=5)
    times = f'starts: "{starts:%Y-%m-%d %H:%M}", ends: "{ends:%Y-%m-%d %H:%M}"'
    demand(town, top=f"freeze:\n  - {{name: summer, environments: [staging], {times}}}\n")
    built(town, {})
    bot.settles()
    assert gates(town)[:2] == ("in_progress", None)
    assert "“summer”" in gates(town)[2]
    bot.waits((ends - now).total_seconds() + 1)
    assert gates(town)[:2] == ("completed", "success")


@pytest.mark.parametrize(
    ("gate", "setting"),
    [
        ("slo: {min_availability_percent: 99}", "PROMETHEUS_URL is not set"),
        ("error_budget: {max_consumed_percent: 50}", "PROMETHEUS_URL is not set"),
        ("critical_alerts: {max_firing: 0}", "ALERTMANAGER_URL is not set"),
    ],
)
def test_a_server_that_is_not_configured_is_unknown_and_named(bot: Bot, town: Town, gate: str, setting: str):
    demand(town, gate)
    built(town, {})
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert setting in gates(town)[2]


def at_registry(bot: Bot, town: Town, host: str) -> None:
    """The images live in a registry on this machine, and the rules ask it."""
    readers = Gauges(bot.settings, Registry(Outbound([f"http://{host}"]), insecure=[host], timeout=2))
    bot.works = replace(bot.works, house=replace(bot.works.house, readers=readers))
    for name in ("dev", "staging"):
        moved = values().replace(b"ghcr.io", host.encode())
        town.github.push("splattop/config", "main", {f"helm/values-{name}.yaml": moved}, by="ana")
    moved = rules_now(town).replace(b"ghcr.io", host.encode())
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": moved}, by="ana")


def rules_now(town: Town) -> bytes:
    found = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert found is not None
    return found


def tagged(town: Town, tag: str, of: str) -> WorkflowRun:
    """What CI hands over: api with this tag and digest."""
    sha = town.github.push("splattop/app", "main", {"VERSION": tag}, by="dev")
    entry = {"tag": tag, "sha": sha[:7], "digest": of}
    return town.github.finish_run(
        town.started(sha),
        "success",
        {"component-tags": {"component-tags.json": json.dumps({"api": entry}).encode()}},
    )


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with serving() as found:
        yield found


def test_an_image_that_the_registry_has_under_its_tag_passes(bot: Bot, town: Town, registry: StandIn):
    demand(town, "image: {}")
    at_registry(bot, town, registry.host)
    tagged(town, "1.7.3", registry.push("splattop/api", "1.7.3", manifest_bytes("one")))
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    assert "1 image found by digest in the registry" in told(town)


def test_case_39_a_tag_that_points_elsewhere_fails_with_both_digests(bot: Bot, town: Town, registry: StandIn):
    demand(town, "image: {}")
    at_registry(bot, town, registry.host)
    claimed = registry.push("splattop/api", "1.7.3", manifest_bytes("one"))
    moved = registry.push("splattop/api", "1.7.3", manifest_bytes("two"))
    tagged(town, "1.7.3", claimed)
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert f"points at {moved}, the release claims {claimed}" in gates(town)[2]


@pytest.mark.parametrize("claim_is_there", [True, False], ids=["claimed digest is there", "it is not"])
def test_case_39_a_release_whose_tag_is_another_image_is_refused_where_it_would_enter(
    bot: Bot, town: Town, registry: StandIn, claim_is_there: bool
):
    demand(town, "image: {}")
    at_registry(bot, town, registry.host)
    everywhere = rules_now(town).replace(b"image: off", b"image: {}")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": everywhere}, by="ana")
    bot.settles().waits(60)  # the pushes to main are reported by now
    claimed = digest("e")
    if claim_is_there:
        claimed = registry.push("splattop/api", "1.7.3", manifest_bytes("one"))
    there = registry.push("splattop/api", "1.7.3", manifest_bytes("two"))
    run = tagged(town, "1.7.3", claimed)
    bot.settles()
    assert town.pulls("all") == []
    (row,) = (each.entry for each in bot.store.ledger.rows(event="digest_mismatch"))
    assert row.decision == "refused"
    assert claimed in row.reason
    assert there in row.reason
    assert row.head_sha == run.head_sha
    assert row.delivery_id
    check = town.github.checks("splattop/app", run.head_sha)["lockstep: release"]
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert claimed in check.output["summary"]
    assert there in check.output["summary"]

    with town.expect_no_writes():
        bot.sweeps()


def test_a_release_is_taken_while_the_registry_does_not_answer_and_held_by_the_gate(
    bot: Bot, town: Town, registry: StandIn
):
    demand(town, "image: {}")
    at_registry(bot, town, registry.host)
    everywhere = rules_now(town).replace(b"image: off", b"image: {}")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": everywhere}, by="ana")
    registry.answers = (503, {}, b"")
    tagged(town, "1.7.3", registry.push("splattop/api", "1.7.3", manifest_bytes("one")))
    bot.settles()
    assert town.check(town.pull("dev"), GATES) == ("completed", "failure")


def test_a_registry_that_does_not_answer_is_unknown(bot: Bot, town: Town, registry: StandIn):
    demand(town, "image: {}")
    at_registry(bot, town, registry.host)
    registry.answers = (503, {}, b"")
    tagged(town, "1.7.3", registry.push("splattop/api", "1.7.3", manifest_bytes("one")))
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert "the registry was not read" in gates(town)[2]


def test_where_the_image_gate_is_off_no_registry_is_asked_and_it_is_said(bot: Bot, town: Town):
    demand(town, environment="soak: 2h")
    built(town, {})
    bot.settles()
    assert "No registry is asked; the digest is the workflow's word" in told(town)


def test_a_gate_that_breaks_is_unknown_and_the_others_go_on(bot: Bot, town: Town):
    class Broken(Gauges):
        def report(self, zipped, wanted):
            raise RuntimeError("a secret: hunter2")

    bot.works = replace(bot.works, house=replace(bot.works.house, readers=Broken(bot.settings)))
    demand(town, MEASURED, environment="soak: 2h")
    built(town, GOOD)
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert "measuring failed (RuntimeError)" in told(town)
    assert "must be healthy for 2 h" in told(town)
    assert "hunter2" not in told(town)


def test_values_that_differ_in_each_look_do_not_put_the_merge_off(bot: Bot, town: Town):
    looks = count(1)

    class Moving(Gauges):
        def slo(self, gate, place, at):
            value = 99 + next(looks) % 50 / 50
            samples = Samples(samples=(Sample(value=value),), query="up", at=at)
            return SloReading(environment=place.environment, availability=samples)

    bot.works = replace(bot.works, house=replace(bot.works.house, readers=Moving(bot.settings)))
    demand(town, "slo: {min_availability_percent: 99}")
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    alone = rules.replace(b"merge: approved", b"merge: auto").replace(b"{role: platform, count: 1}", b"")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": alone}, by="ana")
    built(town, {})
    bot.settles()
    assert digest("a") in town.values("staging")
