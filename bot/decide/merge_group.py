"""May a merge group be merged? The verdicts of every pull request in it, and whether it holds what was promoted.

A merge queue puts several pull requests on top of each other and asks for checks on the commit that would become the
base branch. It holds up everybody behind while a check is open, so whatever is not a pass is a failure here.
https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.decide import checks
from bot.decide.content import Problem, images_now
from bot.decide.names import summary_check
from bot.decide.pull import PullDecision, PullFacts, environment_of
from bot.model.action import CheckRun, SetCheck
from bot.model.facts import PullState, RepositoryFile, Unknown
from bot.model.image import ComponentTag
from bot.model.policy import Environment, Policy
from bot.model.release import Promotion
from bot.model.snapshot import GroupMember, MergeGroup
from bot.model.verdict import Outcome, Verdict, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A pull request of the group as it stands now. `facts` and `decision` are None when it cannot be read."""

    member: GroupMember
    facts: PullFacts | None
    decision: PullDecision | None


def files_for(policy: Policy | None, promotions: Iterable[Promotion]) -> frozenset[str]:
    """The files whose content in the group must be known: the values files of the promotions' environments."""
    names = {each.environment for each in promotions}
    environments = policy.environments if policy else ()
    return frozenset(values.file for each in environments if each.name in names for values in each.values)


def decide_group(base_ref: str, group: MergeGroup, judged: Sequence[Judged]) -> tuple[SetCheck, ...]:
    """The check runs that the group's head commit lacks. `judged` are its members in order; the last is the one that
    this commit was built for, and the detail runs are its own.
    """
    own = judged[-1]
    verdicts = [verdict for each in judged[:-1] for verdict in _of_another(each, group)]
    verdicts += [*_own(own), *_content(own, group)]
    details = own.decision.shown if own.decision else ()
    wanted = [
        _settled(replace(check, head_sha=group.head_sha, actions=()))
        for check in details
        if check.name != summary_check(base_ref)
    ]
    wanted += [_settled(each) for each in checks.check_runs(base_ref, group.head_sha, verdicts, ())]
    because = (
        f"merge group of {', '.join(f'#{each.member.number}' for each in judged)}: {worst(verdicts).value}"
    )
    return checks.changes(wanted, group.own_checks, because)


def _settled(check: CheckRun) -> CheckRun:
    """Success, or failure at once: the queue holds up everybody behind it while a check is open."""
    if check.conclusion == "success":
        return check
    return replace(check, status="completed", conclusion="failure")


def _own(judged: Judged) -> tuple[Verdict, ...]:
    return (*_present(judged), *(judged.decision.verdicts if judged.decision else ()))


def _of_another(judged: Judged, group: MergeGroup) -> tuple[Verdict, ...]:
    """One line for a pull request that stands before ours in the queue."""
    name = f"#{judged.member.number}"
    found = (*_own(judged), *_content(judged, group))
    outcome = worst(found)
    if outcome is Outcome.PASS:
        return (Verdict(gate=name, outcome=outcome, headline=f"{name} stands before it and passes"),)
    deciding = next((each for each in found if each.outcome is outcome), None)
    why = deciding.headline if deciding else "nothing about it was evaluated"
    return (Verdict(gate=name, outcome=outcome, headline=f"{name} stands before it in the queue: {why}"),)


def _present(judged: Judged) -> tuple[Verdict, ...]:
    """What is judged must be what the group was made of: the same head, still open."""
    facts, name = judged.facts, f"#{judged.member.number}"
    if facts is None or judged.decision is None:
        return (_unknown(f"{name} could not be read"),)
    pull = facts.snapshot.pull
    if pull.state is not PullState.OPEN:
        return (_unknown(f"{name} is {pull.state.value}"),)
    if pull.head_sha != judged.member.head_sha:
        return (_unknown(f"{name} has moved to {pull.head_sha[:7]} since GitHub made this group"),)
    return ()


def _unknown(headline: str) -> Verdict:
    return Verdict(gate="merge group", outcome=Outcome.UNKNOWN, headline=headline)


def _content(judged: Judged, group: MergeGroup) -> tuple[Verdict, ...]:
    """Whether the group's commit holds exactly the images that the promotion brings, in the files it brings them to."""
    facts = judged.facts
    environment = environment_of(facts) if facts else None
    promotion = facts.promotion if facts else None
    if environment is None or promotion is None:
        return ()
    return (_holds(environment, promotion.components, group.files),)


def _holds(
    environment: Environment,
    components: Mapping[str, ComponentTag],
    files: Mapping[str, RepositoryFile | Unknown],
) -> Verdict:
    gate = "merge group"
    found = images_now(environment, tuple(components), files)
    if isinstance(found, Problem):
        return Verdict(gate=gate, outcome=Outcome.UNKNOWN, headline=found.message)
    others = [
        f"{name} {there.tag if there else 'nothing'} instead of {tag.tag} `{tag.digest}`"
        for name, tag in sorted(components.items())
        if (there := found.get(name)) is None or (there.tag, there.digest) != (tag.tag, tag.digest)
    ]
    if others:
        headline = (
            f"The merge group holds other images for {environment.name} than the promotion: {others[0]}"
        )
        return Verdict(gate=gate, outcome=Outcome.BLOCK, headline=headline, reasons=tuple(others))
    headline = f"The merge group holds what is promoted to {environment.name}"
    return Verdict(gate=gate, outcome=Outcome.PASS, headline=headline)
