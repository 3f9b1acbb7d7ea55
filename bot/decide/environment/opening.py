"""No pull request is open: open one, mend what a crash left, or leave a stranger's branch alone."""

from __future__ import annotations

from bot.decide import wording
from bot.decide.content import Content
from bot.decide.environment.facts import EnvironmentDecision, EnvironmentFacts, branch_of
from bot.decide.environment.ownership import holds, ours_before
from bot.decide.environment.selection import moving
from bot.decide.environment.told import labels, nothing_to_do, telling_of
from bot.decide.opening import Proposal, deletion, opening
from bot.decide.targets import Targets
from bot.model.action import Action
from bot.model.snapshot import Branch


def without_pull(facts: EnvironmentFacts, targets: Targets, content: Content) -> EnvironmentDecision:
    branch = facts.snapshot.branches.get(branch_of(facts))
    if not targets.targets or not content.files:
        cleaning = leftover(facts, branch)
        return EnvironmentDecision(headline=nothing_to_do(facts, targets), actions=cleaning, targets=targets)
    targets = moving(facts, targets)
    telling = telling_of(facts, targets, content)
    head = wording.title(telling.verb, content.moves, facts.environment.name)
    proposal = Proposal(
        branch=branch_of(facts),
        because=head,
        title=head,
        body=wording.body(telling),
        message=wording.commit_message(telling),
        files=content.files,
        labels=labels(facts),
    )
    actions = opening(
        facts.snapshot,
        proposal,
        bot_id=facts.bot_id,
        holds=branch is not None and holds(facts, content),
        ours_before=branch is not None and ours_before(facts, branch),
    )
    if actions is None:
        return EnvironmentDecision(headline=_stranger(facts, branch), refused=True, targets=targets)
    return EnvironmentDecision(headline=head, actions=actions, targets=targets)


def leftover(facts: EnvironmentFacts, branch: Branch | None) -> tuple[Action, ...]:
    if branch is None or not ours_before(facts, branch):
        return ()
    return (deletion(branch, "nothing is promoted from it any more"),)


def _stranger(facts: EnvironmentFacts, branch: Branch | None) -> str:
    where = f"{branch.name} exists at {branch.head.sha[:7]}" if branch else f"{branch_of(facts)} exists"
    return (
        f"The branch {where} and was not written by Lockstep, so it is left "
        f"alone and nothing is proposed for {facts.environment.name}. Delete or rename it, then comment "
        f"`/promote {facts.environment.name}`."
    )
