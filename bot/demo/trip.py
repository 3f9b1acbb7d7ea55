"""Which steps must be seen on a release's way, in their order, and what a person does in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.demo.alerting import AUTHOR, DRIFT
from bot.demo.town import CHECKS, END_TO_END, PLATFORM, REVIEWER
from bot.demo.watch import Sighting

COMMAND = "/promote staging"
BAD = "1.8.0"
"""The version of the api that staging's health check finds out about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: its name for programs, its words for people, and how it is recognised."""

    key: str
    words: str
    seen: Callable[[Sighting], bool]


def _of(kind: str, **facts: object) -> Callable[[Sighting], bool]:
    def seen(sighting: Sighting) -> bool:
        there = sighting.facts
        return sighting.kind == kind and all(there.get(name) == value for name, value in facts.items())

    return seen


def _named(words: str, kind: str, **facts: object) -> Callable[[Sighting], bool]:
    """As `_of`, of a pull request whose title holds these words."""
    fits = _of(kind, **facts)

    def seen(sighting: Sighting) -> bool:
        there = sighting.facts
        return fits(sighting) and words in str(there.get("pull_title") or there.get("title"))

    return seen


def _became(state: str, decision: str = "done") -> Callable[[Sighting], bool]:
    """A deployment to staging has come to a state."""

    def seen(sighting: Sighting) -> bool:
        details = sighting.facts.get("details") or {}
        fits = (details.get("environment"), details.get("state")) == ("staging", state)
        return sighting.kind == f"ledger.deployment.{decision}" and fits

    return seen


BACK = "Roll back"
RUN = "workflow_run.completed"
STEPS = (
    Step(key="ci_finished", words="CI finishes with its artifact", seen=_of("github.workflow_run.completed")),
    Step(
        key="webhook_received", words="its webhook is answered 202", seen=_of("webhook", name=RUN, status=202)
    ),
    Step(key="stored", words="delivery and job are stored", seen=_of("stored", name=RUN)),
    Step(key="verified", words="the release is verified", seen=_of("ledger.release_accepted.done")),
    Step(key="job_done", words="the job is done", seen=_of("job.done", name=RUN)),
    Step(
        key="dev_opened",
        words="the pull request to dev is opened",
        seen=_of("github.pull_request.opened", environment="dev", own=True),
    ),
    Step(
        key="checks_queued",
        words="Lockstep's check run is queued",
        seen=_of("github.check_run.created", environment="dev", own=True, name="lockstep: main"),
    ),
    *(
        Step(
            key=f"ci_green_{name.replace('-', '_')}",
            words=f"{name} is green",
            seen=_of("github.check_run.completed", environment="dev", name=name, conclusion="success"),
        )
        for name in CHECKS
    ),
    Step(
        key="dev_merged",
        words="dev is merged",
        seen=_of("github.pull_request.closed", environment="dev", merged=True, own=True),
    ),
    Step(
        key="promote_asked",
        words=f"{PLATFORM} comments `{COMMAND}`",
        seen=_of("github.issue_comment.created", by=PLATFORM, body=COMMAND),
    ),
    Step(
        key="staging_opened",
        words="the pull request to staging is opened",
        seen=_of("github.pull_request.opened", environment="staging", own=True),
    ),
    Step(
        key="promote_answered",
        words="Lockstep answers",
        seen=lambda seen: (
            seen.kind == "github.issue_comment.created"
            and bool(seen.facts.get("own"))
            and f"@{PLATFORM}" in str(seen.facts.get("body"))
        ),
    ),
    Step(
        key="staging_measures",
        words="staging waits for evidence",
        seen=_of(
            "github.check_run.created",
            environment="staging",
            name="lockstep: main / gates",
            status="in_progress",
        ),
    ),
    Step(
        key="evidence_complete",
        words="the slow tests pass on the release's commit",
        seen=_of("github.commit_check.completed", name=END_TO_END, conclusion="success"),
    ),
    Step(
        key="gates_green",
        words="every gate of staging is green",
        seen=_of(
            "github.check_run.completed",
            environment="staging",
            name="lockstep: main / gates",
            conclusion="success",
        ),
    ),
    Step(
        key="staging_judged",
        words="staging waits for its approval",
        seen=_of(
            "github.check_run.completed",
            environment="staging",
            name="lockstep: main",
            conclusion="action_required",
        ),
    ),
    Step(
        key="staging_approved",
        words=f"{REVIEWER} approves",
        seen=_of(
            "github.pull_request_review.submitted", environment="staging", by=REVIEWER, state="approved"
        ),
    ),
    Step(
        key="staging_merged",
        words="staging is merged",
        seen=_of("github.pull_request.closed", environment="staging", merged=True, own=True),
    ),
    Step(
        key="evidence_recorded",
        words="what the merge to staging rested on is on record",
        seen=_of("ledger.evidence.done", environment="staging"),
    ),
    Step(
        key="alerts_changed",
        words=f"{AUTHOR} changes an alert rule and renders no bundle",
        seen=_of("github.pull_request.opened", by=AUTHOR),
    ),
    Step(
        key="drift_found",
        words="drift fails, at the line in the source",
        seen=_of("github.check_run.completed", name=DRIFT, conclusion="failure", own=True),
    ),
    Step(
        key="drift_mended",
        words="the bundle is rendered, and drift is green",
        seen=_of("github.check_run.completed", name=DRIFT, conclusion="success", own=True),
    ),
    Step(
        key="staging_synced", words="Argo CD syncs staging at the merge", seen=_of("ledger.argocd_sync.done")
    ),
    Step(key="staging_live", words="staging is proven healthy", seen=_became("live")),
    Step(
        key="bad_in_dev",
        words=f"api {BAD} is in dev, and no test has found anything",
        seen=_named(BAD, "github.pull_request.closed", environment="dev", merged=True, own=True),
    ),
    Step(
        key="bad_opened",
        words="its pull request to staging is opened",
        seen=_named(BAD, "github.pull_request.opened", environment="staging", own=True),
    ),
    Step(
        key="bad_judged",
        words="it waits for its approval",
        seen=_named(
            BAD, "github.check_run.completed", environment="staging", name="lockstep: main",
            conclusion="action_required",
        ),
    ),
    Step(
        key="bad_merged",
        words="it is merged",
        seen=_named(BAD, "github.pull_request.closed", environment="staging", merged=True, own=True),
    ),
    Step(key="bad_failed", words="its health check fails", seen=_became("failed", "failed")),
    Step(key="vetoed", words="its digest is vetoed", seen=_of("ledger.veto.done")),
    Step(key="held", words="staging is on hold", seen=_of("ledger.hold.done")),
    Step(
        key="rollback_opened",
        words="the rollback opens by itself",
        seen=_named(BACK, "github.pull_request.opened", own=True),
    ),
    Step(
        key="rollback_judged",
        words="it waits for staging's approval",
        seen=_named(BACK, "github.check_run.completed", name="lockstep: main", conclusion="action_required"),
    ),
    Step(
        key="rollback_merged",
        words="it is approved and merged: the clock runs",
        seen=_named(BACK, "github.pull_request.closed", merged=True, own=True),
    ),
    Step(key="incident_told", words="the incident is written down", seen=_of("ledger.incident.done")),
    Step(key="healthy_again", words="staging is healthy again", seen=_of("ledger.rollback_ended.done")),
    Step(
        key="validation_failed",
        words="a flow fails against production",
        seen=_of("ledger.validation_failed.done"),
    ),
    Step(
        key="people_told",
        words="Slack is told, and calls the channel",
        seen=lambda seen: (
            seen.kind == "slack.told"
            and "<!channel>" in seen.facts["title"]
            and "Production validation failed" in seen.facts["title"]
        ),
    ),
    Step(
        key="production_incident", words="its incident is opened", seen=_of("ledger.incident_opened.done")
    ),
    Step(
        key="frontend_blocked",
        words="a deployment of the frontend is refused",
        seen=_of("ledger.deployment_blocked.done"),
    ),
    Step(
        key="validation_overridden",
        words="on-call overrides it, and accepts the risk in words",
        seen=_of("ledger.validation_overridden.done"),
    ),
    Step(
        key="frontend_passes",
        words="the next deployment may pass",
        seen=_of("ledger.deployment_approved.done"),
    ),
)  # fmt: skip


@dataclass(kw_only=True)
class Trip:
    """How far the first release has come. Steps may be seen in any order; all of them must be."""

    at: dict[str, datetime] = field(default_factory=dict)

    def take(self, sighting: Sighting) -> bool:
        """Notes what a sighting means; whether it was a step for the first time."""
        found = [step for step in STEPS if step.key not in self.at and step.seen(sighting)]
        for step in found:
            self.at[step.key] = sighting.at
        return bool(found)

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that were not seen yet."""
        return tuple(step for step in STEPS if step.key not in self.at)

    @property
    def is_over(self) -> bool:
        """Whether every step was seen."""
        return not self.missing

    def seconds(self) -> Mapping[str, float]:
        """Seconds from the end of the CI run to each step."""
        start = self.at.get("ci_finished")
        if start is None:
            return {}
        ordered = sorted(self.at.items(), key=lambda each: each[1])
        return {key: round((at - start).total_seconds(), 3) for key, at in ordered}
