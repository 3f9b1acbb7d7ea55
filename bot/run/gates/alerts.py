"""GitHub's own findings about a release's source: code scanning of its branch, and Dependabot's alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.model.facts import Unknown
from bot.model.release import Release
from bot.model.reports import Findings, Reported
from bot.run.gates.artifacts import repository_of
from bot.run.gates.question import Question

Found = Reported[Findings] | Unknown


def code_scanning(question: Question, release: Release) -> Found:
    """What is open on the branch that the release was built from, or was when it was built."""
    repository = repository_of(question, release)
    found = question.github.code_scanning(repository, f"refs/heads/{release.branch}", release.head_sha)
    return _shown(question, found, f"{repository}/security/code-scanning")


def dependabot(question: Question, release: Release) -> Found:
    """What is open on the default branch, or was when the run began that built the release."""
    repository = repository_of(question, release)
    run = question.github.run(repository, release.run_id)
    if run is None:
        return Unknown(why=f"run {release.run_number} does not exist any more, so its time is not known")
    found = question.github.dependabot(repository, run.created_at)
    return _shown(question, found, f"{repository}/security/dependabot")


def _shown(question: Question, found: Found, page: str) -> Found:
    """With the page where a person sees the same, and the time of reading."""
    if isinstance(found, Unknown):
        return found
    return replace(found, url=f"{question.house.web_url}/{page}", at=question.now)


ALERTS: Mapping[str, Callable[[Question, Release], Found]] = {
    "code-scanning": code_scanning,
    "dependabot": dependabot,
}
"""Source in the rules to how it is read."""
