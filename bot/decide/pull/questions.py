"""The questions about a promotion's pull request itself: size, content, checks, and whether GitHub could merge it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import names
from bot.decide.pull.facts import PullFacts
from bot.decide.rollback.vetoing import vetoed
from bot.decide.text import code, defang
from bot.model.deployment import Deployment, DeploymentState
from bot.model.facts import Check, CheckState, Mergeable, Unknown
from bot.model.holds import Hold
from bot.model.policy import Environment
from bot.model.release import PromotionKind
from bot.model.verdict import Outcome, Verdict, Waiting

COMMITS_READ = 250
"""GitHub lists at most 250 commits of a pull request; more cannot be judged (attack case 24)."""


def size(facts: PullFacts) -> Verdict | None:
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


def content(facts: PullFacts) -> Verdict:
    pull, promotion = facts.snapshot.pull, facts.promotion
    if promotion is None or pull.head_sha != promotion.head_sha:
        return Verdict(
            gate="content",
            outcome=Outcome.BLOCK,
            headline=f"{pull.head_sha[:7]} was not written by Lockstep; a person decides about this pull request",
            reasons=("Close it and delete its branch to hand the promotion back to Lockstep.",),
        )
    if promotion.kind is PromotionKind.ALERTS:
        return _bundle(facts)
    count = len(promotion.components)
    return Verdict(
        gate="content",
        outcome=Outcome.PASS,
        headline=f"Changes nothing but the images of {count} component{'s' if count != 1 else ''}",
        reasons=tuple(
            f"{name} {tag.tag} `{tag.digest}`" for name, tag in sorted(promotion.components.items())
        ),
    )


def _bundle(facts: PullFacts) -> Verdict:
    """A promotion of alert rules is held by drift and probes: where nobody has asked them, nothing is known."""
    answered = {each.gate for each in facts.alerts}
    if not {"drift", "probes"} <= answered:
        headline = "Neither drift nor probes of this alert bundle were asked; the rules file must name it under alerts"
        return Verdict(gate="content", outcome=Outcome.UNKNOWN, headline=headline)
    headline = "Changes nothing but an alert bundle"
    return Verdict(gate="content", outcome=Outcome.PASS, headline=headline)


def required_checks(facts: PullFacts, environment: Environment) -> Verdict:
    """Other people's checks that the rules require, by name (row R4)."""
    found = facts.snapshot.checks
    gate = "required checks"
    if isinstance(found, Unknown):
        return Verdict(
            gate=gate,
            outcome=Outcome.UNKNOWN,
            headline=f"The checks could not be read: {defang(found.why, 300)}",
        )
    found = tuple(check for check in found if not names.is_ours(check.name, facts.snapshot.pull.base_ref))
    # With none listed, CI is everything that reports; and green CI is demanded (row R4), so nothing is not green.
    wanted = environment.required_checks or tuple(sorted({check.name for check in found}))
    if not wanted:
        headline = f"Waits for CI: no check has reported, and {environment.name} lists no required_checks"
        return Verdict(gate=gate, outcome=Outcome.WAIT, headline=headline)
    failed = [name for name in wanted if _state(name, environment, found) is CheckState.FAILURE]
    pending = [name for name in wanted if _state(name, environment, found) is CheckState.PENDING]
    absent = [name for name in wanted if _state(name, environment, found) is None]
    if failed:
        return Verdict(gate=gate, outcome=Outcome.BLOCK, headline=f"{_listed(failed)} failed")
    if pending or absent:
        reasons = [f"{code(name)} is running" for name in pending] + [
            f"{code(name)} has not reported yet" for name in absent
        ]
        return Verdict(
            gate=gate,
            outcome=Outcome.WAIT,
            headline=f"Waits for {_listed(pending + absent)}",
            reasons=tuple(reasons),
        )
    return Verdict(gate=gate, outcome=Outcome.PASS, headline=f"{_listed(wanted)} passed")


def _listed(checks: Sequence[str]) -> str:
    """Names of checks are other people's words (attack case 92)."""
    return ", ".join(code(name) for name in checks)


def spoofed_checks(facts: PullFacts) -> tuple[Check, ...]:
    """Checks under our names that somebody else has posted on this head (attack case 73)."""
    found = facts.snapshot.checks
    base = facts.snapshot.pull.base_ref
    return (
        () if isinstance(found, Unknown) else tuple(each for each in found if names.is_ours(each.name, base))
    )


def spoofed(facts: PullFacts) -> tuple[Verdict, ...]:
    """Nobody else's check under our name counts; that there is one is a reason to look, and holds this head."""
    found = spoofed_checks(facts)
    if not found:
        return ()
    who = sorted({"a commit status" if each.app_id is None else f"App {each.app_id}" for each in found})
    listed = ", ".join(sorted({code(each.name) for each in found}))
    return (
        Verdict(
            gate="spoofed check",
            outcome=Outcome.BLOCK,
            headline=f"Somebody else posted {listed} on this commit ({', '.join(who)}); it counts for nothing",
            reasons=(
                "Find out who may post checks here, and require ours from the Lockstep App alone. A new head commit "
                "is judged afresh.",
            ),
        ),
    )


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


def mergeable(facts: PullFacts) -> Verdict | None:
    pull = facts.snapshot.pull
    if pull.draft:
        return Verdict(gate="merge", outcome=Outcome.WAIT, headline="Is a draft", waiting=Waiting.PERSON)
    if pull.mergeable is Mergeable.CONFLICTING or pull.behind:
        what = "conflicts with" if pull.mergeable is Mergeable.CONFLICTING else "is behind"
        headline = f"The branch {what} {pull.base_ref}; Lockstep puts it on the present base"
        return Verdict(gate="merge", outcome=Outcome.WAIT, headline=headline)
    return None


def refusal(facts: PullFacts) -> tuple[Verdict, ...]:
    if facts.refusal is None:
        return ()
    why = defang(facts.refusal, 300)
    headline = f"GitHub refuses the merge: {why}"
    return (Verdict(gate="merge", outcome=Outcome.WAIT, headline=headline, waiting=Waiting.PERSON),)


def thrown_out(facts: PullFacts) -> tuple[Verdict, ...]:
    """GitHub took it out of the merge queue: the group was red, or a person did it. It would only come back red."""
    if not facts.thrown_out:
        return ()
    headline = (
        "GitHub took it out of the merge queue; its timeline says why. It is queued again on a new head or base, or "
        "when you say `/retry`"
    )
    return (Verdict(gate="merge", outcome=Outcome.WAIT, headline=headline, waiting=Waiting.PERSON),)


def holds(facts: PullFacts) -> tuple[Verdict, ...]:
    """What people keep where it is: with `/hold`, on record, or with the label alone."""
    found = [_held(each) for each in facts.holds]
    labelled = names.HOLD_LABEL in facts.snapshot.pull.labels
    if labelled and not any(each.pull for each in facts.holds):
        found.append(f"Held: the label {names.HOLD_LABEL} is set; remove it, or say `/unhold`, to go on")
    return tuple(
        Verdict(gate="hold", outcome=Outcome.WAIT, headline=each, waiting=Waiting.PERSON) for each in found
    )


def vetoes(facts: PullFacts) -> tuple[Verdict, ...]:
    """What was rolled back elsewhere is not merged while its veto stands, however it was proposed (case 87)."""
    found = vetoed(facts.promotion.components, facts.vetoes) if facts.promotion else {}
    if not found:
        return ()
    return (
        Verdict(
            gate="veto",
            outcome=Outcome.BLOCK,
            headline=f"{', '.join(sorted(found))} is vetoed: it was rolled back",
            reasons=tuple(f"{each}." for each in found.values()),
        ),
    )


def behind_hotfixes(facts: PullFacts) -> tuple[Verdict, ...]:
    """A hotfix of the same component goes first: merged before it, this would be a step back from the fix."""
    return tuple(
        Verdict(
            gate="hotfix",
            outcome=Outcome.WAIT,
            headline=f"#{each.pull_number} brings a hotfix of {', '.join(sorted(each.components))} to "
            f"{each.environment} first; this waits until it is merged or closed",
            waiting=Waiting.PERSON,
        )
        for each in facts.rivals
    )


def unproven(facts: PullFacts) -> tuple[Verdict, ...]:
    """Where it comes from it must be live: what failed there goes no further, what is on its way is awaited."""
    return tuple(
        Verdict(
            gate="deployment",
            outcome=Outcome.WAIT if each.underway else Outcome.BLOCK,
            headline=f"In {each.environment}, #{each.pull_number} is {each.state.value}{_way_on(each)}",
            reasons=each.findings,
        )
        for each in facts.origins
        if each.state is not DeploymentState.LIVE
    )


def _way_on(deployment: Deployment) -> str:
    """What helps; nothing but time while it is on its way."""
    if deployment.underway:
        return ""
    if deployment.state is DeploymentState.FAILED:
        return f"; `/sync` on #{deployment.pull_number} tries it again"
    return f"; it goes on once it was promoted to {deployment.environment} anew"


def _held(hold: Hold) -> str:
    why = f": {defang(hold.reason, 200)}" if hold.reason else ""
    what = f"{hold.environment} is held" if hold.environment else "Held"
    lift = f"/unhold {hold.environment}" if hold.environment else "/unhold"
    return f"{what} by {hold.by.login}{why}; `{lift}` lets it go"
