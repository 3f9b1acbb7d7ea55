"""Reports in an artifact of the run that a release came from; each artifact is downloaded and parsed once.

https://docs.github.com/en/rest/actions/artifacts — an artifact's id stands for its bytes for ever: uploading again
under the same name makes another id.
"""

from __future__ import annotations

from datetime import timedelta

from bot.decide import release as judge
from bot.decide.text import plain
from bot.errors import UserError
from bot.model.facts import Artifact, Unknown, WorkflowRun
from bot.model.ports_gates import Report, Wanted
from bot.model.release import Release
from bot.model.reports import Reported
from bot.run.gates.question import Question

REPORTS_LIMIT = 64 * 1024 * 1024
"""Bytes of a zipped artifact that holds reports."""
MOST_KEPT = 1000
"""Parsed reports that are kept in memory; each is some numbers and a few names."""
SKEW = timedelta(minutes=5)
"""How far GitHub's clock and ours may differ when an artifact is dated against the acceptance of its release."""


def reported(question: Question, release: Release, name: str, wanted: Wanted) -> Reported[Report]:
    """The reports in the artifact of that name. Raises UserError, in words for a person, when they cannot be read."""
    artifact = _chosen(question, release, name)
    key = (release.source_repository_id, artifact.id, wanted)
    kept = question.house.reports
    if key not in kept:
        zipped = question.github.download(repository_of(question, release), artifact, REPORTS_LIMIT)
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = _parsed(question, zipped, wanted)
    found = kept[key]
    if isinstance(found, Unknown):
        raise UserError(found.why)
    return Reported(
        value=found,
        source=f"artifact {name} of run {release.run_number}",
        url=release.run_url,
        at=artifact.created_at,
    )


def _parsed(question: Question, zipped: bytes, wanted: Wanted) -> Report | Unknown:
    """What the reports say; what cannot be read cannot be read tomorrow either, so that is kept too."""
    try:
        return question.house.readers.report(zipped, wanted)
    except UserError as error:
        return Unknown(why=str(error))


def repository_of(question: Question, release: Release) -> str:
    """As it is called now."""
    found = question.house.store.repositories.find(release.source_repository_id)
    return found.full_name if found else release.repository


def _chosen(question: Question, release: Release, name: str) -> Artifact:
    """The one artifact of that name that the release's attempt made (attack case 31), of those that were there when
    the release was accepted: a later attempt is another release."""
    listed = question.once(
        ("artifacts", release.source_repository_id, release.run_id),
        lambda: question.github.artifacts(repository_of(question, release), release.run_id, None),
    )
    until = release.accepted_at + SKEW
    found = judge.choose_artifact(
        [each for each in listed if each.created_at is None or each.created_at <= until],
        name,
        _attempt(question, release),
    )
    if isinstance(found, judge.Refused):
        # The judge's hints are about component-tags.json; a report may have any name.
        raise UserError(plain(found.message.partition("; upload component-tags")[0], 300))
    return found


def _attempt(question: Question, release: Release) -> WorkflowRun:
    """The run as it was at the release's attempt. Only a re-run has to be asked when it began."""
    run = question.once(("run", release.run_id), lambda: _run(question, release))
    if run.attempt != release.run_attempt:
        raise UserError(
            f"run {release.run_number} was run again since; its attempt {release.run_attempt} cannot be told apart"
        )
    return run


def _run(question: Question, release: Release) -> WorkflowRun:
    if release.run_attempt > 1:
        found = question.github.run(repository_of(question, release), release.run_id)
        if found is None:
            raise UserError(f"run {release.run_number} does not exist any more")
        return found
    return WorkflowRun(
        id=release.run_id,
        attempt=1,
        number=release.run_number,
        name="",
        path="",
        event=release.event,
        branch=release.branch,
        head_sha=release.head_sha,
        status="completed",
        conclusion="success",
        repository_id=release.source_repository_id,
        head_repository_id=release.source_repository_id,
        url=release.run_url,
        created_at=release.accepted_at,
    )
