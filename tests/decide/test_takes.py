"""What a pull request's body says that it takes: no gate is left without words."""

from __future__ import annotations

import pytest

from bot.decide.pull.demands import demanded
from bot.decide.takes import takes
from bot.model.policy_gates import GATE_NAMES
from tests.builders import policy

EVERY = """\
version: 1
sources: [{repository: o/app, workflow: .github/workflows/b.yml, components: {api: {image: ghcr.io/o/api}}}]
roles: {sre: {users: [ana]}}
environments:
  dev:
    values: [{file: dev.yaml, path: "{component}.image"}]
    merge: auto
    approvals: []
    required_checks: []
    gates: {image: off, source: off, tests: off, coverage: off, security: off, quality: off, slo: off,
            error_budget: off}
  staging:
    from: dev
    merge: manual
    soak: 1h
    required_checks: []
    approvals: [{role: sre, count: 2}]
    values: [{file: staging.yaml, path: "{component}.image"}]
    gates:
      tests: {require: [unit, e2e]}
      coverage: {min_percent: 70.5, metric: branch}
      security: {max_critical: 0, max_high: null, max_medium: 5}
      quality: {check: "a|b"}
      slo: {min_availability_percent: 99, max_error_rate_percent: 1}
      error_budget: {max_consumed_percent: 50}
      canary: {min_traffic_percent: 10, min_duration: 30m, min_success_rate_percent: 99.5}
      metrics: {queries: [{name: latency, query: up, max: 1}]}
      critical_alerts: {max_firing: 0}
      stability: {min_duration: 24h}
      image: {signature: {key_file: cosign.pub}}
      source: {allow_downgrade: false}
freeze: [{name: fair, starts: 2026-12-20T18:00, ends: 2026-12-27T08:00}]
"""
WORDS = {
    "merged by": "a person",
    "approvals": "2 × sre, and the code owners",
    "required checks": "everything that reports on the commit",
    "tests": "`unit`, `e2e` passed",
    "coverage": "branch coverage ≥ 70.5%",
    "security": "critical ≤ 0, medium ≤ 5",
    "quality": "`a\\|b` is a success",
    "slo": "availability ≥ 99%, error rate ≤ 1%",
    "error_budget": "< 50% of the error budget consumed",
    "canary": "traffic ≥ 10%, duration ≥ 30 min, success rate ≥ 99.5%",
    "metrics": "`latency` within their bounds",
    "critical_alerts": "≤ 0 firing",
    "stability": "Synced and Healthy for 24 h",
    "soak": "1 h healthy in dev",
    "image": "the registry has the digest, the tag points at it, signed",
    "source": "the commit contains what runs there now",
    "freeze": "no freeze of the rules is on",
}


def rows(environment: str) -> list[str]:
    rules = policy(EVERY)
    found = rules.environment(environment)
    assert found is not None
    return takes(rules, found, "main").splitlines()[4:]


def test_every_gate_that_the_rules_can_demand_has_words() -> None:
    rules = policy(EVERY)
    staging = rules.environment("staging")
    assert staging is not None
    assert set(demanded(rules, staging)) == set(GATE_NAMES) - {"debt"}
    assert rows("staging") == [f"| {name} | {words} |" for name, words in WORDS.items()]


def test_where_nothing_is_demanded_nothing_is_listed() -> None:
    assert rows("dev") == [
        "| merged by | Lockstep, once all of this is green |",
        "| required checks | everything that reports on the commit |",
        "| freeze | no freeze of the rules is on |",
    ]


@pytest.mark.parametrize("base", ["main", "release"])
def test_it_says_where_the_answers_stand(base: str) -> None:
    rules = policy(EVERY)
    assert f"lockstep: {base}" in takes(rules, rules.environments[0], base).splitlines()[0]
