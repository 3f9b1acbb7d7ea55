"""An artifact after its release was accepted: is it still the one that was read (attack case 30)?"""

from __future__ import annotations

import hashlib

from bot.decide import release as judge
from bot.model.facts import Repository, WorkflowRun
from bot.model.policy import Source
from bot.model.ports import GitHub
from bot.model.release import Release
from bot.model.subject import Subject
from bot.run.house import House, note_news

ARTIFACT_LIMIT = 5 * 1024 * 1024
"""Bytes of a zipped artifact; `component-tags.json` itself is a few kilobytes."""


def changed_since(
    github: GitHub, app: Repository, run: WorkflowRun, source: Source, recorded: Release
) -> str | None:
    """How the artifact of an accepted attempt differs from what was accepted; None when it does not (case 30).

    An artifact that is gone, as all are after some weeks, has not changed.
    """
    found = judge.choose_artifact(
        github.artifacts(app.full_name, run.id, source.artifact), source.artifact, run
    )
    if isinstance(found, judge.Refused):
        return found.message if found.code == "several_artifacts" else None
    listed = (found.digest or "").removeprefix("sha256:")
    actual = listed or hashlib.sha256(github.download(app.full_name, found, ARTIFACT_LIMIT)).hexdigest()
    if actual == recorded.artifact_sha256:
        return None
    return f"its zip was sha256:{recorded.artifact_sha256} when it was accepted, and is sha256:{actual} now"


def note_change(
    house: House, subject: Subject, run: WorkflowRun, changed: str, delivery_id: str | None
) -> str:
    """Writes down, once, that an accepted artifact is another one now; nothing follows from it."""
    why = f"the artifact of run {run.number}, attempt {run.attempt}, was changed after it was accepted: {changed}"
    note_news(
        house, subject, "artifact_changed", "refused", why,
        about=f"artifact of {run.id}.{run.attempt}", head_sha=run.head_sha, delivery_id=delivery_id,
        details={"run_url": run.url, "attempt": run.attempt},
    )  # fmt: skip
    return "refused: artifact_changed"
