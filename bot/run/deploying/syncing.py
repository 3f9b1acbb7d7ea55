"""Asks Argo CD to sync: on record before it is asked, and what came of it afterwards (row R5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.decide.deploying import DeploymentFacts, Synced
from bot.decide.deploying.rollout import key
from bot.decide.text import plain
from bot.errors import Retryable, UserError
from bot.model.deployment import Deployment, Progress
from bot.model.facts import Unknown
from bot.model.ledger import LedgerEntry
from bot.model.subject import Subject
from bot.run.house import House


def sync(
    house: House, subject: Subject, there: Deployment, wanted: tuple[Synced, ...], facts: DeploymentFacts
) -> None:
    """Begins each sync; that it was asked for is on record first, so that it is asked for once."""
    sha = there.merge_sha or ""
    for each in wanted:
        now, name = house.clock(), each.application.application
        before = there.progress.get(key(name))
        since = before.since if before and before.since else now
        asked = Progress(
            key=key(name), at=now, since=since, by=before.by if before else None,
            after=before.after if before and before.since else _last_operation(facts, name),
        )  # fmt: skip
        with house.store.together():
            house.store.deployments.note(there, progress=[asked])
            attempt = house.store.ledger.attempt(
                _entry(house, subject, there, asked, name, "attempt", "asked to sync")
            )
        says, failed = _synced(house, each, sha)
        with house.store.together():
            end = _entry(house, subject, there, asked, name, "failed" if failed else "done", says)
            house.store.ledger.ended(attempt, end)
            if failed:
                refused = replace(asked, failed=failed == "refused", says=says)
                house.store.deployments.note(there, progress=[refused])


def _entry(
    house: House, subject: Subject, there: Deployment, asked: Progress, name: str, decision: str, says: str
) -> LedgerEntry:
    """The row of a sync, before and after it: it has no receipt of GitHub's."""
    return LedgerEntry(
        at=house.clock(),
        event="argocd_sync",
        decision=decision,
        reason=says,
        actor_login=asked.by,
        subject=str(subject),
        installation_id=subject.installation_id,
        repository_id=subject.repository_id,
        pull_number=there.pull_number,
        head_sha=there.merge_sha,
        details={"application": name, "environment": there.environment},
    )


def _last_operation(facts: DeploymentFacts, name: str) -> datetime | None:
    states = [each.state for each in facts.applications if each.application.application == name]
    operations = [each.operation for each in states if not isinstance(each, Unknown)]
    return next((each.started_at for each in operations if each is not None), None)


def _synced(house: House, each: Synced, sha: str) -> tuple[str, str]:
    """What Argo CD said, and how it failed: `refused`, or `later`, when trying again may help."""
    name = each.application.application
    try:
        house.readers.sync(each.application, sha, each.positions, house.clock())
    except UserError as error:
        return plain(str(error), 400), "refused"
    except Retryable as error:
        return plain(str(error), 400), "later"
    return f"{name} is synced at {sha[:7]}", ""
