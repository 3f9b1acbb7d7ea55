"""GitHub release notes: one published release of the config repository for each deployment that was proven (row R9)."""

from __future__ import annotations

from bot.decide import incidents
from bot.decide.text import code, plain, truncate
from bot.model.action import PublishRelease
from bot.model.deployment import Deployment, DeploymentKind

PREFIX = "deployed"
"""Of the tags: no branch of Lockstep's begins so."""


def notes(deployment: Deployment, *, production: bool) -> PublishRelease | None:
    """What is published; None while it was not proven. Of anything but production it is a pre-release, so that GitHub's
    "latest release" is what customers have."""
    if deployment.live_at is None or deployment.merge_sha is None:
        return None
    where, number = deployment.environment, deployment.pull_number
    named = ", ".join(f"{name} {move.after.tag}" for name, move in sorted(deployment.components.items()))
    does = {DeploymentKind.ROLLBACK: "rolled back to "}.get(deployment.kind, "")
    rows = [
        (
            name,
            code(move.before_tag or move.before or "nothing", in_table=True),
            f"{code(move.after.tag, in_table=True)} {code(move.after.digest, in_table=True)}",
        )
        for name, move in sorted(deployment.components.items())
    ]
    undone = f", undoing #{deployment.reverts}" if deployment.reverts else ""
    return PublishRelease(
        because=f"#{number} is live in {where}",
        tag=f"{PREFIX}/{where}/{number}",
        sha=deployment.merge_sha,
        title=truncate(plain(f"{where}: {does}{named}", 230), 250, "…"),
        body=incidents.facts(
            f"Proven healthy in **{where}** at {incidents.clock(deployment.live_at)} UTC by #{number}{undone}.",
            incidents.table(("component", "before", "now"), rows),
        ),
        prerelease=not production,
    )
