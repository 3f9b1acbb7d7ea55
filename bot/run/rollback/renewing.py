"""An open rollback follows its base, and is closed when nothing is left to undo."""

from __future__ import annotations

from bot.decide import names
from bot.decide.rollback import Refused, RollbackFacts
from bot.model.action import ClosePull, RewritePull
from bot.model.facts import Actor, Mergeable
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.subject import Subject, pull
from bot.run.acts import carry_out
from bot.run.house import House
from bot.run.rollback.keeping import let_go
from bot.run.rollback.opening import planned
from bot.run.rollback.recording import cause_of, recorded


def renew(house: House, subject: Subject, github: GitHub, facts: RollbackFacts) -> str:
    """An open one is put on the present base when it must be; when nothing is left to undo, it is closed."""
    record = facts.record
    branch = names.rollback_branch(facts.environment.name, record.id)
    seen = facts.snapshot.pulls.get(branch)
    promotion = house.store.promotions.by_pull(facts.snapshot.repository.id, record.pull_number or 0)
    if seen is None or promotion is None or seen.head_sha != promotion.head_sha:
        return ""  # ended, which its own look sees; or a person pushed, and decides about it
    if seen.mergeable is not Mergeable.CONFLICTING and not seen.behind:
        return ""
    undone = next((each for each in facts.landed if each.pull_number == record.undoes), None)
    if undone is None:
        return ""
    found = planned(house, subject, github, facts, undone)
    cause = cause_of(subject, record)
    if isinstance(found, Refused):
        closing = ClosePull(
            because=found.why,
            number=seen.number,
            node_id=seen.node_id,
            branch=branch,
            expected_head=seen.head_sha,
            labels=(names.SUPERSEDED_LABEL,),
        )
        carry_out(house, cause, facts.snapshot.repository, [closing])
        us = Actor(id=github.bot_id, login="lockstep")
        let_go(house, subject, record, seen.number, us, github.bot_id)
        wake(house.store, pull(subject.installation_id, facts.snapshot.repository.id, seen.number))
        return f"#{seen.number} is closed: {found.why}"
    rewriting = RewritePull(
        because=f"{found.title}; on {facts.snapshot.base_sha[:7]}",
        number=seen.number,
        node_id=seen.node_id,
        branch=branch,
        expected_head=seen.head_sha,
        base_sha=facts.snapshot.base_sha,
        files=found.content.files,
        message=found.message,
        title=found.title,
        body=found.body,
        checks=(names.summary_check(seen.base_ref),),
    )
    receipts = carry_out(house, cause, facts.snapshot.repository, [rewriting])
    head = str(receipts[-1].result["head_sha"])
    return recorded(house, subject, github, facts, found, seen.number, head)
