"""The things of the local GitHub: plain mutable dataclasses, compared by identity.

One file although it is long, because almost every class names another one. Import them from ``state``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.errors import not_found
from bot.sandbox.findings import Security
from bot.sandbox.gitstore import GitRepo


@dataclass(kw_only=True, eq=False)
class Entity:
    """What has a numeric id and a node id."""

    id: int = 0
    node_id: str = ""


@dataclass(kw_only=True, eq=False)
class Account(Entity):
    """A person, an organization or an App's bot. ``kind``: ``User`` | ``Organization`` | ``Bot``."""

    login: str
    kind: str = "User"
    name: str | None = None
    email: str | None = None
    members: set[str] = field(default_factory=set)  # an organization's people, lower-case logins
    admins: set[str] = field(default_factory=set)


@dataclass(kw_only=True, eq=False)
class Team(Entity):
    """A team of an organization; ``members`` are lower-case logins; ``grants`` repository id → role.

    ``invited`` people are no members before they accept. A child team has what its ``parent`` has.
    """

    org: Account
    slug: str
    name: str
    parent: Team | None = None
    invited: set[str] = field(default_factory=set)
    members: dict[str, str] = field(default_factory=dict)  # login → member | maintainer
    grants: dict[int, str] = field(default_factory=dict)

    def within(self, other: Team) -> bool:
        """Whether it is this team or a child team of it, however deep."""
        return self is other or (self.parent is not None and self.parent.within(other))

    def role_on(self, repository_id: int) -> str | None:
        """What it was granted there, itself or through a parent; None: nothing."""
        above = self.parent.role_on(repository_id) if self.parent else None
        return self.grants.get(repository_id) or above


@dataclass(kw_only=True, eq=False)
class App(Entity):
    """A GitHub App; ``bot`` is the account ``<slug>[bot]`` that acts."""

    slug: str
    name: str
    client_id: str
    owner: Account
    bot: Account
    public_key: Any
    webhook_secret: str
    webhook_url: str | None
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime
    hook_id: int = 0


@dataclass(kw_only=True, eq=False)
class Installation(Entity):
    """An App on an account; ``repository_ids`` None means all of the account's repositories."""

    app: App
    account: Account
    repository_ids: set[int] | None
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime
    suspended_at: datetime | None = None


@dataclass(kw_only=True)
class Token:
    """An installation token or a person's token, with what it may."""

    value: str
    account: Account
    installation: Installation | None = None
    permissions: dict[str, str] = field(default_factory=dict)
    repository_ids: set[int] | None = None
    expires_at: datetime | None = None


@dataclass(kw_only=True)
class Actor:
    """Who asks. ``account`` acts; an App with a JWT has ``app`` and no ``token``; nobody has neither."""

    account: Account | None = None
    app: App | None = None
    installation: Installation | None = None
    token: Token | None = None

    @property
    def name(self) -> str:
        """The login for logs; ``app/<slug>`` for a JWT, ``anonymous`` for nobody."""
        if self.account is not None:
            return self.account.login
        return f"app/{self.app.slug}" if self.app else "anonymous"


@dataclass(kw_only=True, eq=False)
class Label(Entity):
    """A label of a repository."""

    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(kw_only=True, eq=False)
class Reaction(Entity):
    """A reaction: ``content`` is ``+1``, ``eyes``, ``rocket`` …"""

    user: Account
    content: str
    created_at: datetime


@dataclass(kw_only=True, eq=False)
class Comment(Entity):
    """A comment on an issue or pull request."""

    issue: Issue
    user: Account
    app: App | None
    body: str
    created_at: datetime
    updated_at: datetime
    editor: Account | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Issue(Entity):
    """An issue; pull requests (``Pull``) share the numbering. ``state``: ``open`` | ``closed``."""

    repo: Repository
    number: int
    title: str
    body: str | None
    user: Account
    app: App | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Review(Entity):
    """A review; ``state``: APPROVED | CHANGES_REQUESTED | COMMENTED | DISMISSED | PENDING."""

    pull: Pull
    user: Account
    body: str
    state: str
    commit_id: str
    submitted_at: datetime | None


@dataclass(kw_only=True, eq=False)
class Pull(Issue):
    """A pull request. ``base_sha`` and ``head_sha`` follow pushes while it is open."""

    base_ref: str
    base_sha: str
    head_repo: Repository
    head_ref: str
    head_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    maintainer_can_modify: bool = False
    reviews: list[Review] = field(default_factory=list)
    requested_reviewers: list[Account] = field(default_factory=list)
    requested_teams: list[Team] = field(default_factory=list)
    auto_merge: dict[str, Any] | None = None
    previous_heads: list[str] = field(default_factory=list)

    @property
    def merged(self) -> bool:
        """Whether it was merged."""
        return self.merged_at is not None


@dataclass(kw_only=True, eq=False)
class CheckSuite(Entity):
    """All check runs of one App on one commit."""

    repo: Repository
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime
    updated_at: datetime
    runs: list[CheckRun] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class CheckRun(Entity):
    """A check run; ``output`` has title, summary, text; ``annotations`` and ``actions`` as they were sent."""

    repo: Repository
    suite: CheckSuite
    app: App
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    details_url: str | None = None
    external_id: str | None = None
    output: dict[str, str | None] = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Status(Entity):
    """A commit status; ``state``: error | failure | pending | success."""

    repo: Repository
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(kw_only=True, eq=False)
class Workflow(Entity):
    """A workflow file of a repository."""

    repo: Repository
    name: str
    path: str
    created_at: datetime


@dataclass(kw_only=True, eq=False)
class Artifact(Entity):
    """An artifact: the zip's bytes as uploaded."""

    run: WorkflowRun
    name: str
    zip: bytes
    created_at: datetime
    expired: bool = False


@dataclass(kw_only=True, eq=False)
class WorkflowRun(Entity):
    """A workflow run; earlier attempts are kept as (attempt, status, conclusion) in ``attempts``."""

    repo: Repository
    workflow: Workflow
    number: int
    head_branch: str | None
    head_sha: str
    head_repo: Repository
    event: str
    actor: Account
    created_at: datetime
    updated_at: datetime
    started_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    attempt: int = 1
    title: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    suite: CheckSuite | None = None
    gates: list[GateRequest] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class DeploymentStatus(Entity):
    """A state of a deployment, newest last in ``Deployment.statuses``."""

    state: str
    creator: Account
    description: str
    created_at: datetime
    log_url: str = ""
    environment_url: str = ""


@dataclass(kw_only=True, eq=False)
class Deployment(Entity):
    """A deployment of a commit to an environment."""

    repo: Repository
    sha: str
    ref: str
    task: str
    environment: str
    payload: Any
    description: str | None
    creator: Account
    app: App | None
    created_at: datetime
    updated_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Release(Entity):
    """Published notes about a tag."""

    repo: Repository
    tag: str
    target: str
    name: str | None
    body: str | None
    prerelease: bool
    author: Account
    created_at: datetime


@dataclass(kw_only=True, eq=False)
class GateRequest(Entity):
    """A job of ``run`` waits for ``app``; ``state`` is pending, approved or rejected, ``comments`` what it said."""

    run: WorkflowRun
    environment: str
    app: App
    deployment: Deployment
    state: str = "pending"
    comments: list[str] = field(default_factory=list)
    by: Account | None = None


@dataclass(kw_only=True)
class Protection:
    """Rules of one branch: checks as (context, app id or None), reviews, no direct pushes."""

    checks: list[tuple[str, int | None]] = field(default_factory=list)
    reviews: int = 0
    block_push: bool = False
    strict: bool = False
    dismiss_stale: bool = False


@dataclass(kw_only=True, eq=False)
class QueueEntry(Entity):
    """A place in a merge queue; ``head_sha`` on ``base_sha`` is its temporary commit, once it is built."""

    pull: Pull
    enqueuer: Account
    enqueued_at: datetime
    base_sha: str | None = None
    head_sha: str | None = None

    @property
    def ref(self) -> str:
        """The temporary branch, without ``refs/``."""
        return f"heads/gh-readonly-queue/{self.pull.base_ref}/pr-{self.pull.number}-{self.base_sha}"


@dataclass(kw_only=True, eq=False)
class MergeQueue(Entity):
    """The merge queue of a branch: how it merges, how many it builds at once and merges together."""

    repo: Repository
    branch: str
    method: str = "merge"
    build: int = 5
    minimum: int = 1
    maximum: int = 5
    entries: list[QueueEntry] = field(default_factory=list)
    busy: bool = False  # while it changes itself, so that what it sets in motion does not call it again

    def entry(self, pull: Pull) -> QueueEntry | None:
        """The pull request's place, if it has one."""
        return next((entry for entry in self.entries if entry.pull is pull), None)


@dataclass(kw_only=True, eq=False)
class Repository(Entity):
    """A repository with all that belongs to it."""

    owner: Account
    name: str
    git: GitRepo
    default_branch: str
    created_at: datetime
    pushed_at: datetime
    private: bool = True
    description: str | None = None
    parent: Repository | None = None
    old_names: set[str] = field(default_factory=set)  # "owner/name", lower case
    collaborators: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    queues: dict[str, MergeQueue] = field(default_factory=dict)  # branch → merge queue
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, WorkflowRun] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)  # by tag
    attestations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # digest to Sigstore bundles
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    security: Security = field(default_factory=Security)
    verified: set[str] = field(default_factory=set)  # commits made through the API by an App
    merge_methods: set[str] = field(default_factory=lambda: {"merge", "squash", "rebase"})
    delete_branch_on_merge: bool = False
    allow_auto_merge: bool = False

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner.login}/{self.name}"

    @property
    def pulls(self) -> list[Pull]:
        """Pull requests, oldest first."""
        return [issue for issue in self.issues.values() if isinstance(issue, Pull)]

    def pull(self, number: int) -> Pull:
        """The pull request of this number, or 404."""
        issue = self.issues.get(number)
        if not isinstance(issue, Pull):
            raise not_found()
        return issue


@dataclass(kw_only=True)
class Event:
    """Something happened: becomes one webhook per App that subscribed. ``subject`` holds the entities."""

    name: str
    action: str | None
    repo: Repository | None
    sender: Account
    subject: dict[str, Any] = field(default_factory=dict)
    only_app: App | None = None  # re-requests go to the App that owns the check alone
