"""The evidence record's words and its end: the merge commit's trailers, and the record once the merge is known (B6)."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.decide.text import plain, truncate, visible
from bot.model.evidence import EvidenceRecord, Json, Judged
from bot.model.facts import Pull

WORDS = 500
"""Characters of one sentence that are kept."""

GREEN, NOT_GREEN = "green", "not green"
OTHER_COMMIT, NOT_JUDGED = "another commit", "not judged"
"""How the merged commit stood when Lockstep judged the pull request last."""


def trailers(judged: Judged) -> tuple[str, ...]:
    """Lines for the end of the merge commit's message, as `git interpret-trailers --parse` reads them."""
    content = judged.content
    return (
        *(f"Release: {each['id']}" for each in content["releases"]),
        *_promoted_from(content),
        f"Requested-By: {_person(content['requested_by']) if content['requested_by'] else 'lockstep'}",
        *(f"Approved-By: {_approval(each)}" for each in content["approvals"]),
        *(f"Overridden-Gate: {_override(each)}" for each in content["overrides"]),
        *(f"Skipped-Gate: {each['gate']}" for each in content.get("hotfix", {}).get("skipped_gates", ())),
        f"Evidence: {judged.sha256}",
    )


def record(judged: Judged | None, pull: Pull, *, bot_id: int) -> EvidenceRecord:
    """The record of a merged pull request, whoever merged it."""
    who = pull.merged_by
    return EvidenceRecord(
        judged=judged,
        merged={
            "sha": pull.merge_sha,
            "head_sha": pull.head_sha,
            "at": moment(pull.merged_at),
            "by": {"id": who.id, "login": words(who.login)} if who else None,
            "by_lockstep": who is not None and who.id == bot_id,
            "standing": standing(judged, pull.head_sha),
            "not_green": list(judged.not_green) if judged else [],
        },
    )


def standing(judged: Judged | None, head_sha: str) -> str:
    """Whether what was merged is what was judged, and was green then."""
    if judged is None:
        return NOT_JUDGED
    if judged.head_sha != head_sha:
        return OTHER_COMMIT
    return NOT_GREEN if judged.not_green else GREEN


def _promoted_from(content: Json) -> tuple[str, ...]:
    if content["promoted_from"] is not None:
        return (f"Promoted-From: {content['promoted_from']}@{content['base_sha']}",)
    return tuple(
        f"Promoted-From: {each['repository']}@{each['commit']}"
        for each in content["releases"]
        if each["commit"]
    )


def _person(person: Json) -> str:
    """Without `@`: GitHub tells everybody whom a commit message mentions, and these people know."""
    return f"{plain(person['login'], 100)} ({person['id']})"


def _approval(approval: Json) -> str:
    seats = ", ".join(approval["for"])
    return f"{_person(approval['by'])} as {seats}, {approval['via']} {approval['source_id']}"


def _override(override: Json) -> str:
    reason = plain(override["reason"], 200)
    return f"{override['gate']} by {_person(override['by'])} until {override['expires_at']}: {reason}"


def words(text: str, limit: int = WORDS) -> str:
    """Other people's words as one line of printable characters: what the ledger keeps unchanged, too."""
    return truncate("".join(each for each in visible(text) if each.isprintable()), limit, "…")


def moment(at: datetime | None) -> str | None:
    """An aware moment in UTC, such as `2026-05-04T12:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None
