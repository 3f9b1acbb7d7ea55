"""A config repository with alert rules: a source, its rendered bundles, and what stories do to them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.alerts import Labelling, NotRules, render_rules
from bot.sandbox.setting import Files
from bot.sandbox.state import Pull
from tests.stories.cast import RULES, Bot, Town

PRODUCTION = """\
  production:
    from: staging
    values: [{file: helm/values-production.yaml, path: "{component}.image"}]
    merge: approved
    soak: 1h
    required_checks: [helm-lint]
    gates: {tests: off, coverage: off, security: off, quality: off, slo: off, error_budget: off, metrics: off,
            critical_alerts: off, stability: off, canary: off, image: off}
    approvals: [{role: platform, count: 1}]
"""
ALERTS = """\
alerts:
  source: ops/alerts
  tests: ops/tests
  bundles: {staging: bundles/staging, production: bundles/production}
"""
RULES_FILE = "promotion/promotion-rules.yaml"
SOURCE = "ops/alerts/api.yml"
BASE = """\
groups:
  - name: api
    rules:
      - alert: ApiDown
        expr: up{job="api"} == 0  # scraped every 15 s
        for: 5m
        labels:
          severity: critical
        annotations:
          summary: The API is down
      - alert: ApiSlow
        expr: latency > 1
        for: 10m
"""
SLOWER = BASE.replace("for: 10m", "for: 20m")
SUMMARY, DRIFT = "lockstep: main", "lockstep: main / drift"


def rendered(base: str, environment: str) -> bytes:
    """A rule file as its bundle holds it."""
    found = render_rules(base.encode(), file="api.yml", labelling=Labelling(environment=environment))
    assert not isinstance(found, NotRules)
    return found.data


def bundles(base: str, *environments: str) -> dict[str, bytes]:
    """The bundles of these environments."""
    return {f"bundles/{name}/api.yml": rendered(base, name) for name in environments}


def with_alerts(bot: Bot, town: Town, alerts: str = ALERTS, files: Files | None = None) -> None:
    """The default branch has alert rules, and both bundles of them."""
    there: dict[str, object] = {
        RULES_FILE: RULES + PRODUCTION + alerts,
        "helm/values-production.yaml": town.github.file(
            "splattop/config", "main", "helm/values-staging.yaml"
        ),
        SOURCE: BASE,
        **bundles(BASE, "staging", "production"),
        **(files or {}),
    }
    town.github.push("splattop/config", "main", there, by="ana")  # type: ignore[arg-type]  # str, bytes, links
    bot.settles()


def proposed(bot: Bot, town: Town, files: Mapping[str, object], branch: str = "change") -> Pull:
    """A developer proposes to change these files."""
    town.github.push("splattop/config", branch, files, by="ana")  # type: ignore[arg-type]  # str, bytes, links
    pull = town.github.open_pull("splattop/config", branch, by="ana")
    bot.settles()
    return pull


def pushed(bot: Bot, town: Town, files: Mapping[str, object], branch: str = "change") -> None:
    """And changes more of them."""
    town.github.push("splattop/config", branch, files, by="ana")  # type: ignore[arg-type]  # str, bytes, links
    bot.settles()


def told(town: Town, pull: Pull, name: str = DRIFT) -> str:
    """Title and summary of a check run."""
    output = town.checks(pull)[name].output
    return f"{output['title']}\n{output['summary']}"


def lines(town: Town, pull: Pull, name: str = DRIFT) -> list[tuple[str, int]]:
    """Path and line of each annotation."""
    found = town.checks(pull)[name].annotations
    return [(str(each["path"]), int(str(each["start_line"]))) for each in found]
