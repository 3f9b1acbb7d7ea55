"""The rules as a rollback's pull request meets them: the environment's merge rules, without what only a step forward
must prove.

What it goes back to ran there before and passed the gates then; tests, coverage, findings, SLO and error budget would
hold it exactly when it is needed. What stays: the required checks of the config repository, guards, whether the digest
still exists in the registry (`image`), approvals (`rollback.approvals`, where given), a person's hold.
A freeze keeps changes out, not the way back: a rollback is exempt, and its body says so. One that was opened by itself
needs a person's yes from the moment on that the rules take `rollback.automatic` back.
"""

from __future__ import annotations

from dataclasses import replace

from bot.decide.hotfix import as_hotfix
from bot.model.policy import Environment, MergeRule, Policy
from bot.model.policy_gates import Gates
from bot.model.release import Promotion, PromotionKind


def rules_for(policy: Policy | None, promotion: Promotion | None) -> Policy | None:
    """The policy that a pull request is judged by."""
    if policy is None or promotion is None or promotion.kind is PromotionKind.PROMOTION:
        return policy
    if promotion.kind is PromotionKind.ALERTS:
        return _with_alerts(policy, promotion)
    if promotion.kind is PromotionKind.HOTFIX:
        return replace(
            policy,
            environments=tuple(
                as_hotfix(each) if each.name == promotion.environment else each
                for each in policy.environments
            ),
        )
    environments = tuple(
        _going_back(each, promotion) if each.name == promotion.environment else each
        for each in policy.environments
    )
    return replace(policy, environments=environments, freeze=())


def switched_off(environment: Environment, promotion: Promotion | None) -> bool:
    """Whether it is a rollback that nobody asked for, where none may happen by itself any more (rows G4, G5)."""
    if promotion is None or promotion.kind is not PromotionKind.ROLLBACK:
        return False
    return promotion.requested_by_id is None and not environment.rollback.automatic


def _with_alerts(policy: Policy, promotion: Promotion) -> Policy:
    """A bundle of alert rules moves no image, so no gate about images, releases or their environment is asked; drift
    and probes hold it instead, beside approvals, required checks, holds and freezes."""
    environments = tuple(
        replace(each, gates=Gates(image=None, source=None), soak=None)
        if each.name == promotion.environment
        else each
        for each in policy.environments
    )
    return replace(policy, environments=environments)


def _going_back(environment: Environment, promotion: Promotion) -> Environment:
    approvals = environment.rollback.approvals
    by_people = environment.merge is MergeRule.AUTO and switched_off(environment, promotion)
    return replace(
        environment,
        merge=MergeRule.APPROVED if by_people else environment.merge,
        gates=Gates(image=environment.gates.image, source=None),
        soak=None,
        approvals=environment.approvals if approvals is None else approvals,
    )
