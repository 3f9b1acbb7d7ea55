"""How what was seen is told: one short sentence, or nothing for what is only noise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.town import APP, END_TO_END, short
from bot.demo.watch import Sighting

Facts = Mapping[str, Any]
_WEBHOOKS = ("workflow_run.completed", "installation.created", "issue_comment.created")
"""The deliveries that the story is about; the others count in the summary."""


def sentence(seen: Sighting) -> str | None:
    """The sentence for a sighting; None when it is not worth a line."""
    tell = _SENTENCES.get(seen.kind)
    if tell is not None:
        return tell(seen.facts)
    if seen.kind.endswith(".failed") and (until := patience(seen.facts)):
        return f"Lockstep waits until {until}: GitHub takes no more than 80 writes a minute."
    if seen.kind.startswith("ledger.") and seen.kind.endswith((".refused", ".failed")):
        return f"{seen.facts['event']} {seen.facts['decision']}: {seen.facts['reason']}"
    return None


def patience(facts: Facts) -> str:
    """Until when something waits for GitHub's limit, in words; empty when it does not."""
    found = re.search(r"rate limit: .* waits until (.*)", str(facts.get("reason")))
    return found[1] if found else ""


def spoken(body: str) -> str:
    """A comment without hidden lines and empty ones, on one line."""
    visible = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    return " ".join(visible.split())


def _webhook(facts: Facts) -> str | None:
    if facts["status"] != 202:
        return f"Webhook {facts['name']} was answered {facts['status'] or 'not at all'}."
    if facts["name"] not in _WEBHOOKS:
        return None
    return f"Delivery {facts['guid'][:8]} and its job are stored; answered 202 in {facts['seconds'] * 1000:.0f} ms."


def _stored(facts: Facts) -> str | None:
    if facts["name"] not in _WEBHOOKS:
        return None
    return f"Webhook {facts['name']} received, signature verified: delivery {facts['guid'][:8]}."


def _job(facts: Facts) -> str | None:
    if facts["name"] not in _WEBHOOKS:
        return None
    return f"Job {facts['subject']} is done, {facts['seconds'] * 1000:.0f} ms after the webhook: {facts['outcome']}."


def _ci(facts: Facts) -> str:
    artifacts = ", ".join(facts["artifacts"])
    how = facts["conclusion"]
    if facts["repository"] != APP:
        return f"Run {facts['run']} of {facts['repository']} ends with {how}."
    return f"CI run {facts['run']} of the app repository ends with {how}: {facts['title']} (artifact {artifacts})."


def _verified(facts: Facts) -> str:
    details = facts["details"]
    return (
        f"Release {details['release']} verified and accepted: {facts['reason']}"
        f" (artifact sha256:{details['artifact_sha256'][:12]}…)."
    )


def _started(facts: Facts) -> str | None:
    if facts["status"] == "completed":
        return None  # its end comes with it
    status = {"in_progress": "in progress"}.get(facts["status"], facts["status"])
    return f"Check on #{facts['number']}: {facts['name']} is {status}."


def _ended(facts: Facts) -> str:
    words = {"action_required": "waits for a person"}.get(facts["conclusion"], facts["conclusion"])
    title = f": {facts['title']}" if facts["own"] and facts["title"] else ""
    return f"Check on #{facts['number']}: {facts['name']} {words}{title}."


def _opened(facts: Facts) -> str | None:
    if not facts.get("environment"):
        return None
    return f"Pull request #{facts['number']} to {facts['environment']} opened: {facts['title']}."


def _closed(facts: Facts) -> str | None:
    if not facts.get("environment"):
        return None
    if not facts["merged"]:
        return f"Pull request #{facts['number']} to {facts['environment']} closed by {facts['by']}."
    return f"Pull request #{facts['number']} merged into {facts['base']}: {facts['environment']} moves on."


def _commit_check(facts: Facts) -> str | None:
    if facts["name"] != END_TO_END:
        return None
    return f"Check on the app repository's commit {facts['sha'][:7]}: {facts['name']} {facts['conclusion']}."


def _deployment(facts: Facts) -> str | None:
    details = facts["details"]
    if details.get("state") in ("merged", "syncing"):
        return None  # the merge and the sync tell it
    return f"{details['environment']} is {details['state']}: {facts['reason']}"


def _review(facts: Facts) -> str:
    return f"{facts['by']} on #{facts['number']}: {facts['state'].replace('_', ' ')}."


def _comment(facts: Facts) -> str | None:
    words = short(spoken(facts["body"]))
    shown = words if len(words) <= 200 else words[:199] + "…"
    return f"{facts['by']} on #{facts['number']}: {shown}" if shown else None


def _told(facts: Facts) -> str:
    words = str(facts["words"])
    return f"Slack is told: {words if len(words) <= 320 else words[:319] + '…'}"


_SENTENCES: Mapping[str, Callable[[Facts], str | None]] = {
    "webhook": _webhook,
    "slack.told": _told,
    "stored": _stored,
    "job.done": _job,
    "github.workflow_run.completed": _ci,
    "github.pull_request.opened": _opened,
    "github.pull_request.closed": _closed,
    "github.check_run.created": _started,
    "github.check_run.completed": _ended,
    "github.commit_check.completed": _commit_check,
    "github.pull_request_review.submitted": _review,
    "github.issue_comment.created": _comment,
    "ledger.release_accepted.done": _verified,
    "ledger.promotion_merged.done": lambda facts: f"On record: {facts['reason']}, merged.",
    "ledger.evidence.done": lambda facts: (
        f"Evidence on record: {facts['reason']} ({short(facts['details']['sha256'])})."
    ),
    "ledger.put_note.done": lambda facts: (
        f"The same bytes are a Git note of #{facts['number']}'s merge commit."
    ),
    "ledger.deployment.done": _deployment,
    "ledger.deployment.failed": _deployment,
    "ledger.validation_failed.done": lambda facts: f"Production validation failed: {facts['reason']}.",
    "ledger.incident_opened.done": lambda facts: f"Incident opened: {facts['reason']}.",
    "ledger.deployment_blocked.done": lambda facts: (
        f"A deployment of {facts['details']['repository']} is refused. {facts['reason']}."
    ),
    "ledger.deployment_approved.done": lambda facts: (
        f"A deployment of {facts['details']['repository']} may pass. {facts['reason']}."
    ),
    "ledger.validation_overridden.done": lambda facts: (
        f"{facts['by']} overrides the validation: {facts['reason']}."
    ),
    "ledger.argocd_sync.done": lambda facts: f"Argo CD: {facts['reason']}.",
    "ledger.rollback_asked.done": lambda facts: (
        f"A rollback is asked for by itself: {short(facts['reason'])}"
    ),
    "ledger.veto.done": lambda facts: f"Veto: {short(facts['reason'])}",
    "ledger.hold.done": lambda facts: f"Hold: staging stays where it is, {facts['reason']}",
    "ledger.rollback_merged.done": lambda facts: f"Rolled back: {facts['reason']}.",
    "ledger.incident.done": lambda facts: (
        f"The incident is written down in issue #{facts['details']['issue']}: {facts['reason']}."
    ),
    "ledger.rollback_ended.done": lambda facts: f"The clock stops: {facts['reason']}",
    "ledger.react.done": lambda facts: f"Lockstep has read the command of {facts['by']}.",
}
