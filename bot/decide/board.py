"""What the board shows of a config repository: what each environment runs, and the diff of each open pull request.

The worker writes this value down after each look at an environment, because the web process never asks GitHub.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from bot.decide.content import Files, Problem, images_now
from bot.decide.names import branch_name
from bot.model.facts import Pull, RepositoryFile, Unknown
from bot.model.policy import Environment, Policy
from bot.model.snapshot import EnvironmentSnapshot

PREFIX = "board:"
DIFF_LINES = 200
"""Lines of one pull request's diff that are kept."""
LINE_LENGTH = 400
"""Characters of one of these lines; values files are wide at times, minified ones are not for reading."""


def key(repository_id: int, environment: str) -> str:
    """The mark under which the value of an environment's look is kept."""
    return f"{PREFIX}{repository_id}:{environment}"


def value(policy: Policy, snapshot: EnvironmentSnapshot, environment: str) -> dict[str, Any]:
    """The value as JSON: `{repository, taken_at, environment, trouble, environments: […], pulls: […]}`.

    `environments` holds all of the policy, in order, so the newest look tells what runs everywhere; `pulls` only the
    open ones to `environment`, each `{number, title, url, opened_at, source, diff: [line, …], diff_cut}`.
    """
    here = policy.environment(environment)
    found = {
        source.name: snapshot.pulls[branch]
        for source in policy.sources
        if (branch := branch_name(environment, source.name)) in snapshot.pulls
    }
    return {
        **_frame(snapshot, environment, None),
        "environments": [_environment(policy, each, snapshot.files) for each in policy.environments],
        "pulls": [_pull(pull, source, here, snapshot) for source, pull in found.items()],
    }


def trouble(snapshot: EnvironmentSnapshot, environment: str, why: str) -> dict[str, Any]:
    """The value when the rules cannot be read: nothing but the reason."""
    return {**_frame(snapshot, environment, why), "environments": [], "pulls": []}


def _frame(snapshot: EnvironmentSnapshot, environment: str, why: str | None) -> dict[str, Any]:
    return {
        "repository": snapshot.repository.full_name,
        "url": snapshot.repository.url,
        "taken_at": snapshot.taken_at.isoformat(),
        "base_sha": snapshot.base_sha,
        "environment": environment,
        "trouble": why,
    }


def _environment(policy: Policy, environment: Environment, files: Files) -> dict[str, Any]:
    """What an environment runs, as its values files on the default branch say."""
    names = tuple(dict.fromkeys(name for source in policy.sources for name in source.components))
    images = images_now(environment, names, files)
    shown: dict[str, Any] = {"name": environment.name, "from": environment.comes_from, "problem": None}
    if isinstance(images, Problem):
        return {**shown, "problem": images.message, "components": {}}
    return {
        **shown,
        "components": {name: {"tag": it.tag, "digest": it.digest} for name, it in images.items()},
    }


def _pull(
    pull: Pull, source: str, environment: Environment | None, snapshot: EnvironmentSnapshot
) -> dict[str, Any]:
    after = snapshot.branch_files.get(pull.head_ref, {})
    paths = dict.fromkeys(values.file for values in environment.values) if environment else {}
    lines, cut = _bounded(_diff(paths, snapshot.files, after))
    return {
        "number": pull.number,
        "title": pull.title,
        "url": pull.url,
        "opened_at": pull.created_at.isoformat(),
        "source": source,
        "diff": lines,
        "diff_cut": cut,
    }


def _diff(
    paths: Iterable[str],
    before: Mapping[str, RepositoryFile | Unknown],
    after: Mapping[str, RepositoryFile | Unknown],
) -> Iterable[str]:
    """The unified diff, line by line; a file that was not read on both sides says so."""
    for path in paths:
        one, two = before.get(path), after.get(path)
        if not isinstance(one, RepositoryFile) or not isinstance(two, RepositoryFile):
            yield f"{path} was not read"
            continue
        yield from difflib.unified_diff(
            one.data.decode("utf-8", "replace").splitlines(),
            two.data.decode("utf-8", "replace").splitlines(),
            f"a/{path}",
            f"b/{path}",
            lineterm="",
        )


def _bounded(lines: Iterable[str]) -> tuple[list[str], bool]:
    """At most DIFF_LINES lines of LINE_LENGTH characters, and whether more were there."""
    kept: list[str] = []
    for line in lines:
        if len(kept) == DIFF_LINES:
            return kept, True
        kept.append(line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…")
    return kept, False
