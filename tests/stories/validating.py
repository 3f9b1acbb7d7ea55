"""What stories about the production validation share: the repositories, the rules, Maestro's reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.state import GateRequest, Issue, WorkflowRun
from tests.stories.cast import RULES, Bot, Town

INFRA = "splattop/infra"
FRONTEND = "splattop/frontend"
CONFIG = "splattop/config"
WORKFLOW = ".github/workflows/validate.yml"
CHECK = "lockstep: main / validation"
KEYS = f"""\
validation:
  repository: {INFRA}
  workflow: {WORKFLOW}
  blocks: [{FRONTEND}]
  acknowledgement: accept the risk
  escalate: [sre, platform]
commands:
  override: [sre]
  decide: [sre]
"""
PASSED = {"open-app.yml": ""}
FAILED = {"open-app.yml": "", "add-exercise.yml": "Assertion failed: expected 'list' to be visible"}


def move_in(bot: Bot, keys: str = KEYS) -> None:
    """The two repositories and the rules that name them; cho is SRE."""
    town = bot.town
    github = town.github
    for name in ("cho", "eve"):
        github.user(name)
    github.repository(INFRA, {"main.tf": "# infra\n"})
    github.repository(FRONTEND, {"index.html": "<p>hi</p>\n"})
    github.team("splattop/sre", members=["cho"])
    github.grant("splattop/sre", CONFIG, "write")
    github.grant("dev", INFRA, "write")
    github.grant("dev", FRONTEND, "write")
    move_in_rules(bot, keys)


def move_in_rules(bot: Bot, keys: str) -> None:
    """The rules alone."""
    roles = "roles:\n  sre: {teams: [splattop/sre]}\n"
    text = RULES.replace("roles:\n", roles, 1) + keys
    bot.town.github.push(CONFIG, "main", {"promotion/promotion-rules.yaml": text}, by="ana")
    bot.settles()
    bot.sweeps().waits(60)


def report(flows: Mapping[str, str], deployment: str | None = None) -> dict[str, bytes]:
    """A Maestro report: flow file to its error, empty when it passed."""
    cases = "".join(
        f'<testcase id="{name}" name="{name}" classname="{name}" file=".maestro/{name}" '
        + (f'status="ERROR"><failure>{error}</failure></testcase>' if error else 'status="SUCCESS"/>')
        for name, error in flows.items()
    )
    members = {
        "report.xml": f'<testsuites><testsuite name="Test Suite">{cases}</testsuite></testsuites>'.encode()
    }
    if deployment is not None:
        members["deployment.json"] = f'{{"terraformDeploymentId": "{deployment}"}}'.encode()
    return members


def start(town: Town, **more: Any) -> WorkflowRun:
    """A validation begins."""
    return town.github.start_run(
        INFRA, more.pop("workflow", WORKFLOW), name="validate", event="workflow_dispatch", by="dev", **more
    )


def finish(
    town: Town, run: WorkflowRun, flows: Mapping[str, str] | None, deployment: str | None = "deploy-12345"
) -> WorkflowRun:
    """It ends as its flows did; None: without any report."""
    bad = flows is None or any(flows.values())
    artifacts: dict[str, Any] = {"screenshots": {"shot.png": b"png"}}
    if flows is not None:
        artifacts["maestro-report"] = report(flows, deployment)
    return town.github.finish_run(run, "failure" if bad else "success", artifacts)


def validated(
    town: Town, flows: Mapping[str, str] | None, deployment: str | None = "deploy-12345"
) -> WorkflowRun:
    """A whole validation."""
    return finish(town, start(town), flows, deployment)


def asks(town: Town, environment: str = "production") -> GateRequest:
    """A frontend deployment reaches its environment."""
    run = town.github.start_run(FRONTEND, ".github/workflows/deploy.yml", name="deploy", by="dev")
    return town.github.deploys(run, environment, town.app)


def incidents(town: Town, state: str = "open") -> list[Issue]:
    """The incident issues in the config repository."""
    issues = town.github.repo(CONFIG).issues.values()
    named = [each for each in issues if any(one.name == "lockstep:incident" for one in each.labels)]
    return [each for each in named if each.state == state]


def gate(town: Town) -> tuple[str | None, str]:
    """Conclusion and title of the check run on the frontend's default branch."""
    run = town.github.checks(FRONTEND, "main")[CHECK]
    return run.conclusion, str(run.output["title"])
