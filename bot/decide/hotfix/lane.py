"""The way of a hotfix: where it enters, where it goes from there, and by which rules (row R7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.decide.release import branch_kind
from bot.model.policy import Concurrency, Environment, MergeRule, Policy, Source
from bot.model.release import Release


def takes_hotfixes(environment: Environment) -> bool:
    """Whether hotfixes have a way of their own into it; else they come as ordinary releases do."""
    return environment.hotfix.entrance or environment.hotfix.comes_from is not None


def as_hotfix(environment: Environment) -> Environment:
    """The environment as a hotfix meets it: it opens by itself, and is never merged without a person's yes.

    Where hotfixes enter, they come from no environment: nothing is there that they could have soaked in.
    """
    hotfix = environment.hotfix
    return replace(
        environment,
        comes_from=None if hotfix.entrance else hotfix.comes_from,
        auto_promote=True,
        merge=MergeRule.APPROVED if environment.merge is MergeRule.AUTO else environment.merge,
        soak=None if hotfix.entrance else environment.soak,
        approvals=environment.approvals if hotfix.approvals is None else hotfix.approvals,
    )


def goes_apart(policy: Policy, source: Source, release: Release) -> bool:
    """Whether a release of a hotfix branch stays out of the ordinary way, because hotfixes have an entrance."""
    apart = any(each.hotfix.entrance for each in policy.environments)
    return apart and branch_kind(source, release.branch) == "hotfix"


def concurrency(environment: Environment, held: Sequence[Release], newer: Sequence[Release]) -> Concurrency:
    """What a newer hotfix does to an open one. At the entrance it takes the place of what the same branch brought
    before, and waits for what another one brought, which might else get lost; behind it the newest of the environment
    before is right, for that could not be merged there without the fix before it."""
    if environment.comes_from is not None:
        return Concurrency.LATEST
    branches = {each.branch for each in held}
    same = bool(newer) and {each.branch for each in newer} <= branches
    return Concurrency.LATEST if same else environment.concurrency
