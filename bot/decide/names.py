"""The names that people and other programs rely on: branches, labels, check runs, markers (contract, "On GitHub")."""

from __future__ import annotations

import re

BUMP_LABEL = "automation:release-bump"
ROLLBACK_LABEL = "automation:rollback"
HOTFIX_LABEL = "automation:hotfix"
INCIDENT_LABEL = "lockstep:incident"
POSTMORTEM_LABEL = "lockstep:postmortem"
HOLD_LABEL = "lockstep:hold"
SUPERSEDED_LABEL = "lockstep:superseded"

STORY_MARKER = "<!-- lockstep:story -->"
"""Marks the one comment that tells what has happened to a promotion."""

RELEASE_CHECK = "lockstep: release"
"""The check run on an app repository's commit that tells why its release was refused or not proposed."""

REQUEST_CHECK = "lockstep: promote"
"""The check run on the default branch's head that answers a `repository_dispatch`."""

BRANCH_PREFIX = "lockstep/"


def branch_name(environment: str, source: str) -> str:
    """The branch of an environment's promotion from a source; the same each time."""
    return f"{BRANCH_PREFIX}{environment}/{source}"


def rollback_branch(environment: str, rollback_id: int) -> str:
    """The branch of a rollback, by its number in the record. No source's name holds a `+`."""
    return f"{BRANCH_PREFIX}{environment}/rollback+{rollback_id}"


def hotfix_branch(environment: str, source: str) -> str:
    """The branch of an environment's hotfixes from a source, beside that of its promotions."""
    return f"{BRANCH_PREFIX}{environment}/hotfix+{source}"


def kind_of_branch(branch: str) -> str:
    """What one of our branches brings: `rollback`, `hotfix`, `alerts` or `promotion`."""
    source = branch.removeprefix(BRANCH_PREFIX).partition("/")[2]
    if source == "alerts":
        return source
    kind, apart, _ = source.partition("+")
    return kind if apart and kind in ("rollback", "hotfix") else "promotion"


def environment_label(environment: str) -> str:
    """The label that tells the environment."""
    return f"env:{environment}"


def summary_check(base_branch: str) -> str:
    """The one check run to require. The branch is in it, so retargeting carries no green result along."""
    return f"lockstep: {base_branch}"


def detail_check(base_branch: str, detail: str) -> str:
    """A detail run, such as `lockstep: main / config`."""
    return f"lockstep: {base_branch} / {detail}"


def is_ours(name: str, base_branch: str) -> bool:
    """Whether a check of that name is Lockstep's alone to post on pull requests to the branch."""
    ours = summary_check(base_branch)
    return name == ours or name.startswith(f"{ours} / ")


def answer_marker(said: int | str, environment: str = "") -> str:
    """Marks the answer to a command's comment (its id) or to a button (its delivery's id); one that an environment
    gives carries its name."""
    about = f" {environment}" if environment else ""
    return f"<!-- lockstep:answer:{said}{about} -->"


def request_check(environment: str | None) -> str:
    """The check run that answers a request which no comment made; for an environment of the rules it names that."""
    return f"{REQUEST_CHECK} to {environment}" if environment is not None else REQUEST_CHECK


_QUEUE_BRANCH = re.compile(
    r"(?:refs/heads/)?gh-readonly-queue/[^\n]{1,255}/pr-([1-9][0-9]{0,9})-[0-9a-f]{40,64}", re.ASCII
)


def queued_pull(branch: object) -> int | None:
    """The pull request that a merge queue's temporary branch was made for; None for any other branch or value."""
    found = _QUEUE_BRANCH.fullmatch(branch) if isinstance(branch, str) else None
    return int(found[1]) if found else None
