"""What the board shows of deployments: where each stands, what holds things back, the rollback clock, and what to say.

The board has no login, so it offers words: where a person may say them on GitHub, and in which comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bot.decide.hotfix import debts as owed
from bot.decide.rollback.safety import PREFIX, from_mark, standing
from bot.model.deployment import Deployment, DeploymentKind, DeploymentState
from bot.model.holds import Hold
from bot.model.hotfix import Debt
from bot.model.rollback import GOAL, RollbackRecord, RollbackState, Veto

SHOWN = 2
"""Deployments of one environment that are shown."""
CLOCKS = 3
"""Rollbacks of one repository whose clock is shown."""
_S = DeploymentState
_WAY = (_S.OPENED, _S.APPROVED, _S.MERGED, _S.SYNCING, _S.VERIFYING, _S.LIVE)
_BACK = (_S.FAILED, _S.ROLLING_BACK, _S.ROLLED_BACK)
_OFF = (_S.SUPERSEDED, _S.CLOSED)


def deployments(found: Iterable[Deployment], url: str | None, now: datetime) -> list[dict[str, Any]]:
    """The deployments of one repository, as the page shows them."""
    shown = list(found)
    newest = {each.environment: each.pull_number for each in reversed(shown) if each.state not in _OFF}
    return [_deployment(each, newest.get(each.environment) == each.pull_number, url, now) for each in shown]


def _deployment(there: Deployment, newest: bool, url: str | None, now: datetime) -> dict[str, Any]:
    why = there.transitions[-1].why if there.transitions else ""
    return {
        "number": there.pull_number,
        "url": _pull_url(url, there.pull_number),
        "environment": there.environment,
        "kind": there.kind.value,
        "undoes": there.reverts,
        "state": there.state.value,
        "mood": _mood(there.state),
        "since": there.since.isoformat(timespec="seconds"),
        "seconds": max(int((now - there.since).total_seconds()), 0),
        "components": [{"name": name, "tag": move.after.tag} for name, move in there.components.items()],
        "steps": list(_steps(there)),
        "says": list(there.findings) or ([why] if why else []),
        "offers": [
            {"say": words, "does": does, "url": _say_url(url, there.pull_number)}
            for words, does in _offers(there, newest)
        ],
    }


def _mood(state: DeploymentState) -> str:
    """How the state looks: `good`, `bad`, `moving` or `quiet`."""
    if state is _S.LIVE:
        return "good"
    if state in _BACK:
        return "bad"
    return "quiet" if state in _OFF else "moving"


def _steps(there: Deployment) -> Iterator[dict[str, Any]]:
    """The way, with when each step was reached; the way back only once it was taken."""
    reached: dict[DeploymentState, datetime] = {step.state: step.at for step in there.transitions}
    way = [each for each in _WAY if each in reached or not set(reached) & {*_BACK, *_OFF}]
    for each in (*way, *(step for step in (*_BACK, *_OFF) if step in reached)):
        at = reached.get(each)
        later = _WAY[_WAY.index(each) + 1 :] if each in _WAY else ()
        skipped = at is None and not reached.keys().isdisjoint(later)
        if not skipped:
            yield {
                "name": each.value,
                "at": at.isoformat(timespec="seconds") if at else None,
                "is": "now" if each is there.state else "done" if at else "ahead",
                "mood": _mood(each),
            }


def _offers(there: Deployment, newest: bool) -> Iterator[tuple[str, str]]:
    """What a person may say of it on its pull request."""
    if there.state is _S.MERGED and any("/sync" in each for each in there.findings):
        yield "/sync", "brings it to the cluster"
    if there.state is _S.FAILED:
        yield "/sync", "tries it once more"
    takes_back = there.kind is not DeploymentKind.ROLLBACK and newest
    if takes_back and there.state in (_S.SYNCING, _S.VERIFYING, _S.LIVE, _S.FAILED):
        yield "/rollback reason: ", "goes back to the release before"


def guards(
    repository_id: int,
    marks: Mapping[str, Any],
    holds: Iterable[Hold],
    vetoes: Iterable[Veto],
    recent: Sequence[RollbackRecord],
    now: datetime,
) -> dict[str, Any]:
    """What holds things back in one repository now."""
    places = [from_mark(value) for key, value in marks.items() if key.startswith(PREFIX) and value]
    there = [(each, standing(each, recent, now)) for each in places if each.repository_id == repository_id]
    return {
        "holds": [
            {
                "where": each.environment or f"#{each.pull}",
                "reason": each.reason,
                "by": each.by.login,
                "since": each.at.isoformat(timespec="seconds"),
                "say": f"/unhold {each.environment}" if each.environment else "/unhold",
            }
            for each in holds
            if each.repository_id == repository_id
        ],
        "vetoes": [
            {
                "component": each.component,
                "tag": each.tag,
                "digest": each.digest,
                "environment": each.environment,
                "reason": each.reason,
                "since": each.at.isoformat(timespec="seconds"),
                "say": f"/veto lift {each.component} reason: ",
            }
            for each in vetoes
            if each.repository_id == repository_id
        ],
        "automatic": [
            {
                "environment": each.environment,
                "on": each.automatic,
                "triggers": [trigger.replace("_", " ") for trigger in each.triggers],
                "used": now_there.used,
                "limit": each.limit,
                "tripped": now_there.tripped,
                "waiting": now_there.waiting,
                "cooling": [{"component": name, "seconds": left} for name, left in now_there.cooling.items()],
                "frozen": each.frozen,
            }
            for each, now_there in there
            if each.automatic or each.frozen or now_there.cooling
        ],
        "by_people": [each.environment for each, _ in there if not each.automatic],
    }


def debts(repository_id: int, found: Iterable[Debt], url: str | None) -> list[dict[str, Any]]:
    """What the environments of one repository owe for hotfixes: each holds back what lacks the fix (row B5)."""
    return [
        {**owed.shown(each), "url": _pull_url(url, each.pull_number), "say": "/override debt reason: "}
        for each in found
        if each.config_repository_id == repository_id
    ]


def clocks(
    repository_id: int, found: Iterable[RollbackRecord], url: str | None, now: datetime
) -> list[dict[str, Any]]:
    """The rollback clock of the newest rollbacks: from the revert's merge to healthy, against the goal."""
    mine = [each for each in found if each.ask.config_repository_id == repository_id]
    return [_clock(each, url, now) for each in mine if each.state is not RollbackState.CLOSED][:CLOCKS]


def _clock(record: RollbackRecord, url: str | None, now: datetime) -> dict[str, Any]:
    running = record.state is RollbackState.MERGED and record.merged_at is not None
    took = (
        record.took
        if record.took is not None
        else now - record.merged_at
        if running and record.merged_at
        else None
    )
    seconds = max(int(took.total_seconds()), 0) if took is not None else None
    return {
        "number": record.pull_number,
        "url": _pull_url(url, record.pull_number),
        "environment": record.ask.environment,
        "components": [{"name": name, "tag": tag.tag} for name, tag in sorted(record.after.items())],
        "undoes": record.undoes,
        "reason": record.ask.reason,
        "by": record.ask.by.login if record.ask.by else None,
        "state": record.state.value,
        "running": running,
        "seconds": seconds,
        "goal_seconds": int(GOAL.total_seconds()),
        "over": seconds is not None and seconds > GOAL.total_seconds(),
        "asked_seconds": max(int((now - record.ask.asked_at).total_seconds()), 0),
        "incident": record.incident,
        "incident_url": f"{url}/issues/{record.incident}" if url and record.incident else None,
    }


def _pull_url(url: str | None, number: int | None) -> str | None:
    return f"{url}/pull/{number}" if url and number else None


def _say_url(url: str | None, number: int) -> str | None:
    """Where the comment is written: GitHub's pages go to the field by this fragment; they take no text for it."""
    page = _pull_url(url, number)
    return f"{page}#new_comment_field" if page and urlsplit(page).hostname else None
