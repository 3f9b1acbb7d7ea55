"""Keeping the evidence record: what was judged, before the merge; the whole of it after, in the ledger and in Git (B6).

The ledger's row comes first, because it is ours to write; the Git note is made from it, and made again until it is
there. So a crash at any place is healed by the next look, and both hold the same bytes.
"""

from __future__ import annotations

from dataclasses import replace

from bot.decide import evidence_summary
from bot.decide.evidence import record
from bot.decide.pull import PullFacts
from bot.errors import Terminal
from bot.model.action import PutNote
from bot.model.evidence import EVENT, NOTES_REF, EvidenceRecord, Judged, bytes_of
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.gates.question import release_of
from bot.run.house import House, note, whole
from bot.run.identity import app_of


def known(house: House, subject: Subject, facts: PullFacts) -> PullFacts:
    """The facts with what the record tells beyond what is judged: the releases on record, and our version."""
    promotion, policy = facts.promotion, facts.policy
    source = policy.source(promotion.source) if promotion and policy else None
    app = app_of(house, subject.installation_id, subject.repository, source) if source else None
    if promotion is None or app is None:
        return replace(facts, version=house.version)
    found = (release_of(house, app.id, each) for each in promotion.release_ids)
    return replace(facts, version=house.version, releases=tuple(each for each in found if each is not None))


def remember(house: House, snapshot: PullSnapshot, judged: Judged | None) -> None:
    """Keeps what was judged last, durably, before anything is carried out: a merge that follows rested on it."""
    if judged is not None:
        house.store.marks.put(_key(snapshot), dict(judged.content))


def judged_last(house: House, snapshot: PullSnapshot) -> Judged | None:
    """What was judged last; after a merge of that head, what the merge rested on."""
    last = house.store.marks.get(_key(snapshot))
    return Judged(content=last) if last else None


@whole
def keep(house: House, subject: Subject, snapshot: PullSnapshot, promotion: Promotion, bot_id: int) -> None:
    """Completes the record of a merged promotion with the merge, and writes it into the ledger, once."""
    if house.store.ledger.rows(subject=str(subject), event=EVENT, limit=1):
        return
    pull = snapshot.pull
    found = record(judged_last(house, snapshot), pull, bot_id=bot_id)
    standing = found.merged["standing"]
    _show(house, promotion, found)  # first, because what follows is done once
    note(
        house,
        subject,
        EVENT,
        "done",
        f"what the merge of #{pull.number} into {promotion.environment} rested on; it was {standing}",
        pull_number=pull.number,
        head_sha=pull.head_sha,
        actor_id=pull.merged_by.id if pull.merged_by else None,
        actor_login=pull.merged_by.login if pull.merged_by else None,
        details={
            "environment": promotion.environment,
            "components": sorted(promotion.components),
            "merge_sha": pull.merge_sha or "",
            "sha256": found.sha256,
            "record": found.to_json(),
        },
    )


def _show(house: House, promotion: Promotion, found: EvidenceRecord) -> None:
    """Renews what the board says of each component's way there, unless a later merge says more."""
    for component in promotion.components:
        key = evidence_summary.key(promotion.config_repository_id, promotion.environment, component)
        shown = evidence_summary.value(found, promotion, component)
        before = house.store.marks.get(key) or {}
        if (before.get("at") or "") <= (shown["at"] or ""):
            house.store.marks.put(key, shown)


def put_note(house: House, subject: Subject, snapshot: PullSnapshot) -> str | None:
    """Writes the ledger's record as a Git note about the merge commit, once; why not, when GitHub forbids it."""
    rows = house.store.ledger.rows(subject=str(subject), event=EVENT, limit=1)
    merge_sha = snapshot.pull.merge_sha
    if not rows or merge_sha is None or _noted(house, subject):
        return None
    noting = PutNote(
        because=f"Evidence of pull request {snapshot.pull.number}",
        ref=NOTES_REF,
        commit_sha=merge_sha,
        data=bytes_of(rows[-1].entry.details["record"]),
    )
    try:
        carry_out(house, Cause(subject=subject), snapshot.repository, [noting])
    except Terminal as error:
        return f"the evidence is in the ledger, not in Git: {error}"
    return None


def _noted(house: House, subject: Subject) -> bool:
    rows = house.store.ledger.rows(subject=str(subject), event="put_note")
    return any(row.entry.decision == "done" for row in rows)


def _key(snapshot: PullSnapshot) -> str:
    return f"judged:{snapshot.repository.id}:{snapshot.pull.number}"
