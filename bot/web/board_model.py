"""What the board shows, as JSON: read from the store alone, with every address checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.decide import evidence_summary
from bot.decide.board import PREFIX
from bot.decide.evidence import GREEN
from bot.decide.rollback import safety
from bot.model.image import short_digest
from bot.model.ledger import LedgerRow
from bot.model.release import Promotion, Release
from bot.web import board_deploys
from bot.web.board_told import EVENT, SHOWN, told
from bot.web.ports_pages import Store

ROWS = 25
RELEASES = 8
CLOCKS = 30
"""Rollbacks of all repositories among which those that are shown are chosen."""
WINDOW = timedelta(days=7)
"""How far back automatic rollbacks are counted for the breaker."""


def model(store: Store, web_url: str, now: datetime) -> dict[str, Any]:
    """Everything that the page shows, as JSON. Raises Retryable when the database does not answer."""
    promotions = store.promotions.all_open()
    numbers = store.numbers()
    shown = repositories(
        store.marks.under(PREFIX), store.marks.under(evidence_summary.PREFIX), promotions, web_url, now
    )
    _after_the_merge(store, shown, now)
    return {
        "at": now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "repositories": shown,
        "releases": [_release(each, now) for each in store.releases.newest(RELEASES)],
        "ledger": [
            _row(row, now)
            for row in reversed(store.ledger.rows(limit=ROWS * 3))
            if row.entry.decision != "attempt"
        ][:ROWS],
        "told": told(store.ledger.rows(event=EVENT, limit=SHOWN), store.notices.channels(), now),
        "queue": {name: int(numbers.get(name, 0)) for name in _QUEUE},
    }


def _after_the_merge(store: Store, shown: Sequence[dict[str, Any]], now: datetime) -> None:
    """Adds to each repository where its deployments stand, and what holds things back."""
    if not shown:
        return
    found, recent = store.deployments.recent(board_deploys.SHOWN), store.rollbacks.recent(CLOCKS)
    automatic = store.rollbacks.automatic_since(now - WINDOW)
    marks, holds, vetoes, debts = (
        store.marks.under(safety.PREFIX),
        store.holds.everywhere(),
        store.vetoes.everywhere(),
        store.debts.everywhere(),
    )
    for each in shown:
        number, url = int(each["id"]), each["url"]
        mine = [there for there in found if there.config_repository_id == number]
        order = {environment["name"]: place for place, environment in enumerate(each["environments"])}
        mine.sort(key=lambda there: order.get(there.environment, len(order)))
        each["deployments"] = board_deploys.deployments(mine, url, now)
        each["guards"] = board_deploys.guards(number, marks, holds, vetoes, automatic, now)
        each["guards"]["debts"] = board_deploys.debts(number, debts, url)
        each["rollbacks"] = board_deploys.clocks(number, recent, url, now)


_QUEUE = (
    "deliveries_pending",
    "jobs_waiting",
    "jobs_running",
    "jobs_planned",
    "subjects_parked",
    "workers_alive",
)


def repositories(
    marks: Mapping[str, Any],
    evidence: Mapping[str, Any],
    promotions: Sequence[Promotion],
    web_url: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """Each config repository with its environments in order; the newest look tells what runs everywhere, the newest
    evidence records why."""
    looks: dict[int, list[Mapping[str, Any]]] = {}
    for key, value in marks.items():
        looks.setdefault(int(key.removeprefix(PREFIX).partition(":")[0]), []).append(value)
    shown = [
        _repository(
            number,
            sorted(found, key=lambda look: str(look["taken_at"])),
            [each for each in promotions if each.config_repository_id == number],
            {
                (each["environment"], each["component"]): each
                for each in evidence.values()
                if each["repository_id"] == number
            },
            web_url,
            now,
        )
        for number, found in looks.items()
    ]
    return sorted(shown, key=lambda each: str(each["name"]))


def _repository(
    number: int,
    looks: Sequence[Mapping[str, Any]],
    promotions: Sequence[Promotion],
    evidence: Mapping[tuple[str, str], Mapping[str, Any]],
    web_url: str,
    now: datetime,
) -> dict[str, Any]:
    newest = looks[-1]
    readable = next((look for look in reversed(looks) if look["environments"]), None)
    environments = [dict(each) for each in readable["environments"]] if readable else []
    details = {pull["number"]: pull for look in looks for pull in look["pulls"]}
    url = safe_link(newest["url"]) or safe_link(f"{web_url}/{newest['repository']}")
    pulls = [_pull(each, details.get(each.pull_number), url, now) for each in promotions]
    names = dict.fromkeys(name for each in environments for name in each["components"])
    running = {each["name"]: each["components"] for each in environments}
    return {
        "id": number,
        "name": newest["repository"],
        "url": url,
        "trouble": newest["trouble"],
        "age": age(now - datetime.fromisoformat(newest["taken_at"])),
        "environments": [
            {
                "name": each["name"],
                "problem": each["problem"],
                "pulls": [pull for pull in pulls if pull["environment"] == each["name"]],
            }
            for each in environments
        ],
        "components": [
            {
                "name": name,
                "cells": [
                    _cell(name, each, running, evidence.get((each["name"], name)), now)
                    for each in environments
                ],
            }
            for name in names
        ],
        "pulls": pulls,
    }


def _cell(
    name: str,
    environment: Mapping[str, Any],
    running: Mapping[str, Any],
    evidence: Mapping[str, Any] | None,
    now: datetime,
) -> dict[str, Any] | None:
    """What an environment runs of a component; `behind` when the environment before it runs something else."""
    found = environment["components"].get(name)
    if found is None:
        return None
    before = running.get(environment["from"] or "", {}).get(name)
    digest = found["digest"] or ""
    return {
        "tag": found["tag"] or "no tag",
        "digest": digest,
        "short": short_digest(digest).removeprefix("sha256:") if digest else "no digest",
        "behind": bool(before and before["digest"] != found["digest"]),
        "why": _why(evidence, digest, now) if evidence else None,
    }


def _why(evidence: Mapping[str, Any], digest: str, now: datetime) -> dict[str, Any]:
    """What the newest evidence record says of a cell; `differs`: something else runs than what it brought there."""
    at = evidence["at"]
    return {
        "number": evidence["number"],
        "url": safe_link(evidence["url"]),
        "age": age(now - datetime.fromisoformat(at)) if at else None,
        "at": at,
        "by": None if evidence["by_lockstep"] else evidence["by"],
        "differs": evidence["digest"] != digest,
        "not_green": evidence["standing"] if evidence["standing"] != GREEN else None,
        "gates": evidence["gates"],
        "approved": [f"{each['by']} as {', '.join(each['for'])}" for each in evidence["approved"]],
        "overrides": [
            f"{each['gate']} set aside by {each['by']} until {each['until']}: {each['reason']}"
            for each in evidence["overrides"]
        ],
        # Records from before a hotfix's debt was counted have no such field.
        "skipped": [f"skipped debt: {each['gate']}: {each['says']}" for each in evidence.get("skipped", ())],
    }


def _pull(
    promotion: Promotion, details: Mapping[str, Any] | None, repository_url: str | None, now: datetime
) -> dict[str, Any]:
    """An open pull request; title and diff are missing until the environment was looked at again."""
    number = promotion.pull_number
    tags = ", ".join(f"{name} {it.tag}" for name, it in promotion.components.items())
    known = details or {}
    return {
        "number": number,
        "environment": promotion.environment,
        "title": known.get("title") or f"Promote {tags} to {promotion.environment}",
        "url": safe_link(known.get("url"))
        or (safe_link(f"{repository_url}/pull/{number}") if repository_url else None),
        "state": promotion.state.value,
        "age": age(now - promotion.opened_at),
        "opened_at": promotion.opened_at.isoformat(timespec="seconds"),
        "by": promotion.requested_by_login,
        "diff": [{"kind": _kind(line), "text": line} for line in known.get("diff", ())],
        "diff_cut": bool(known.get("diff_cut")),
    }


def _kind(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "file"
    return {"+": "add", "-": "del", "@": "hunk"}.get(line[:1], "same")


def _release(release: Release, now: datetime) -> dict[str, Any]:
    return {
        "id": release.id,
        "repository": release.repository,
        "url": safe_link(release.run_url),
        "run": release.run_number,
        "branch": release.branch,
        "commit": release.head_sha[:12],
        "age": age(now - release.accepted_at),
        "components": [
            {"name": name, "tag": it.tag, "digest": it.digest} for name, it in release.components.items()
        ],
    }


def _row(row: LedgerRow, now: datetime) -> dict[str, Any]:
    entry = row.entry
    check, title = entry.details.get("check"), entry.details.get("title")
    return {
        "seq": row.seq,
        "at": entry.at.isoformat(timespec="seconds"),
        "age": age(now - entry.at),
        "event": entry.event.replace("_", " "),
        "decision": entry.decision,
        "reason": f"{check}: {title}" if check and title else entry.reason,
        "by": entry.actor_login or "lockstep",
        "number": entry.pull_number,
    }


def age(passed: timedelta) -> str:
    """How long ago, in the largest unit: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(int(passed.total_seconds()), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def safe_link(url: object) -> str | None:
    """The URL when it is http(s) with a host, else None: never `javascript:` and the like (attack case 95)."""
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None
