"""Carrying actions out, each written down before and after: what is not recorded does not happen (attack case 97)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


def carry_out(
    house: House, cause: Cause, repository: Repository, actions: Sequence[Action]
) -> tuple[Receipt, ...]:
    """Applies the actions in order. Raises what the adapter raises, after writing down what was done until then, and
    the first action that was not."""
    if not actions:
        return ()
    for action in actions:
        house.store.ledger.write(_entry(house, cause, repository, action, "attempt", action.because, {}))
    github = house.github(cause.subject.installation_id)
    try:
        receipts = github.apply(repository, actions)
    except LockstepError as error:
        done = tuple(github.receipts)
        _write_down(house, cause, repository, done)
        carried = {id(receipt.action) for receipt in done}
        first = next((action for action in actions if id(action) not in carried), actions[-1])
        house.store.ledger.write(_entry(house, cause, repository, first, "failed", str(error), {}))
        error.told = not any(isinstance(each, SetCheck) and id(each) not in carried for each in actions)
        raise
    _write_down(house, cause, repository, receipts)
    return receipts


def _write_down(house: House, cause: Cause, repository: Repository, receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        refusal = receipt.result.get("refused")
        decision = "refused" if refusal else "done"
        reason = str(refusal) if refusal else receipt.action.because
        house.store.ledger.write(
            _entry(house, cause, repository, receipt.action, decision, reason, receipt.result)
        )


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
    )


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
