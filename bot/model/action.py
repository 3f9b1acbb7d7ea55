"""Actions: what is to be changed on GitHub, each with its reason. Applying one twice changes nothing more.

Actions hold values only; `adapters.github.writer` carries them out and answers each with a `Receipt`. Risky ones carry
the head commit that the decision believed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.verdict import Annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of a check run. GitHub takes 20 characters of label and identifier, 40 of description."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A check run as it should stand. `status`: queued, in_progress, completed; `conclusion` only when completed."""

    name: str
    head_sha: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    details_url: str | None = None
    actions: tuple[Button, ...] = ()
    """At most three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Base of all actions. `because` is a sentence for the ledger."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPull(Action):
    """One commit on `base_sha` on a new branch, and a pull request of it, with labels and queued check runs."""

    branch: str
    branch_sha: str | None
    """None: the branch does not exist. Else it stands at this commit, which is ours and holds exactly `files`: only the
    pull request is missing (attack case 21)."""
    base_ref: str
    base_sha: str
    files: Mapping[str, bytes]
    message: str
    title: str
    body: str
    labels: tuple[str, ...]
    checks: tuple[str, ...]
    """Names of check runs to post as queued at once."""
    deletions: tuple[str, ...] = ()
    """Files of the base that go away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewritePull(Action):
    """Puts one new commit on `base_sha` in place of what the branch holds, and renews title and body."""

    number: int
    node_id: str
    branch: str
    expected_head: str
    base_sha: str
    files: Mapping[str, bytes]
    message: str
    title: str
    body: str
    checks: tuple[str, ...]
    deletions: tuple[str, ...] = ()
    """Files of the base that go away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPull(Action):
    """Renews title and body of a pull request whose content stays."""

    number: int
    node_id: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePull(Action):
    """Closes a pull request that has become pointless, and deletes its branch."""

    number: int
    node_id: str
    branch: str
    expected_head: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteBranch(Action):
    """Deletes one of our branches that is no longer needed."""

    branch: str
    expected_head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLabels(Action):
    """Adds labels, creating in the repository those that do not exist."""

    number: int
    node_id: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLabels(Action):
    """Takes labels off; one that is not there, or does not exist, needs nothing."""

    number: int
    node_id: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCheck(Action):
    """Posts or renews one check run. `existing` is the node id of the run to renew on the same head commit."""

    check: CheckRun
    existing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutComment(Action):
    """Writes the one comment that carries `marker`, or renews it where it stands."""

    number: int
    node_id: str
    marker: str
    """A hidden line that names the comment's purpose, such as `<!-- lockstep:story -->`."""
    body: str
    existing: str | None = None
    """Node id of the comment that already carries the marker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class React(Action):
    """A reaction to a command's comment. `content` is GraphQL's: THUMBS_UP, CONFUSED, EYES."""

    comment_node_id: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePull(Action):
    """Merges, if the head is still the one that was judged. Only ever the last action of a run."""

    number: int
    expected_head: str
    title: str
    message: str
    method: str = "merge"
    """`merge`, `squash` or `rebase`, GitHub's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuePull(Action):
    """Puts it into the base branch's merge queue, if the head is still the one that was judged; GitHub merges it then.
    Stands where `MergePull` would, and is only ever the last action of a run."""

    number: int
    node_id: str
    expected_head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DequeuePull(Action):
    """Takes it out of the merge queue."""

    number: int
    node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutNote(Action):
    """A Git note about a commit, in place of what is noted about it under `ref` (`refs/notes/…`)."""

    ref: str
    commit_sha: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorDeployment(Action):
    """A GitHub Deployment of a merged commit and its newest status, so that GitHub's Environments page is right. One
    that Lockstep made for this pull request before is found again."""

    number: int
    sha: str
    environment: str
    production: bool
    state: str
    """`queued`, `in_progress`, `success`, `failure` or `inactive`, GitHub's words."""
    description: str
    log_url: str = ""
    environment_url: str = ""
    deployment_id: int | None = None
    """GitHub's id of it, where that is on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDeployment(Action):
    """The answer to a job of any repository of the installation that waits for us (`deployment_protection_rule`)."""

    repository: str
    run_id: int
    environment: str
    state: str | None
    """`approved` or `rejected`, for good; None tells something and lets it wait."""
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchWorkflow(Action):
    """Starts a workflow of any repository of the installation; the receipt has its `run_id` where GitHub tells it."""

    repository: str
    workflow: str
    """The file, `.github/workflows/smoke.yml`."""
    ref: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRelease(Action):
    """Publishes release notes under a tag of their own, once; the tag is made at `sha`."""

    tag: str
    sha: str
    title: str
    body: str
    prerelease: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIssue(Action):
    """Opens an issue, once: one that carries `marker` is the same."""

    marker: str
    title: str
    body: str
    labels: tuple[str, ...]
    """At least one; the issue is looked for under the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewIssue(Action):
    """Renews the facts in an issue's body (`bot.model.issue`) and leaves what people wrote there; with `closed`, closes
    it; with `reopens`, opens it where somebody closed it. What is so already is not written."""

    number: int
    facts: str
    closed: bool = False
    reopens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOnIssue(Action):
    """A comment on an issue, once: one of ours that carries `marker` is the same."""

    number: int
    marker: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOnCommit(Action):
    """A check run on a commit of another repository: tells the author of a refused artifact why (row R1)."""

    repository: str
    check: CheckRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an action came to: ids and commits that the outside gave us, for the ledger and the record."""

    action: Action
    result: Mapping[str, Any] = field(default_factory=dict)
