"""dev → staging → canary → production: evidence at each step, and three people in three roles at the end (P1 to P3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.gauges import Gauges
from bot.model.measurements import Sample, Samples, SloReading
from bot.sandbox.state import Pull
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_gates import GOOD, built

GATES = """\
    gates:
      tests: {require: [unit], suites: {unit: {artifact: junit}}}
      coverage: {min_percent: 80}
      security: {max_critical: 0, max_high: 0}
      slo: {min_availability_percent: 99.9}
      image: off
      quality: off
      error_budget: off
      critical_alerts: off
      stability: off
      canary: off
"""
HEAD, _, _ = RULES.partition("  staging:\n")


def step(name: str, comes_from: str, *roles: str) -> str:
    demanded = ", ".join(f"{{role: {role}}}" for role in roles)
    return (
        f"  {name}:\n    from: {comes_from}\n    auto_promote: true\n    merge: approved\n"
        f'    values: [{{file: helm/values-{name}.yaml, path: "{{component}}.image"}}]\n'
        f"    required_checks: [helm-lint]\n{GATES}    approvals: [{demanded}]\n"
    )


ALL = (
    HEAD.replace(
        "roles:\n",
        "roles:\n  sre: {users: [sam, ela]}\n  qa: {users: [quin]}\n"
        "  engineering-lead: {users: [ela, sam]}\n  product-owner: {users: [pat]}\n",
    )
    + step("staging", "dev", "platform")
    + step("canary", "staging", "sre", "qa")
    + step("production", "canary", "sre", "engineering-lead", "product-owner")
)


class Measured(Gauges):
    """A Prometheus stand-in: every environment is up as the story says."""

    availability = 99.95

    def slo(self, gate, place, at):
        samples = Samples(samples=(Sample(value=self.availability),), query="up", at=at)
        return SloReading(environment=place.environment, availability=samples)


@pytest.fixture
def measured(bot: Bot, town: Town) -> Measured:
    """Four environments with people in every role; what Prometheus says is the story's."""
    for login in ("sam", "ela", "quin", "pat"):
        town.github.user(login)
        town.github.grant(login, "splattop/config", "write")
    files = {f"helm/values-{name}.yaml": values() for name in ("canary", "production")}
    rules = {"promotion/promotion-rules.yaml": ALL}
    town.github.push("splattop/config", "main", {**files, **rules}, by="ana")
    readers = Measured(bot.settings)
    bot.works = replace(bot.works, house=replace(bot.works.house, readers=readers))
    return readers


def approve(bot: Bot, town: Town, pull: Pull, *people: str) -> None:
    for login in people:
        town.github.review(pull, by=login)
        bot.settles()


def test_a_release_travels_to_production_with_evidence_and_three_people_in_three_roles(
    bot: Bot, town: Town, measured: Measured
):
    built(town, GOOD)
    bot.settles()
    approve(bot, town, town.pull("staging"), "ana")
    assert "a" * 64 in town.values("staging")

    canary = town.pull("canary")
    approve(bot, town, canary, "quin")
    assert not canary.merged
    approve(bot, town, canary, "sam")
    assert "a" * 64 in town.values("canary")

    production = town.pull("production")
    approve(bot, town, production, "sam", "pat")
    assert not production.merged
    assert "Waits for: 1 of engineering-lead" in str(
        town.checks(production)["lockstep: main / approvals"].output["title"]
    )
    approve(bot, town, production, "ela")
    assert "a" * 64 in town.values("production")
    with town.expect_no_writes():
        bot.sweeps()


def test_one_person_of_two_roles_never_sits_in_both(bot: Bot, town: Town, measured: Measured):
    built(town, GOOD)
    bot.settles()
    approve(bot, town, town.pull("staging"), "ana")
    approve(bot, town, town.pull("canary"), "quin", "sam")
    production = town.pull("production")
    approve(bot, town, production, "ela", "pat")
    town.github.advance(60)
    town.github.comment(production, "ela", "/approve")
    bot.settles().sweeps()
    assert not production.merged


def test_a_gate_that_fails_after_two_of_three_approvals_holds_the_third(
    bot: Bot, town: Town, measured: Measured
):
    built(town, GOOD)
    bot.settles()
    approve(bot, town, town.pull("staging"), "ana")
    approve(bot, town, town.pull("canary"), "quin", "sam")
    production = town.pull("production")
    approve(bot, town, production, "sam", "pat")
    measured.availability = 99.8
    approve(bot, town, production, "ela")
    assert not production.merged
    assert town.checks(production)["lockstep: main / gates"].output["title"] == (
        "Availability in canary over 1 h is 99.8%, needed: at least 99.9%"
    )
