"""The trial's production validation: a flow fails, the frontend is blocked, somebody of SRE overrides (C1, C4)."""

from __future__ import annotations

from bot.errors import UserError
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import App, Issue

INFRA, FRONTEND = "splattop/infra", "splattop/frontend"
CONFIG = "splattop/config"
ON_CALL = "cho"
"""Who answers: somebody of SRE."""
OVERRIDE = (
    "/override validation reason: the list is slow since the sale began; we accept the risk for the price fix"
)
_REPORT = b"""<?xml version='1.0' encoding='UTF-8'?>
<testsuites>
  <testsuite name="Test Suite" tests="2" failures="1" time="61.4">
    <testcase id="Open the shop" name="Open the shop" file=".maestro/open-shop.yml" status="SUCCESS"/>
    <testcase id="Add to basket" name="Add to basket" file=".maestro/add-to-basket.yml" status="ERROR">
      <failure>Assertion failed: expected element 'basket-list' to be visible</failure>
    </testcase>
  </testsuite>
</testsuites>
"""


def found(github: Sandbox) -> None:
    """The two repositories; developers may write to both."""
    github.repository(INFRA, {"main.tf": "# the shop's infrastructure\n"})
    github.repository(FRONTEND, {"index.html": "<h1>The shop</h1>\n"})
    for name in (INFRA, FRONTEND):
        github.grant("splattop/developers", name, "write")


def fail(github: Sandbox) -> None:
    """The validation of a deployment ends with a flow that failed."""
    run = github.start_run(
        INFRA,
        ".github/workflows/validate.yml",
        name="validate production",
        event="workflow_dispatch",
        by="dana",
    )
    members = {"report.xml": _REPORT, "deployment.json": b'{"terraformDeploymentId": "deploy-12345"}'}
    github.finish_run(run, "failure", {"maestro-report": members, "screenshots": {"basket.png": b"png"}})


def deploy(github: Sandbox, app: App) -> None:
    """A deployment of the frontend reaches production, whose protection rule is Lockstep."""
    run = github.start_run(FRONTEND, ".github/workflows/deploy.yml", name="deploy", by="dana")
    github.deploys(run, "production", app)


def override(github: Sandbox) -> None:
    """On-call says on the incident why deployments may go on. Raises UserError when there is no incident."""
    github.comment(incident(github), ON_CALL, OVERRIDE)


def incident(github: Sandbox) -> Issue:
    """The incident of the failed validation. Raises UserError when there is none."""
    with github.world.lock:
        issues = github.repo(CONFIG).issues.values()
        told = [each for each in issues if each.title.startswith("Incident in production: validation")]
    if not told:
        raise UserError("There is no incident of a failed validation.")
    return told[-1]
