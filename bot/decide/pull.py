"""May this pull request be merged now, and why? Verdicts for each question, check runs, and the merge.

A promotion is judged only when it is ours by every mark that cannot be imitated: opened by our App, from a branch of
the same repository, on record, at the very commit that Lockstep wrote (attack case 78).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

from bot.decide import checks, names
from bot.decide.text import defang
from bot.model.action import Action, MergePull
from bot.model.facts import Check, CheckState, Mergeable, PullState, Unknown
from bot.model.policy import Environment, MergeRule, Policy, RulesError
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.verdict import Annotation, Outcome, Verdict, Waiting, worst

DETAILS = ("config",)
WRITING = timedelta(seconds=60)
"""Longer than writing a commit, opening its pull request and recording both takes, GitHub's pauses included."""
COMMITS_READ = 250
"""GitHub lists at most 250 commits of a pull request; more cannot be judged (attack case 24)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFacts:
    """All that the decision rests on."""

    snapshot: PullSnapshot
    policy: Policy | None
    """The rules of the base branch; None when they are invalid."""
    errors: tuple[RulesError, ...]
    """What is wrong with the rules of the base branch."""
    proposed_errors: tuple[RulesError, ...] | None
    """What is wrong with the rules as this pull request would leave them; None when it does not touch them."""
    promotion: Promotion | None
    bot_id: int
    refusal: str | None = None
    """GitHub's reason for refusing the merge of this very head onto this very base, when it was tried."""
    something_happened: bool = True
    """An event came in. After a refusal the merge is tried again then, and not by every sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDecision:
    """The verdicts and what follows from them."""

    verdicts: tuple[Verdict, ...]
    actions: tuple[Action, ...]
    rebuild: bool = False
    """The branch must be put on the present base before anything else; that is the environment's business."""


def decide_pull(facts: PullFacts) -> PullDecision:
    """The decision for an open pull request. For any other there is nothing to decide."""
    pull = facts.snapshot.pull
    if pull.state is not PullState.OPEN:
        return PullDecision(verdicts=(), actions=())
    environment = _environment(facts)
    judged = (_config(facts), *_questions(facts, environment))
    verdicts = (*judged, *_refusal(facts))
    wanted = checks.check_runs(pull.base_ref, pull.head_sha, verdicts, DETAILS)
    actions: list[Action] = list(checks.changes(wanted, facts.snapshot.own_checks, _because(verdicts)))
    may = environment is not None and environment.merge is MergeRule.AUTO and worst(judged) is Outcome.PASS
    if environment is not None and may and (facts.refusal is None or facts.something_happened):
        actions.append(_merge(facts, environment, judged))
    rebuild = environment is not None and (pull.behind or pull.mergeable is Mergeable.CONFLICTING)
    return PullDecision(verdicts=verdicts, actions=tuple(actions), rebuild=rebuild)


def _environment(facts: PullFacts) -> Environment | None:
    """The environment that a promotion of ours goes to; None for everybody else's pull requests."""
    promotion, policy = facts.promotion, facts.policy
    pull = facts.snapshot.pull
    if promotion is None or policy is None:
        return None
    ours = (
        pull.author.id == facts.bot_id
        and pull.head_repository_id == facts.snapshot.repository.id
        and pull.head_ref == promotion.branch
        and pull.base_ref == facts.snapshot.repository.default_branch
    )
    return policy.environment(promotion.environment) if ours else None


def _questions(facts: PullFacts, environment: Environment | None) -> tuple[Verdict, ...]:
    if environment is None:
        return (_not_a_promotion(facts),)
    found = [_size(facts), _content(facts), _required_checks(facts, environment), _mergeable(facts)]
    found += [_hold(facts), *_gates(environment, facts.promotion), *_approvals(environment)]
    return tuple(verdict for verdict in found if verdict is not None)


def opened_by_us(snapshot: PullSnapshot, bot_id: int) -> bool:
    """Whether our App opened it from a branch of this repository that has a promotion's name.

    Enough to look for its record, never enough to merge it.
    """
    pull = snapshot.pull
    ours = pull.author.id == bot_id and pull.head_repository_id == snapshot.repository.id
    return ours and pull.head_ref.startswith(names.BRANCH_PREFIX) and pull.head_ref.count("/") >= 2


def being_written(snapshot: PullSnapshot, promotion: Promotion | None, bot_id: int) -> bool:
    """Whether the environment's look is probably still at it: a fresh commit of ours that is not on record yet.

    Its webhook overtakes the record easily. Judging it now would show a failure for a moment, and post the check runs
    that the environment's look is about to post.
    """
    head, on_record = snapshot.head, promotion.head_sha if promotion else None
    made_by_us = head.verified and head.author is not None and head.author.id == bot_id
    fresh = head.committed_at is not None and snapshot.taken_at - head.committed_at < WRITING
    return opened_by_us(snapshot, bot_id) and on_record != head.sha and made_by_us and fresh


def _not_a_promotion(facts: PullFacts) -> Verdict:
    pull = facts.snapshot.pull
    if facts.promotion is None and opened_by_us(facts.snapshot, facts.bot_id):
        headline = "Lockstep opened this and is putting it on record"
        return Verdict(gate="promotion", outcome=Outcome.WAIT, headline=headline)
    imitates = pull.head_ref.startswith(names.BRANCH_PREFIX) or names.BUMP_LABEL in pull.labels
    if facts.promotion is not None or imitates:
        return Verdict(
            gate="promotion",
            outcome=Outcome.BLOCK,
            headline="This looks like a promotion, but Lockstep did not open it like this and will not merge it",
            reasons=(
                "A promotion is opened by Lockstep itself, from a branch of this repository, to its default branch.",
            ),
        )
    return Verdict(gate="promotion", outcome=Outcome.SKIP, headline="Not a promotion; nothing to hold it for")


def _config(facts: PullFacts) -> Verdict:
    """Are the rules readable, on the base branch and as this pull request would leave them (attack cases 43, 49)?"""
    if facts.proposed_errors:
        return _invalid(
            facts.proposed_errors,
            Outcome.BLOCK,
            "This pull request would leave the rules file invalid",
            annotate=True,
        )
    if facts.policy is None and facts.proposed_errors is None:
        return _invalid(
            facts.errors, Outcome.UNKNOWN, "The rules file of the default branch is invalid", annotate=False
        )
    if facts.proposed_errors is not None:
        return Verdict(
            gate="config",
            outcome=Outcome.PASS,
            headline="The rules file stays valid",
            reasons=("Until this is merged, the rules of the default branch are the ones that count.",),
        )
    return Verdict(gate="config", outcome=Outcome.PASS, headline="The rules file is valid")


def _invalid(errors: Sequence[RulesError], outcome: Outcome, headline: str, *, annotate: bool) -> Verdict:
    first = errors[0] if errors else None
    notes = tuple(
        Annotation(
            path=error.file,
            line=max(error.line, 1),
            column=error.column,
            title=error.key,
            message=error.message,
        )
        for error in errors
        if annotate
    )
    return Verdict(
        gate="config",
        outcome=outcome,
        headline=f"{headline}: {first}" if first else headline,
        reasons=tuple(str(error) for error in errors),
        annotations=notes,
    )


def _size(facts: PullFacts) -> Verdict | None:
    pull = facts.snapshot.pull
    if pull.files_complete and pull.commits < COMMITS_READ:
        return None
    return Verdict(
        gate="size",
        outcome=Outcome.BLOCK,
        headline="This pull request is too large to evaluate",
        reasons=(
            f"GitHub lists at most 3,000 files and {COMMITS_READ} commits; what is not listed cannot be judged.",
        ),
    )


def _content(facts: PullFacts) -> Verdict:
    pull, promotion = facts.snapshot.pull, facts.promotion
    if promotion is None or pull.head_sha != promotion.head_sha:
        return Verdict(
            gate="content",
            outcome=Outcome.BLOCK,
            headline=f"{pull.head_sha[:7]} was not written by Lockstep; a person decides about this pull request",
            reasons=("Close it and delete its branch to hand the promotion back to Lockstep.",),
        )
    count = len(promotion.components)
    return Verdict(
        gate="content",
        outcome=Outcome.PASS,
        headline=f"Changes nothing but the images of {count} component{'s' if count != 1 else ''}",
        reasons=tuple(
            f"{name} {tag.tag} `{tag.digest}`" for name, tag in sorted(promotion.components.items())
        ),
    )


def _required_checks(facts: PullFacts, environment: Environment) -> Verdict:
    """Other people's checks that the rules require, by name (row R4)."""
    found = facts.snapshot.checks
    gate = "required checks"
    if isinstance(found, Unknown):
        return Verdict(
            gate=gate, outcome=Outcome.UNKNOWN, headline=f"The checks could not be read: {found.why}"
        )
    # With none listed, CI is everything that reports; and green CI is demanded (row R4), so nothing is not green.
    wanted = environment.required_checks or tuple(sorted({check.name for check in found}))
    if not wanted:
        headline = f"Waits for CI: no check has reported, and {environment.name} lists no required_checks"
        return Verdict(gate=gate, outcome=Outcome.WAIT, headline=headline)
    failed = [name for name in wanted if _state(name, environment, found) is CheckState.FAILURE]
    pending = [name for name in wanted if _state(name, environment, found) is CheckState.PENDING]
    absent = [name for name in wanted if _state(name, environment, found) is None]
    if failed:
        return Verdict(gate=gate, outcome=Outcome.BLOCK, headline=f"{', '.join(failed)} failed")
    if pending or absent:
        reasons = [f"{name} is running" for name in pending] + [
            f"{name} has not reported yet" for name in absent
        ]
        return Verdict(
            gate=gate,
            outcome=Outcome.WAIT,
            headline=f"Waits for {', '.join(pending + absent)}",
            reasons=tuple(reasons),
        )
    return Verdict(gate=gate, outcome=Outcome.PASS, headline=f"{', '.join(wanted)} passed")


def _state(name: str, environment: Environment, found: Sequence[Check]) -> CheckState | None:
    """The worst state of all checks of that name: two apps may use one name, and one red is red.

    When the rules name the App that must have made it, checks of any other do not count (attack case 73).
    """
    app_id = environment.check_apps.get(name)
    states = {check.state for check in found if check.name == name and app_id in (None, check.app_id)}
    for state in (CheckState.FAILURE, CheckState.PENDING, CheckState.SUCCESS):
        if state in states:
            return state
    return None


def _mergeable(facts: PullFacts) -> Verdict | None:
    pull = facts.snapshot.pull
    if pull.draft:
        return Verdict(gate="merge", outcome=Outcome.WAIT, headline="Is a draft", waiting=Waiting.PERSON)
    if pull.mergeable is Mergeable.CONFLICTING or pull.behind:
        what = "conflicts with" if pull.mergeable is Mergeable.CONFLICTING else "is behind"
        headline = f"The branch {what} {pull.base_ref}; Lockstep puts it on the present base"
        return Verdict(gate="merge", outcome=Outcome.WAIT, headline=headline)
    return None


def _refusal(facts: PullFacts) -> tuple[Verdict, ...]:
    if facts.refusal is None:
        return ()
    why = defang(facts.refusal, 300)
    headline = f"GitHub refuses the merge: {why}"
    return (Verdict(gate="merge", outcome=Outcome.WAIT, headline=headline, waiting=Waiting.PERSON),)


def _hold(facts: PullFacts) -> Verdict | None:
    if names.HOLD_LABEL not in facts.snapshot.pull.labels:
        return None
    return Verdict(
        gate="hold",
        outcome=Outcome.WAIT,
        headline=f"Held: the label {names.HOLD_LABEL} is set; remove it to go on",
        waiting=Waiting.PERSON,
    )


def _gates(environment: Environment, promotion: Promotion | None) -> tuple[Verdict, ...]:
    """Gates that the rules demand and nobody measures are unknown, and unknown never merges.

    `source` was answered when the artifact was accepted. `image` would ask a registry; until one is asked it neither
    helps nor hinders, and the check run says so.
    """
    demanded = [
        each.name for each in fields(environment.gates) if getattr(environment.gates, each.name) is not None
    ]
    unmeasured = [name for name in demanded if name not in ("image", "source")]
    found = [
        Verdict(
            gate=name,
            outcome=Outcome.UNKNOWN,
            headline=f"{environment.name} demands the gate {name}, which nothing measures yet; a person decides",
        )
        for name in unmeasured
    ]
    if "source" in demanded and promotion is not None:
        releases = ", ".join(promotion.release_ids)
        found.append(
            Verdict(gate="source", outcome=Outcome.PASS, headline=f"Built by the listed workflow: {releases}")
        )
    if "image" in demanded:
        found.append(
            Verdict(
                gate="image",
                outcome=Outcome.SKIP,
                headline="No registry is asked; the digest is the workflow's word",
            )
        )
    return tuple(found)


def _approvals(environment: Environment) -> tuple[Verdict, ...]:
    if environment.merge is MergeRule.AUTO:
        return ()
    if environment.merge is MergeRule.MANUAL:
        headline = f"{environment.name} is merged by a person"
    else:
        wanted = ", ".join(f"{each.count} of {each.role}" for each in environment.approvals) or "a person"
        headline = f"Waits for the approval of {wanted}, and a person's merge"
    return (Verdict(gate="approvals", outcome=Outcome.WAIT, headline=headline, waiting=Waiting.PERSON),)


def _merge(facts: PullFacts, environment: Environment, verdicts: Sequence[Verdict]) -> MergePull:
    pull, promotion = facts.snapshot.pull, facts.promotion
    trailers = [f"Release: {each}" for each in promotion.release_ids] if promotion else []
    return MergePull(
        because=f"{environment.name} merges by itself: {_because(verdicts)}",
        number=pull.number,
        expected_head=pull.head_sha,
        title=f"{pull.title} (#{pull.number})",
        message="\n".join([*(verdict.headline for verdict in verdicts), "", *trailers]).strip(),
        method=environment.merge_method,
    )


def _because(verdicts: Sequence[Verdict]) -> str:
    return "; ".join(f"{verdict.gate}: {verdict.outcome.value}" for verdict in verdicts)
