"""Doing what was decided for one source: the pull request, its record, and what its author is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide import names
from bot.decide.environment import (
    EnvironmentDecision,
    EnvironmentFacts,
    branch_of,
    decide_environment,
)
from bot.model.action import CheckRun, CommentOnCommit, OpenPull, Receipt, RewritePull
from bot.model.deployment import DeploymentKind
from bot.model.policy import Environment, Policy, Source
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState, Request
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject, pull
from bot.run import deploying, hotfix
from bot.run.acts import Cause, carry_out
from bot.run.environment.facts import facts_of
from bot.run.house import House, note_news, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What became of one source's proposal, in words where there is anything to say."""

    headline: str | None
    settled: bool = False
    """Whether nothing was done and nothing stood in the way. What was done is shown by the next look, and what could
    not be read may be readable then."""


def propose(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    source: Source,
    snapshot: EnvironmentSnapshot,
    requests: tuple[Request, ...],
    kind: PromotionKind = PromotionKind.PROMOTION,
) -> Proposed:
    """Does what was decided for one source."""
    facts = facts_of(house, subject, github, policy, environment, source, snapshot, requests, kind)
    if facts is None:
        lacking = f"{source.repository} is not a repository of this installation; install the App there."
        return Proposed(headline=lacking)
    decision = decide_environment(facts)
    asked = requests[-1] if requests else None
    cause = Cause(
        subject=subject,
        actor_id=asked.actor_id if asked else None,
        actor_login=asked.actor_login if asked else None,
    )
    trouble = decision.headline if decision.refused else ""
    apart = kind is PromotionKind.HOTFIX
    way = "hotfix" if apart else "proposal"
    if note_news(
        house, subject, "hotfix" if apart else "proposal", "refused", trouble,
        about=f"{way} from {source.name}", details={"source": source.name},
    ):  # fmt: skip
        _tell_author(house, cause, facts, trouble)
    _note_vetoed(house, subject, facts, decision)
    if decision.adopts is not None:
        _record(house, subject, facts, decision, decision.adopts, _open_number(facts))
        wake(house.store, pull(subject.installation_id, snapshot.repository.id, _open_number(facts)))

    def keep(receipts: Sequence[Receipt]) -> None:
        _recorded(house, subject, facts, decision, receipts)

    receipts = carry_out(house, cause, snapshot.repository, decision.actions, keep)
    opened = _number(receipts)
    if opened is not None:
        wake(house.store, pull(subject.installation_id, snapshot.repository.id, opened))
        return Proposed(headline=f"#{opened}: {decision.headline}")
    quiet = not decision.actions and not decision.refused and not requests
    settled = not decision.actions and not decision.refused
    return Proposed(headline=None if quiet else decision.headline, settled=settled)


@whole
def _note_vetoed(
    house: House, subject: Subject, facts: EnvironmentFacts, decision: EnvironmentDecision
) -> None:
    """That a vetoed digest was offered again is on record, once (attack case 87)."""
    way = "hotfix veto" if facts.kind is PromotionKind.HOTFIX else "veto"
    note_news(
        house, subject, "vetoed", "refused", "; ".join(decision.vetoed.values()),
        about=f"{way} on {facts.source.name}", details={"source": facts.source.name},
    )  # fmt: skip


def _tell_author(house: House, cause: Cause, facts: EnvironmentFacts, trouble: str) -> None:
    """A release that cannot be proposed is told where its author looks: on the commit it was built from."""
    app = house.store.repositories.named(cause.subject.installation_id, facts.source.repository)
    if app is None or not facts.pending:
        return
    newest = max(facts.pending, key=lambda release: release.order)
    check = CheckRun(
        name=names.RELEASE_CHECK,
        head_sha=newest.head_sha,
        status="completed",
        conclusion="failure",
        title=f"Not proposed for {facts.environment.name}: {trouble}"[:250],
        summary=f"The release {newest.id} was accepted, but not proposed for {facts.environment.name}: {trouble}",
    )
    telling = CommentOnCommit(because=trouble, repository=app.full_name, check=check)
    carry_out(house, cause, app, [telling])


def _recorded(
    house: House,
    subject: Subject,
    facts: EnvironmentFacts,
    decision: EnvironmentDecision,
    receipts: Sequence[Receipt],
) -> None:
    """Puts on record what was opened or rewritten."""
    written = next((each for each in receipts if isinstance(each.action, OpenPull | RewritePull)), None)
    if written is not None:
        _record(
            house, subject, facts, decision, str(written.result["head_sha"]), int(written.result["number"])
        )


def _number(receipts: Sequence[Receipt]) -> int | None:
    """The number of the pull request that was opened or rewritten."""
    found = (each for each in receipts if isinstance(each.action, OpenPull | RewritePull))
    return next((int(each.result["number"]) for each in found), None)


@whole
def _record(
    house: House,
    subject: Subject,
    facts: EnvironmentFacts,
    decision: EnvironmentDecision,
    head_sha: str,
    number: int,
) -> None:
    asked = facts.requests[-1] if facts.requests else None
    before = facts.record
    promotion = Promotion(
        installation_id=subject.installation_id,
        config_repository_id=facts.snapshot.repository.id,
        environment=facts.environment.name,
        source=facts.source.name,
        pull_number=number,
        branch=branch_of(facts),
        head_sha=head_sha,
        components=dict(decision.targets.tags),
        scope=decision.scope,
        release_ids=tuple(release.id for release in decision.targets.releases),
        requested_by_id=asked.actor_id if asked else (before.requested_by_id if before else None),
        requested_by_login=asked.actor_login if asked else (before.requested_by_login if before else None),
        state=PromotionState.OPEN,
        opened_at=before.opened_at if before else house.clock(),
        kind=facts.kind,
    )
    if facts.kind is PromotionKind.HOTFIX:
        hotfix.opened(house, subject, facts, promotion)
    kind = DeploymentKind(facts.kind.value)
    deploying.opened(house, promotion, facts.environment, facts.snapshot.files, kind=kind)
    house.store.promotions.opened(promotion)


def _open_number(facts: EnvironmentFacts) -> int:
    return facts.snapshot.pulls[branch_of(facts)].number
