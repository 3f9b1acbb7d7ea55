"""The environment's look at its rollbacks: opens, renews or closes their pull requests, and says why not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bot.decide import names
from bot.decide.content import Problem, images_now
from bot.decide.rollback import Bump, Lock, Plan, Refused, RollbackFacts, chosen, locked, plan
from bot.decide.rollback.choosing import in_the_way
from bot.decide.rollback.wording import answer as opened_answer
from bot.model.action import Action, ClosePull, DeleteBranch, OpenPull, RewritePull
from bot.model.facts import Mergeable, RepositoryFile
from bot.model.image import ComponentTag
from bot.model.policy import Environment, Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState, Release
from bot.model.rollback import RollbackRecord, RollbackState
from bot.model.snapshot import Branch, EnvironmentSnapshot
from bot.model.subject import Subject, pull
from bot.run.acts import Cause, carry_out
from bot.run.answering import answered
from bot.run.house import House, is_news, note
from bot.run.identity import app_of
from bot.run.rollback.keeping import keep_back

PASSING = frozenset({"cooldown", "open_already", "breaker"})
"""Locks that open by themselves: an alert that goes on is asked about again."""
AT_ONCE = 5
"""Rollbacks whose branches one question asks for."""
SAID = 20
"""Headlines of one look."""
LOOKED_BACK = 50
"""Promotions of each source among which the last good release is looked for."""


def branches(house: House, repository_id: int, environment: str) -> tuple[str, ...]:
    """The branches that rollbacks of an environment have, or are about to have; at most `AT_ONCE` of either."""
    pending = house.store.rollbacks.pending(repository_id, environment)
    standing = [each for each in pending if each.state is RollbackState.OPEN][:AT_ONCE]
    coming = [each for each in pending if each.state is RollbackState.ASKED][:AT_ONCE]
    return tuple(names.rollback_branch(environment, each.id) for each in (*standing, *coming))


def look(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    read: Collection[str],
) -> list[str]:
    """Deals with every pending rollback, oldest first; a headline for each about which something was done.

    `read` are the branches that the snapshot was asked for: a rollback that may go ahead and is not among them waits
    for the next look, so that hundreds of alerts at once need no question about hundreds of branches (attack case 89).
    """
    said: list[str] = []
    facts: RollbackFacts | None = None
    for record in house.store.rollbacks.pending(snapshot.repository.id, environment.name):
        facts = facts or _facts(house, subject, policy, environment, snapshot, record)
        mine = replace(facts, record=record)
        if record.state is RollbackState.OPEN:
            headline = _renew(house, subject, github, mine)
        else:
            headline = _open(house, subject, github, mine, read)
        said += [headline] if headline else []
        if headline.startswith("#"):
            facts = None  # something was opened, which the next one must know
    return said[:SAID]


def _facts(
    house: House,
    subject: Subject,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    record: RollbackRecord,
) -> RollbackFacts:
    config = snapshot.repository.id
    landed = [
        each
        for source in policy.sources
        for each in house.store.promotions.of(config, environment.name, source.name, limit=LOOKED_BACK)
        if each.state is PromotionState.MERGED
    ]
    landed.sort(
        key=lambda each: (each.closed_at or datetime.min.replace(tzinfo=UTC), each.pull_number), reverse=True
    )
    return RollbackFacts(
        policy=policy,
        environment=environment,
        record=record,
        snapshot=snapshot,
        landed=tuple(landed),
        rollbacks=house.store.rollbacks.of(config, environment.name),
        vetoes=house.store.vetoes.active(config),
        known={},
        now=house.clock(),
        web_url=house.web_url,
    )


def _open(house: House, subject: Subject, github: GitHub, facts: RollbackFacts, read: Collection[str]) -> str:
    branch = names.rollback_branch(facts.environment.name, facts.record.id)
    found = _planned(house, subject, github, facts, known=branch in read)
    if found is None:
        wake(house.store, subject)
        return ""
    if isinstance(found, Lock):
        return _locked(house, subject, facts.record, found)
    if isinstance(found, Refused):
        return _refused(house, subject, github, facts.record, found)
    standing = facts.snapshot.pulls.get(branch)
    there = facts.snapshot.branches.get(branch)
    if standing is not None and standing.author.id == github.bot_id and _holds(facts, branch, found):
        # A crash left it off the record.
        return _recorded(house, subject, github, facts, found, standing.number, standing.head_sha)
    if there is not None and not _ours(there, github.bot_id):
        why = f"The branch {branch} exists and was not written by Lockstep. Delete it, then ask again."
        return _refused(house, subject, github, facts.record, Refused(code="stranger", why=why))
    before: list[Action] = []
    branch_sha = None
    if there is not None:
        if facts.snapshot.base_sha in there.head.parents and _holds(facts, branch, found):
            branch_sha = there.head.sha
        else:
            why = "a branch of Lockstep's without a pull request is made anew"
            before = [DeleteBranch(because=why, branch=branch, expected_head=there.head.sha)]
    base = facts.snapshot.repository.default_branch
    opening = OpenPull(
        because=f"{found.title}: {facts.record.ask.reason}",
        branch=branch,
        branch_sha=branch_sha,
        base_ref=base,
        base_sha=facts.snapshot.base_sha,
        files=found.content.files,
        message=found.message,
        title=found.title,
        body=found.body,
        labels=(names.ROLLBACK_LABEL, names.environment_label(facts.environment.name)),
        checks=(names.summary_check(base),),
    )
    cause = _cause(subject, facts.record)
    receipts = carry_out(house, cause, facts.snapshot.repository, [*before, opening])
    made = receipts[-1].result
    return _recorded(house, subject, github, facts, found, int(made["number"]), str(made["head_sha"]))


def _planned(
    house: House, subject: Subject, github: GitHub, facts: RollbackFacts, *, known: bool
) -> Plan | Refused | Lock | None:
    """The plan for what was asked, once nothing stands in the way; None when its branch was not read. GitHub is asked
    last."""
    promotion = chosen(facts)
    if isinstance(promotion, Refused):
        return promotion
    held = locked(facts, promotion)
    if held is not None:
        return held
    refused = None if facts.record.ask.automatic else in_the_way(facts, promotion)
    if refused is not None:
        return refused
    return _plan(house, subject, github, facts, promotion) if known else None


def _plan(
    house: House, subject: Subject, github: GitHub, facts: RollbackFacts, promotion: Promotion
) -> Plan | Refused:
    bump = _bump(github, facts, promotion)
    if isinstance(bump, Refused):
        return bump
    known = _known(house, subject, facts, bump)
    return plan(replace(facts, known=known), bump)


def _bump(github: GitHub, facts: RollbackFacts, promotion: Promotion) -> Bump | Refused:
    """What the promotion's one commit changed, by Git."""
    repository, number = facts.snapshot.repository, promotion.pull_number
    seen = github.pull(repository.id, number, files=())
    if seen is None or seen.pull.merge_sha is None or not seen.head.parents:
        return Refused(code="unreadable", why=f"GitHub does not tell which commit #{number} became.")
    paths = sorted({each.file for each in facts.environment.values})
    files = github.files(repository.full_name, seen.head.parents[0], paths)
    before = images_now(facts.environment, tuple(promotion.components), files)
    return Bump(
        promotion=promotion,
        merge_sha=seen.pull.merge_sha,
        before={} if isinstance(before, Problem) else before,
    )


def _known(house: House, subject: Subject, facts: RollbackFacts, bump: Bump) -> Mapping[str, Release]:
    source = facts.policy.source(bump.promotion.source)
    app = app_of(house, subject.installation_id, facts.snapshot.repository.id, source) if source else None
    if source is None or app is None:
        return {}
    running = images_now(facts.environment, tuple(source.components), facts.snapshot.files)
    images = [*bump.before.values(), *(running.values() if not isinstance(running, Problem) else ())]
    digests = {each.digest for each in images if each.digest}
    digests |= {tag.digest for each in facts.landed for tag in each.components.values()}
    return house.store.releases.by_digest(app.id, digests)


def _renew(house: House, subject: Subject, github: GitHub, facts: RollbackFacts) -> str:
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
    found = _plan(house, subject, github, facts, undone)
    cause = _cause(subject, record)
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
    return _recorded(house, subject, github, facts, found, seen.number, head)


def _recorded(
    house: House,
    subject: Subject,
    github: GitHub,
    facts: RollbackFacts,
    found: Plan,
    number: int,
    head_sha: str,
) -> str:
    """Veto and hold first, then the records that make the pull request ours, then the answer."""
    record, repository = facts.record, facts.snapshot.repository
    keep_back(house, subject, record, found, number, github.bot_id)
    before = house.store.promotions.by_pull(repository.id, number)
    by = record.ask.by
    house.store.promotions.opened(
        Promotion(
            installation_id=subject.installation_id,
            config_repository_id=repository.id,
            environment=facts.environment.name,
            source=found.bump.promotion.source,
            pull_number=number,
            branch=names.rollback_branch(facts.environment.name, record.id),
            head_sha=head_sha,
            components=dict(found.after),
            release_ids=found.release_ids,
            requested_by_id=by.id if by else None,
            requested_by_login=by.login if by else None,
            state=PromotionState.OPEN,
            opened_at=before.opened_at if before else house.clock(),
            kind=PromotionKind.ROLLBACK,
        )
    )
    said = opened_answer(found.title, number)
    house.store.rollbacks.opened(
        record.id,
        pull_number=number,
        undoes=found.bump.promotion.pull_number,
        before=found.before,
        after=found.after,
        answer=found.title,
        at=record.opened_at or house.clock(),
    )
    if record.state is RollbackState.ASKED:
        _note(
            house,
            subject,
            record,
            "rollback",
            "done",
            said,
            {"lock": "", **_tags(found.before, found.after)},
            number,
        )
        left = "".join(f"\n- {each}." for each in found.left_out.values())
        _answer(house, subject, github, record, said + left)
    wake(house.store, pull(subject.installation_id, repository.id, number))
    return said


def _tags(before: Mapping[str, ComponentTag], after: Mapping[str, ComponentTag]) -> dict[str, str]:
    return {name: f"{before[name].digest} -> {tag.digest}" for name, tag in after.items() if name in before}


def _locked(house: House, subject: Subject, record: RollbackRecord, lock: Lock) -> str:
    """A locked door is a ledger row that names the lock (attack case 84)."""
    state = RollbackState.LOCKED if lock.name in PASSING else RollbackState.REFUSED
    if is_news(house, subject, f"rollback {record.id}", lock.name):
        _note(house, subject, record, "rollback_locked", "refused", lock.why, {"lock": lock.name}, None)
    house.store.rollbacks.settled(record.id, state, lock.why)
    return f"No automatic rollback: {lock.why}"


def _refused(house: House, subject: Subject, github: GitHub, record: RollbackRecord, refused: Refused) -> str:
    _note(house, subject, record, "rollback", "refused", refused.why, {"lock": refused.code}, None)
    house.store.rollbacks.settled(record.id, RollbackState.REFUSED, refused.why)
    _answer(house, subject, github, record, refused.why)
    return refused.why


def _answer(house: House, subject: Subject, github: GitHub, record: RollbackRecord, said: str) -> None:
    """Where it was asked; who asked at the command line reads the record."""
    ask = record.ask
    if ask.comment_id is None or ask.by is None or not ask.asked_on:
        return
    answered(
        house,
        _cause(subject, record),
        github,
        ask.config_repository_id,
        ask.asked_on,
        names.answer_marker(ask.comment_id, f"rollback {record.id}"),
        said,
        because=f"answers `/rollback` of {ask.by.login}",
    )


def _note(
    house: House,
    subject: Subject,
    record: RollbackRecord,
    event: str,
    decision: str,
    why: str,
    details: Mapping[str, str],
    number: int | None,
) -> None:
    ask = record.ask
    note(
        house, subject, event, decision, why,
        pull_number=number, actor_id=ask.by.id if ask.by else None, actor_login=ask.by.login if ask.by else None,
        details={
            "rollback": record.id, "trigger": ask.trigger, "alert": ask.alert or "",
            "components": ", ".join(ask.components), **details,
        },
    )  # fmt: skip


def _cause(subject: Subject, record: RollbackRecord) -> Cause:
    by = record.ask.by
    return Cause(subject=subject, actor_id=by.id if by else None, actor_login=by.login if by else None)


def _holds(facts: RollbackFacts, branch: str, found: Plan) -> bool:
    """Whether the branch holds exactly the wanted bytes in every values file of the environment."""
    there = facts.snapshot.branch_files.get(branch, {})
    for path in {each.file for each in facts.environment.values}:
        base, stands = facts.snapshot.files.get(path), there.get(path)
        wanted = found.content.files.get(path)
        if wanted is None and isinstance(base, RepositoryFile):
            wanted = base.data
        if not isinstance(stands, RepositoryFile) or stands.data != wanted:
            return False
    return True


def _ours(branch: Branch, bot_id: int) -> bool:
    """Whether its one commit is ours by GitHub's own signature (attack case 78)."""
    head = branch.head
    return head.verified and len(head.parents) == 1 and head.author is not None and head.author.id == bot_id
