"""How long deciding about a pull request takes, reads and writes apart: `python -m bench evaluate [--quick]`.

From a snapshot to actions: CODEOWNERS read and asked for 50 changed files, every gate judged, three roles filled from
nine reviews, the check runs written. Beside it `json.loads` of the snapshot's bytes, as GitHub sends them at the least:
what reading the answer costs before anything is decided.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from bench.table import Row
from bot.decide.approvals import required_owners
from bot.decide.gates import Gated, coverage, quality, security, tests
from bot.decide.gates.canary import canary
from bot.decide.gates.critical_alerts import critical_alerts
from bot.decide.gates.error_budget import error_budget
from bot.decide.gates.freeze import freeze
from bot.decide.gates.metrics import metrics
from bot.decide.gates.named_check import Checks
from bot.decide.gates.slo import slo
from bot.decide.gates.soak import soak
from bot.decide.pull import PullDecision, PullFacts, decide_pull
from bot.model import measurements as told
from bot.model.action import SetCheck
from bot.model.approval_facts import (
    ApprovalFacts,
    Contributors,
    Membership,
    Permissions,
    PullAt,
    RequiredOwners,
    Review,
    ReviewState,
)
from bot.model.facts import Actor, Check, CheckState, Comment, RepositoryFile
from bot.model.policy import Environment, Policy
from bot.model.policy_gates import MetricQuery, MetricsGate
from bot.model.reports import CoverageReport, Findings, Reported
from bot.model.snapshot import PullSnapshot
from bot.run.owners import demand
from tests.builders import ANA, BASE, BOT, CONFIG, NOW, commit, policy, promotion, pull, release, values

MEDIAN_GOAL = 5.0
FILES, REVIEWS, RULES_OF_OWNERS, CHECKS = 50, 9, 200, 40
HEAD = "c" * 40
PATHS = tuple(f"helm/team-{n % 10}/values-production-{n}.yaml" for n in range(FILES))
SUITES = ("unit", "integration", "e2e", "performance")

RULES = """\
version: 1
sources:
  - {repository: splattop/app, workflow: .github/workflows/build.yml, components: {api: {image: ghcr.io/splattop/api}}}
roles:
  sre: {teams: [splattop/sre]}
  engineering-lead: {teams: [splattop/leads]}
  product-owner: {teams: [splattop/owners]}
environments:
  canary: {values: [{file: helm/values-canary.yaml, path: "{component}.image"}], gates: {}, approvals: []}
  production:
    from: canary
    values: [{file: helm/values-production.yaml, path: "{component}.image"}]
    required_checks: [helm-lint]
    soak: 1h
    approvals: [{role: sre}, {role: engineering-lead}, {role: product-owner}]
freeze:
  - {name: holidays, environments: [production], starts: "2026-12-20 18:00", ends: "2027-01-04 08:00",
     timezone: Europe/Berlin}
  - {name: weekend, environments: [production], days: [fri, sat, sun], from: "16:00", to: "08:00",
     timezone: Europe/Berlin}
"""
TEAMS = ("splattop/sre", "splattop/leads", "splattop/owners")
PEOPLE = tuple(Actor(id=100 + n, login=f"person-{n}") for n in range(REVIEWS))
OWNERS = "".join(
    f"/helm/team-{n % 20}/{'' if n < 20 else f'deep-{n}/'} @{TEAMS[n % 3]}\n" for n in range(RULES_OF_OWNERS)
)


def rows(quick: bool = False) -> list[Row]:
    """Median and 99th percentile of one evaluation, beside reading the same facts as JSON."""
    ruling = policy(RULES)
    production = ruling.environment("production")
    if production is None:
        raise RuntimeError("the rules of this measurement have no production")
    production = replace(
        production,
        gates=replace(
            production.gates,
            stability=None,
            metrics=MetricsGate(queries=tuple(MetricQuery(name=f"m{n}", query="q", max=1) for n in range(5))),
        ),
    )
    ruling = replace(ruling, environments=(ruling.environments[0], production))
    snapshot = snapshot_of()
    document = json.dumps(asdict(snapshot), default=_plain).encode()
    decision = evaluate(ruling, production, snapshot)
    if not _whole(decision):
        raise RuntimeError(f"not what was to be measured: {[each.outcome for each in decision.verdicts]}")
    rounds = 60 if quick else 1000
    ours = _times(lambda: evaluate(ruling, production, snapshot), rounds)
    theirs = _times(lambda: json.loads(document), rounds)
    what = f"pull request, snapshot → actions ({FILES} files, {len(decision.verdicts)} questions, 3 roles)"
    return [
        _row(
            f"{what}, median", ours, theirs, 0.5, f"reading the snapshot's {len(document) // 1024} KB of JSON"
        ),
        _row(f"{what}, 99 of 100", ours, theirs, 0.99, "the same"),
    ]


def _row(what: str, ours: list[float], theirs: list[float], part: float, beside: str) -> Row:
    mine, other = (each[min(len(each) - 1, int(len(each) * part))] for each in (ours, theirs))
    return Row(
        what=what,
        measured=f"{mine:.2f} ms",
        beside=f"json.loads: {other:.2f} ms",
        ratio=mine / other,
        goal=f"< {MEDIAN_GOAL:.0f} ms",
        met=mine < MEDIAN_GOAL,
        value=mine,
        note=f"beside it {beside}; processor time of {len(ours)} rounds",
    )


def _whole(decision: PullDecision) -> bool:
    """Whether everything was asked: all gates and the roles answer, and the merge follows."""
    asked = {each.gate for each in decision.verdicts}
    wanted = {"tests", "coverage", "security", "slo", "canary", "metrics", "soak", "freeze", "approvals"}
    return wanted <= asked and any(isinstance(each, SetCheck) for each in decision.actions)


def _times(work: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of processor time of each round, shortest first."""
    found = []
    for _ in range(rounds):
        began = time.process_time_ns()
        work()
        found.append((time.process_time_ns() - began) / 1e6)
    return sorted(found)


def evaluate(ruling: Policy, into: Environment, snapshot: PullSnapshot) -> PullDecision:
    """What a look does between reading and writing."""
    return decide_pull(
        PullFacts(
            snapshot=snapshot,
            policy=ruling,
            errors=(),
            proposed_errors=None,
            promotion=promotion("production", HEAD, release(7, api="a")),
            bot_id=BOT.id,
            measured=judged(ruling, into),
            voices=voices(snapshot),
            owners=owners(snapshot),
        )
    )


def owners(snapshot: PullSnapshot) -> RequiredOwners:
    """What CODEOWNERS demands for each changed file; the file is read once a process, as in a worker."""
    asked = demand(snapshot)
    if not isinstance(asked.file, str):
        raise RuntimeError(f"CODEOWNERS was not read: {asked.file}")
    return required_owners(asked.file, asked.ownerships, {f"@{team}": team for team in TEAMS})


def judged(ruling: Policy, into: Environment) -> Mapping[str, Gated]:
    """Every measured gate of the shipped production table, and the clock's."""
    gates, now, day = into.gates, NOW, timedelta(hours=25)
    series = told.Samples(
        samples=tuple(told.Sample(labels={"component": f"c{n}"}, value=99.95) for n in range(10)),
        query="q",
        at=now,
    )
    low = replace(series, samples=tuple(replace(each, value=0.01) for each in series.samples))
    checks = Checks(
        found=tuple(
            Check(name=name, state=CheckState.SUCCESS, app_id=1, conclusion="success")
            for name in (*SUITES, "quality", *(f"other-{n}" for n in range(CHECKS)))
        ),
        commit=HEAD,
        own_app=77,
    )
    assert gates.tests and gates.coverage and gates.security and gates.quality and gates.slo  # noqa: PT018
    assert gates.error_budget and gates.canary and gates.metrics and gates.critical_alerts and into.soak  # noqa: PT018
    covered = Reported(value=CoverageReport(lines_covered=90, lines_total=100), source="coverage.xml")
    scanned = Reported(value=Findings(medium=40), source="trivy.json")
    readings = told.MetricsReading(
        environment="canary",
        since=now - day,
        metrics=tuple(told.MetricReading(name=f"m{n}", now=low) for n in range(5)),
    )
    return {
        "tests": Gated(verdict=tests.evaluate(gates.tests, checks=checks, reports={})),
        "coverage": Gated(verdict=coverage.evaluate(gates.coverage, covered)),
        "security": Gated(verdict=security.evaluate(gates.security, {"artifact": scanned})),
        "quality": Gated(verdict=quality.evaluate(gates.quality, checks=checks)),
        "slo": slo(gates.slo, told.SloReading(environment="canary", availability=series, error_rate=low)),
        "error_budget": error_budget(
            gates.error_budget, told.ErrorBudgetReading(environment="canary", consumed=low)
        ),
        "canary": canary(
            gates.canary,
            told.CanaryReading(
                environment="canary",
                since=now - day,
                traffic=replace(series, samples=series.samples[:1]),
                success_rate=series,
            ),
            now,
        ),
        "metrics": metrics(gates.metrics, readings, now),
        "critical_alerts": critical_alerts(
            gates.critical_alerts, told.Alerts(environment="canary", alerts=(), matchers=(), at=now)
        ),
        "soak": soak(into.soak, "canary", now - day, now),
        "freeze": freeze(ruling.freeze, into.name, now),
    }


def voices(snapshot: PullSnapshot) -> ApprovalFacts:
    """Nine people of three teams, each with an approving review."""
    return ApprovalFacts(
        at=PullAt(
            repository_id=CONFIG.id,
            pull=snapshot.pull.number,
            base_ref="main",
            head_sha=HEAD,
            environment="production",
        ),
        reviews=snapshot.reviews,
        comments=(),
        membership=Membership(teams={each.id: frozenset({TEAMS[n % 3]}) for n, each in enumerate(PEOPLE)}),
        permissions=Permissions(levels={each.id: "write" for each in PEOPLE}),
        contributors=Contributors(
            author=BOT, last_pusher=None, committers=(), requester=ANA, source_authors=()
        ),
    )


def snapshot_of() -> PullSnapshot:
    """A pull request with many files, checks, comments and reviews."""
    data = values()
    files = {path: RepositoryFile(path=path, oid="d" * 40, mode=0o100644, data=data * 8) for path in PATHS}
    owners_file = RepositoryFile(path=".github/CODEOWNERS", oid="e" * 40, mode=0o100644, data=OWNERS.encode())
    return PullSnapshot(
        taken_at=NOW,
        repository=CONFIG,
        base_head_sha=BASE,
        pull=replace(pull("production", HEAD), changed_files=PATHS),
        head=commit(HEAD),
        checks=tuple(
            Check(name=name, state=CheckState.SUCCESS, app_id=1)
            for name in ("helm-lint", *(f"check-{n}" for n in range(CHECKS)))
        ),
        own_checks=(),
        base_files={".github/CODEOWNERS": owners_file, **files},
        head_files=files,
        said=tuple(
            Comment(id=n, node_id=f"IC_{n}", author=ANA, body="looks good " * 30, created_at=NOW)
            for n in range(20)
        ),
        reviews=tuple(
            Review(
                id=n,
                author=each,
                state=ReviewState.APPROVED,
                commit_sha=HEAD,
                submitted_at=NOW + timedelta(minutes=n + 1),
            )
            for n, each in enumerate(PEOPLE)
        ),
    )


def _plain(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
