"""The record of a deployment while its pull request is open, and its first step after the merge (row P6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.decide.content import Problem, images_now
from bot.decide.deploying import watched
from bot.model.deployment import Deployment, DeploymentKind, DeploymentState, Move, Transition
from bot.model.facts import Actor, RepositoryFile, Unknown
from bot.model.image import ComponentTag
from bot.model.policy import Environment, Policy
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind
from bot.model.subject import Subject, deployment
from bot.model.verdict import Outcome, Verdict
from bot.run.deploying import consequence
from bot.run.house import House, note

_S = DeploymentState
UNMERGED = (_S.OPENED, _S.APPROVED)
FOLLOWED = "followed"
"""Under which it is kept that what follows from a deployment's end was done."""


def opened(
    house: House,
    promotion: Promotion,
    environment: Environment,
    base_files: Mapping[str, RepositoryFile | Unknown],
    *,
    kind: DeploymentKind = DeploymentKind.PROMOTION,
    reverts: int | None = None,
) -> None:
    """Records what a pull request is going to change, by the base's values files, or renews that."""
    now = house.clock()
    house.store.deployments.opened(
        Deployment(
            installation_id=promotion.installation_id,
            config_repository_id=promotion.config_repository_id,
            environment=promotion.environment,
            source=promotion.source,
            pull_number=promotion.pull_number,
            kind=kind,
            components=moves(environment, promotion.components, base_files),
            release_ids=promotion.release_ids,
            state=_S.OPENED,
            since=now,
            transitions=(Transition(state=_S.OPENED, at=now, why=f"#{promotion.pull_number} was opened"),),
            reverts=reverts,
        )
    )


def moves(
    environment: Environment,
    components: Mapping[str, ComponentTag],
    base_files: Mapping[str, RepositoryFile | Unknown],
) -> Mapping[str, Move]:
    """Each component's step from what the values files have; what cannot be read there has no `before`."""
    found = images_now(environment, tuple(components), base_files)
    before = {} if isinstance(found, Problem) else found
    return {
        name: Move(
            before=before[name].digest if name in before else None,
            before_tag=before[name].tag if name in before else None,
            after=tag,
        )
        for name, tag in components.items()
    }


def approved(house: House, repository_id: int, number: int, verdict: Verdict | None) -> None:
    """Follows the approvals: given, or lost again. Where nobody's yes is demanded it stays `opened`."""
    if verdict is None or verdict.outcome is Outcome.SKIP:
        return
    there = house.store.deployments.by_pull(repository_id, number)
    if there is None or there.state not in UNMERGED:
        return
    to = _S.APPROVED if verdict.outcome is Outcome.PASS else _S.OPENED
    if there.state is not to:
        house.store.deployments.move(there, to, house.clock(), verdict.headline)


def closed(house: House, subject: Subject) -> None:
    """Its pull request was closed without a merge."""
    there = house.store.deployments.by_pull(subject.repository, subject.number)
    if there is not None and there.state in UNMERGED:
        why = f"#{there.pull_number} was closed without a merge"
        house.store.deployments.move(there, _S.CLOSED, house.clock(), why)


def merged(
    house: House,
    subject: Subject,
    promotion: Promotion,
    policy: Policy | None,
    merge_sha: str | None,
    merged_at: datetime | None,
    merged_by: Actor | None,
) -> None:
    """From the merge on it is looked at for itself; where the rules name nothing to watch, it is live at once."""
    if promotion.kind is PromotionKind.ALERTS:
        return  # alert rules run nowhere: no image, no application, nothing to watch
    there = _recorded(house, promotion)
    if there.state is _S.CLOSED:
        house.store.deployments.move(there, _S.OPENED, house.clock(), "it was opened again")
        there = _recorded(house, promotion)
    now = house.clock()
    if there.state in UNMERGED:
        why = f"#{there.pull_number} was merged" + (f" by {merged_by.login}" if merged_by else "")
        sha, at = merge_sha or promotion.head_sha, merged_at or now
        with house.store.together():
            note(
                house, subject, "deployment", "done", why, pull_number=there.pull_number, head_sha=sha,
                details={"environment": there.environment, "state": _S.MERGED.value},
                once=f"deployment {there.id} merged {sha}",
            )  # fmt: skip
            house.store.deployments.move(there, _S.MERGED, now, why, merge_sha=sha, merged_at=at)
        there = _recorded(house, promotion)
    environment = policy.environment(there.environment) if policy else None
    unwatched = environment is not None and not watched(environment, there)
    # Said again in each look: a worker may have died between the merge on record and what follows from it.
    if there.underway:
        consequence.going_back(house, there)
    if there.underway and unwatched:
        why = "nothing is watched here: the rules name neither `argocd` nor `verify` for what it brings"
        with house.store.together():
            note(
                house, subject, "deployment", "done", why, pull_number=there.pull_number, head_sha=there.merge_sha,
                details={"environment": there.environment, "state": _S.LIVE.value, "was": there.state.value},
            )  # fmt: skip
            house.store.deployments.move(there, _S.LIVE, now, why)
            if policy is not None:
                # What was opened meanwhile waits for it: a merge's push event may be worked on before this look.
                consequence.wake_following(house, subject, policy, there)
        there = _recorded(house, promotion)
    unfollowed = (
        there.state is _S.LIVE and FOLLOWED not in there.progress and _is_followed(environment, there)
    )
    if not there.underway and not unfollowed:
        return
    wake(house.store, deployment(subject.installation_id, there.config_repository_id, there.pull_number))


def _is_followed(environment: Environment | None, there: Deployment) -> bool:
    """Whether anything follows from being live where nothing is watched: a rollback's end, a row of the release log."""
    logged = environment is not None and environment.verify.release_log != "off"
    return there.kind is DeploymentKind.ROLLBACK or logged


def _recorded(house: House, promotion: Promotion) -> Deployment:
    """The record; made now for a rollback, and for a promotion that was opened before there were any."""
    key = (promotion.config_repository_id, promotion.pull_number)
    there = house.store.deployments.by_pull(*key)
    if there is None:
        back = house.store.rollbacks.by_pull(*key) if promotion.kind is PromotionKind.ROLLBACK else None
        before = back.before if back else {}
        house.store.deployments.opened(
            Deployment(
                installation_id=promotion.installation_id,
                config_repository_id=promotion.config_repository_id,
                environment=promotion.environment,
                source=promotion.source,
                pull_number=promotion.pull_number,
                kind=DeploymentKind(promotion.kind.value),
                components={
                    name: Move(
                        before=before[name].digest if name in before else None,
                        before_tag=before[name].tag if name in before else None,
                        after=tag,
                    )
                    for name, tag in promotion.components.items()
                },
                release_ids=promotion.release_ids,
                state=_S.OPENED,
                since=promotion.opened_at,
                reverts=back.undoes if back else None,
            )
        )
        there = house.store.deployments.by_pull(*key)
    if there is None:
        raise RuntimeError("a deployment that was recorded is not there")
    return there


def origins(house: House, promotion: Promotion | None, into: Environment) -> tuple[Deployment, ...]:
    """The deployments that brought what is promoted to the environment it comes from, the newest for each component.

    A rollback comes from nowhere. What is not on record came there by hand, or before there were any records.
    """
    if promotion is None or into.comes_from is None or promotion.kind is PromotionKind.ROLLBACK:
        return ()
    there = house.store.deployments.of(promotion.config_repository_id, into.comes_from)
    found: dict[int, Deployment] = {}
    for name, tag in promotion.components.items():
        bringing = (each for each in there if each.merged_at and each.digests.get(name) == tag.digest)
        newest = next(bringing, None)
        if newest is not None and newest.state is not _S.SUPERSEDED:
            found[newest.pull_number] = newest
    return tuple(found[number] for number in sorted(found))


def wake_awaiting(house: House, installation_id: int, run_ids: Collection[int]) -> None:
    """Looks again at what waits for one of these workflow runs."""
    if not run_ids:
        return
    for config in house.store.repositories.config_of(installation_id):
        for each in house.store.deployments.underway(config.id):
            if any(part.run_id in run_ids for part in each.progress.values()):
                wake(house.store, deployment(installation_id, config.id, each.pull_number))


def wake_underway(house: House, subject: Subject, only: Sequence[int] | None = None) -> None:
    """Looks again at everything of a config repository that is merged and not proven."""
    for each in house.store.deployments.underway(subject.repository):
        if only is None or each.pull_number in only:
            wake(
                house.store,
                deployment(subject.installation_id, each.config_repository_id, each.pull_number),
            )
