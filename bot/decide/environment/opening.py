"""No pull request is open: open one, mend what a crash left, or leave a stranger's branch alone."""

from __future__ import annotations

from bot.decide import names, wording
from bot.decide.content import Content
from bot.decide.environment.facts import EnvironmentDecision, EnvironmentFacts, branch_of
from bot.decide.environment.ownership import holds, ours_before, written_by_us
from bot.decide.environment.told import labels, nothing_to_do, telling_of
from bot.decide.targets import Targets
from bot.model.action import Action, DeleteBranch, OpenPull
from bot.model.snapshot import Branch


def without_pull(facts: EnvironmentFacts, targets: Targets, content: Content) -> EnvironmentDecision:
    branch = facts.snapshot.branches.get(branch_of(facts))
    if not targets.targets or not content.files:
        cleaning = leftover(facts, branch)
        return EnvironmentDecision(headline=nothing_to_do(facts, targets), actions=cleaning, targets=targets)
    before: tuple[Action, ...] = ()
    branch_sha: str | None = None
    if branch is not None:
        ours, on_base = written_by_us(facts, branch), facts.snapshot.base_sha in branch.head.parents
        if ours and on_base and holds(facts, content):
            branch_sha = branch.head.sha
        elif branch.head.sha == facts.snapshot.base_sha or ours_before(facts, branch) or ours:
            before = (deletion(branch, "a branch of Lockstep's without a pull request is made anew"),)
        else:
            return EnvironmentDecision(headline=_stranger(facts, branch), refused=True, targets=targets)
    telling = telling_of(facts, targets, content)
    head = wording.title("Promote", content.moves, facts.environment.name)
    opening = OpenPull(
        because=head,
        branch=branch_of(facts),
        branch_sha=branch_sha,
        base_ref=facts.snapshot.repository.default_branch,
        base_sha=facts.snapshot.base_sha,
        files=content.files,
        message=wording.commit_message(telling),
        title=head,
        body=wording.body(telling),
        labels=labels(facts),
        checks=(names.summary_check(facts.snapshot.repository.default_branch),),
    )
    return EnvironmentDecision(headline=head, actions=(*before, opening), targets=targets)


def leftover(facts: EnvironmentFacts, branch: Branch | None) -> tuple[Action, ...]:
    if branch is None or not ours_before(facts, branch):
        return ()
    return (deletion(branch, "nothing is promoted from it any more"),)


def deletion(branch: Branch, because: str) -> DeleteBranch:
    return DeleteBranch(because=because, branch=branch.name, expected_head=branch.head.sha)


def _stranger(facts: EnvironmentFacts, branch: Branch) -> str:
    return (
        f"The branch {branch.name} exists at {branch.head.sha[:7]} and was not written by Lockstep, so it is left "
        f"alone and nothing is proposed for {facts.environment.name}. Delete or rename it, then comment "
        f"`/promote {facts.environment.name}`."
    )
