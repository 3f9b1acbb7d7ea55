"""What a pull request's verdicts rest on: what GitHub and the record tell, what machines measure, what people said."""

from __future__ import annotations

from dataclasses import replace

from bot.decide.pull import PullDecision, PullFacts, decide_pull, environment_of
from bot.decide.rollback import rules_for
from bot.errors import Stale
from bot.model.facts import PullState, RepositoryFile, Unknown
from bot.model.policy import RulesError
from bot.model.ports import GitHub
from bot.model.release import Promotion
from bot.model.snapshot import PolicyResult, PullSnapshot
from bot.model.subject import Subject
from bot.run import (
    alert_pulls,
    approvals,
    deploying,
    evidence,
    exceptions,
    guards,
    hotfix,
    merge_group,
    rules,
    rules_change,
)
from bot.run.gates import measure, wake_in_time
from bot.run.house import House
from bot.run.pull import refusal


def read(
    house: House, github: GitHub, subject: Subject
) -> tuple[PullSnapshot, PolicyResult, Promotion | None] | None:
    """The pull request, the rules of its base and its record; asked once more when the rules name other files."""
    record = house.store.promotions.by_pull(subject.repository, subject.number)
    policy = house.last_policy.get(subject.repository)
    for _ in range(rules.ROUNDS):
        asked = {*house.rules_paths, *approvals.files_for(policy, record)}
        snapshot = github.pull(subject.repository, subject.number, files=sorted(asked))
        if snapshot is None:
            return None
        ruling = rules.read(house, snapshot.repository.id, snapshot.base_files, snapshot.base_head_sha)
        policy = ruling.policy
        record = house.store.promotions.by_pull(snapshot.repository.id, snapshot.pull.number)
        if set(approvals.files_for(policy, record)) <= asked or snapshot.pull.state is not PullState.OPEN:
            return snapshot, ruling, record
    raise Stale(f"the rules of repository {subject.repository} changed while they were read")


def measured_facts(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    ruling: PolicyResult,
    promotion: Promotion | None,
    *,
    happened: bool,
) -> PullFacts:
    """What the decision rests on as far as machines tell it: every demanded gate is measured now. The subject is
    looked at again when time changes an answer."""
    facts = PullFacts(
        snapshot=snapshot,
        policy=rules_for(ruling.policy, promotion),
        errors=ruling.errors,
        proposed_errors=_proposed(house, snapshot),
        promotion=promotion,
        bot_id=github.bot_id,
        refusal=refusal.standing(house, snapshot),
        thrown_out=merge_group.thrown_out(house, snapshot),
        something_happened=happened,
    )
    facts = guards.read(house, github, facts)
    into = environment_of(facts)
    if into is None or facts.policy is None or facts.promotion is None:
        return facts
    found = measure(
        house, subject, github, facts.policy, into, facts.promotion, facts.snapshot, house.clock()
    )
    wake_in_time(house, subject, found)
    return replace(facts, measured=found)


def decided(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    ruling: PolicyResult,
    promotion: Promotion | None,
    *,
    happened: bool,
) -> tuple[PullFacts, PullDecision]:
    """What the decision rests on, and the decision."""
    facts = measured_facts(house, subject, github, snapshot, ruling, promotion, happened=happened)
    return decide_on(house, subject, github, facts)


def decide_on(
    house: House, subject: Subject, github: GitHub, facts: PullFacts
) -> tuple[PullFacts, PullDecision]:
    """With what people said put to it: approvals, overrides, holds as they are on record now."""
    facts = rules_change.read(house, github, facts)
    facts = alert_pulls.read(house, subject, github, facts)
    into = environment_of(facts)
    if into is not None:
        facts = exceptions.read(house, facts, into)
        facts = hotfix.read(house, facts)
        facts = replace(facts, origins=deploying.origins(house, facts.promotion, into))
        facts = approvals.read(house, subject, github, facts, into)
        facts = evidence.known(house, subject, facts)
    return facts, decide_pull(facts)


def _proposed(house: House, snapshot: PullSnapshot) -> tuple[RulesError, ...] | None:
    """What is wrong with the rules as the pull request would leave them; None when it leaves them alone."""
    touched = {path for path in house.rules_paths if path in snapshot.pull.changed_files}
    if not touched and _same_rules(house, snapshot):
        return None
    there = {
        path: found.data
        for path in house.rules_paths
        if isinstance(found := snapshot.head_files.get(path), RepositoryFile) and found.is_regular
    }
    return house.load_policy(there, snapshot.pull.head_sha).errors


def _same_rules(house: House, snapshot: PullSnapshot) -> bool:
    """Whether nothing was read that says otherwise, when the file list is not complete."""
    return snapshot.pull.files_complete or all(
        _oid(snapshot.base_files.get(path)) == _oid(snapshot.head_files.get(path))
        for path in house.rules_paths
    )


def _oid(found: RepositoryFile | Unknown | None) -> str | None:
    return found.oid if isinstance(found, RepositoryFile) else None
