"""Pull requests that change the rules file or CODEOWNERS: the base branch's owners of those files decide (row R8).

Everything is judged by the files of the base branch, so that nobody changes the rules in their own favour (attack
case 43). Lockstep never merges such a change; the check run holds it until its owners have approved.
"""

from __future__ import annotations

from bot.decide.approvals import Demand, Evaluation, content_identity, evaluate_approvals
from bot.decide.pull.facts import PullFacts
from bot.decide.text import code
from bot.model.approval_facts import RequiredOwners
from bot.model.facts import Unknown
from bot.model.policy_gates import Approval
from bot.model.verdict import Outcome, Verdict, Waiting

RULES = "(rules)"
"""Stands where an environment's name would: no environment can be called that."""


def judge(facts: PullFacts) -> Evaluation | None:
    """Whether the owners of the touched files have approved; None when none is touched or nobody's voice was read."""
    if not facts.guarded or facts.voices is None:
        return None
    head = {
        path: None if isinstance(file, Unknown) and file.absent else file
        for path, file in facts.snapshot.head_files.items()
    }
    identity = content_identity(facts.snapshot.pull.base_ref, {}, facts.guarded, head, ())
    return evaluate_approvals(demand(facts), facts.voices, identity)


def demand(facts: PullFacts) -> Demand:
    """An owner of each file by CODEOWNERS of the base; for files that it gives to nobody, one of each role that the
    rules name under `owners`, and an admin where they name none."""
    policy, owners = facts.policy, facts.owners
    known = owners if isinstance(owners, RequiredOwners) else RequiredOwners(file="")
    covered = {each.path for each in known.paths} | {each.path for each in known.unresolved}
    open_ = any(path not in covered for path in facts.guarded)
    roles = policy.owners if policy is not None else ()
    return Demand(
        environment=RULES,
        approvals=tuple(Approval(role=role) for role in roles) if open_ else (),
        roles=policy.roles if policy is not None else {},
        owners=owners,
        admin=open_ and not roles,
    )


def verdicts(facts: PullFacts, found: Evaluation | None) -> tuple[Verdict, ...]:
    """The owners' answer, for a pull request that is no promotion."""
    if not facts.guarded:
        return ()
    if found is None:
        headline = f"Cannot tell who has approved the change of {_files(facts)}"
        return (Verdict(gate="approvals", outcome=Outcome.UNKNOWN, headline=headline),)
    verdict = found.verdict
    reason = (
        f"Changes {_files(facts)}. Whoever owns that on {code(facts.snapshot.pull.base_ref)} decides, by an approving "
        "review; a person merges it."
    )
    return (
        Verdict(
            gate=verdict.gate,
            outcome=verdict.outcome,
            headline=verdict.headline,
            reasons=(reason, *verdict.reasons),
            evidence=verdict.evidence,
            waiting=Waiting.PERSON,
        ),
    )


def inside_a_promotion(facts: PullFacts) -> tuple[Verdict, ...]:
    """A promotion changes images and nothing else: rules that travel along hold it, whoever approves."""
    if not facts.guarded:
        return ()
    headline = f"This promotion also changes {_files(facts)}, which only a pull request of its own may"
    return (Verdict(gate="rules", outcome=Outcome.BLOCK, headline=headline),)


def _files(facts: PullFacts) -> str:
    return ", ".join(code(path) for path in facts.guarded)
