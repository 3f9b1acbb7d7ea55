"""Carrying actions out, each written down before and after: what is not recorded does not happen (attack case 97)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import LockstepError
from bot.model.action import (
    Action,
    ClosePull,
    CommentOnCommit,
    DeleteBranch,
    DispatchWorkflow,
    MergePull,
    MirrorDeployment,
    OpenIssue,
    OpenPull,
    PutComment,
    PutNote,
    Receipt,
    RewritePull,
    SetCheck,
)
from bot.model.evidence import sha256_of
from bot.model.facts import Repository
from bot.model.ledger import LedgerEntry
from bot.model.subject import Kind, Subject
from bot.run.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who or what set the actions off; goes into each ledger row."""

    subject: Subject
    delivery_id: str | None = None
    actor_id: int | None = None
    actor_login: str | None = None


LEFT = "a worker ended before it was written down what came of it; what follows shows whether it was done"


def carry_out(
    house: House,
    cause: Cause,
    repository: Repository,
    actions: Sequence[Action],
    keep: Callable[[Sequence[Receipt]], None] | None = None,
) -> tuple[Receipt, ...]:
    """Applies the actions in order. Raises what the adapter raises, after writing down what was done until then, the
    first action that was not, and those after it, which were not tried. Every attempt has one row of its end.

    `keep` puts on record what came of them, together with the rows of their end or not at all; it asks nobody.
    """
    if not actions:
        return ()
    ledger = house.store.ledger
    with house.store.together():
        attempts = {
            id(each): ledger.attempt(_entry(house, cause, repository, each, "attempt", each.because, {}))
            for each in actions
        }

    def ends(action: Action, decision: str, reason: str, result: Mapping[str, Any]) -> None:
        ledger.ended(attempts[id(action)], _entry(house, cause, repository, action, decision, reason, result))

    def carried(receipts: Sequence[Receipt]) -> None:
        for each in receipts:
            refusal = each.result.get("refused")
            reason = str(refusal) if refusal else each.action.because
            ends(each.action, "refused" if refusal else "done", reason, each.result)

    github = house.github(cause.subject.installation_id)
    try:
        receipts = github.apply(repository, actions)
    except LockstepError as error:
        done = tuple(github.receipts)
        left = [each for each in actions if id(each) not in {id(receipt.action) for receipt in done}]
        with house.store.together():
            carried(done)
            for each in left[:1]:
                ends(each, "failed", str(error), {})
            for each in left[1:]:
                ends(each, "skipped", "not tried: what was to be done before it failed", {})
        error.told = not any(isinstance(each, SetCheck) for each in left)
        raise
    with house.store.together():
        carried(receipts)
        if keep is not None:
            keep(receipts)
    return receipts


def take_over(house: House, subject: Subject) -> None:
    """Writes down the end of what a worker before this one attempted for the subject and did not live to tell. Looks
    at one subject never overlap, so nobody tells it any more; what is still wanted is attempted anew."""
    for row in house.store.ledger.unanswered(str(subject)):
        entry = replace(row.entry, at=house.clock(), decision="failed", reason=f"{row.entry.reason}: {LEFT}")
        house.store.ledger.ended(row.seq, entry)


def event_name(action: Action) -> str:
    """`OpenPull` → `open_pull`: the ledger's name of an action."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(action).__name__).lower()


def _entry(
    house: House,
    cause: Cause,
    repository: Repository,
    action: Action,
    decision: str,
    reason: str,
    result: Mapping[str, Any],
) -> LedgerEntry:
    number = getattr(action, "number", None) or result.get("number")
    if number is None and cause.subject.kind in (Kind.PULL, Kind.DEPLOYMENT):
        number = cause.subject.number
    return LedgerEntry(
        at=house.clock(),
        event=event_name(action),
        decision=decision,
        reason=reason,
        actor_id=cause.actor_id,
        actor_login=cause.actor_login,
        delivery_id=cause.delivery_id,
        subject=str(cause.subject),
        installation_id=cause.subject.installation_id,
        repository_id=repository.id,
        pull_number=number if isinstance(number, int) else None,
        head_sha=_head(action, result),
        details={**_details(action), **{key: str(value) for key, value in result.items()}},
        once=_once(action, repository, number) if decision == "done" else None,
    )


def _once(action: Action, repository: Repository, number: object) -> str | None:
    """Names what happens once to a pull request or issue, so that finding it done after a crash doubles no row."""
    once = isinstance(action, OpenPull | MergePull | OpenIssue) and number is not None
    return f"{event_name(action)} {repository.id}#{number}" if once else None


def _head(action: Action, result: Mapping[str, Any]) -> str | None:
    if isinstance(action, SetCheck | CommentOnCommit):
        return action.check.head_sha
    found = result.get("head_sha")
    return str(found) if found else getattr(action, "expected_head", None)


def _details(action: Action) -> dict[str, str]:
    """What makes an action findable later; never content that people wrote."""
    if isinstance(action, OpenPull):
        return {"branch": action.branch, "base_sha": action.base_sha, "title": action.title}
    if isinstance(action, RewritePull | ClosePull | DeleteBranch):
        return {"branch": action.branch}
    if isinstance(action, SetCheck | CommentOnCommit):
        check = action.check
        return {"check": check.name, "shown": check.conclusion or check.status, "title": check.title}
    if isinstance(action, PutComment):
        return {"comment": action.marker}
    if isinstance(action, MergePull):
        return {"method": action.method}
    if isinstance(action, MirrorDeployment):
        return {"environment": action.environment, "shown": action.state, "commit": action.sha}
    if isinstance(action, DispatchWorkflow):
        return {"repository": action.repository, "workflow": action.workflow, "branch": action.ref}
    if isinstance(action, PutNote):
        return {"ref": action.ref, "commit": action.commit_sha, "sha256": sha256_of(action.data)}
    return {}
