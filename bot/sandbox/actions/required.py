"""Required checks of a protected branch: are they green on this commit?"""

from __future__ import annotations

from bot.sandbox.state import Protection, Repository

GREEN = ("success", "neutral", "skipped")


def check_state(repo: Repository, sha: str, context: str, app_id: int | None = None) -> str:
    """``success``, ``failure`` or ``expected`` of one required check on a commit: check runs and statuses."""
    runs = [r for r in repo.check_runs.values() if r.head_sha == sha and r.name == context]
    runs = [r for r in runs if app_id is None or r.app.id == app_id]
    if runs:
        last = max(runs, key=lambda r: r.id)
        if last.status != "completed":
            return "expected"
        return "success" if last.conclusion in GREEN else "failure"
    statuses = [s for s in repo.statuses if s.sha == sha and s.context == context and app_id is None]
    if statuses:
        state = statuses[-1].state
        return {"success": "success", "pending": "expected"}.get(state, "failure")
    return "expected"


def missing_checks(repo: Repository, rules: Protection, sha: str) -> str | None:
    """GitHub's sentence about the required checks that are not green, or None."""
    states = {context: check_state(repo, sha, context, app) for context, app in rules.checks}
    bad = {context: state for context, state in states.items() if state != "success"}
    if not bad:
        return None
    if len(bad) > 1:
        verb = "failing" if "failure" in bad.values() else "expected"
        return f"{len(bad)} of {len(states)} required status checks are {verb}."
    context, state = next(iter(bad.items()))
    return f'Required status check "{context}" is {"failing" if state == "failure" else "expected"}.'
