"""Does a finished run of the validation workflow count, and what did it come to? (Row C1, attack cases 28, 29, 31.)"""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.globs import matches_any
from bot.decide.text import code
from bot.model.facts import Artifact, Unknown, WorkflowRun
from bot.model.policy_after import Validation
from bot.model.validation import FlowReport, Outcome

PULL_EVENTS = frozenset({"pull_request", "pull_request_target", "pull_request_review", "merge_group"})
"""Events whose runs test a proposal, never what is deployed."""


def not_counted(run: WorkflowRun, repository_id: int, rules: Validation) -> str | None:
    """Why the run, as GitHub tells it now, is not this validation; None when it is. A sentence, safe to show."""
    if run.repository_id != repository_id:
        return f"it is a run of another repository than {code(rules.repository)}"
    if run.path != rules.workflow:
        return f"it is a run of {code(run.path)}, not of {code(rules.workflow)}"
    if run.head_repository_id != run.repository_id:
        return "it ran a commit of a fork, or of a deleted repository"
    if run.event in PULL_EVENTS:
        return f"it was started by {code(run.event)}, which tests a proposal and not production"
    if not run.branch or not matches_any(rules.branches, run.branch):
        listed = ", ".join(code(each) for each in rules.branches)
        return f"it is of branch {code(run.branch or '(none)')}; validations count on {listed}"
    return None


def current_reports(artifacts: Sequence[Artifact], name: str, run: WorkflowRun) -> tuple[Artifact, ...]:
    """The artifacts with reports that the run's latest attempt made: `name`, and `name-…` of a matrix's jobs.

    GitHub lists the artifacts of all attempts together; after a re-run only those made since it began count.
    """
    ours = [each for each in artifacts if each.name == name or each.name.startswith(f"{name}-")]
    start = run.started_at if run.attempt > 1 else None
    if run.attempt > 1 and start is None:
        return ()
    return tuple(
        each
        for each in ours
        if not each.expired and (start is None or (each.created_at is not None and each.created_at >= start))
    )


def judged(run: WorkflowRun, report: FlowReport | Unknown) -> tuple[Outcome, str]:
    """The outcome of a completed run and a sentence for what the flows do not tell. Safe to show."""
    conclusion = run.conclusion or "(nothing)"
    if isinstance(report, Unknown):
        if conclusion == "success":
            return Outcome.UNREADABLE, f"the run succeeded, but nothing shows what it tested: {report.why}"
        return (
            Outcome.FAILED,
            f"the run ended with {code(conclusion)}, and its results are not there: {report.why}",
        )
    if report.failed:
        return Outcome.FAILED, "" if conclusion == "failure" else f"the run ended with {code(conclusion)}"
    if not report.flows:
        return Outcome.UNREADABLE, "its reports hold no flow that ran"
    if conclusion != "success":
        return (
            Outcome.FAILED,
            f"the run ended with {code(conclusion)}, although no flow is reported as failed",
        )
    return Outcome.PASSED, ""
