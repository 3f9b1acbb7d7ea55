"""One installation: the `GitHub` of `bot.model.ports`. Each method is one fact or one write; the work is next door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from bot.adapters.github import (
    download,
    history,
    notes,
    reads_alerts,
    reads_attestations,
    reads_compare,
    reads_doctor,
    reads_environment,
    reads_heads,
    reads_landing,
    reads_merge_group,
    reads_owners,
    reads_pull,
    reads_repositories,
    reads_runs,
    reads_teams,
    reads_trees,
)
from bot.adapters.github.channel import Channel
from bot.adapters.github.writes import Writer
from bot.model.action import Action, Receipt
from bot.model.doctor import Protection
from bot.model.facts import (
    Actor,
    Artifact,
    Check,
    Commit,
    OpenHead,
    Repository,
    RepositoryFile,
    Unknown,
    WorkflowRun,
)
from bot.model.landing import Arrivals
from bot.model.measurements import Compared
from bot.model.reports import Findings, Reported
from bot.model.snapshot import EnvironmentSnapshot, History, MergeGroup, PullSnapshot, RulesFile
from bot.model.tree import Tree

Answer = TypeVar("Answer")


class Installation:
    """One run's view of an installation. `requests` counts what this run asked, by purpose; `receipts` keeps what was
    done, also when a later action of the same call raised."""

    def __init__(
        self,
        *,
        app_id: int,
        bot_id: Callable[[Channel], int],
        channel: Channel,
        alone: Callable[[str], Channel],
    ) -> None:
        self._app_id = app_id
        self._alone = alone
        self._bot_id = bot_id
        self._channel = channel
        self.receipts: list[Receipt] = []

    def __repr__(self) -> str:
        return f"Installation(id={self.installation_id})"

    @property
    def installation_id(self) -> int:
        """The installation's numeric id."""
        return self._channel.installation_id

    @property
    def requests(self) -> Counter[str]:
        """Requests of this run by purpose, token mints and redirect targets included."""
        return self._channel.requests

    @property
    def app_id(self) -> int:
        """The App's numeric id, which marks its check runs."""
        return self._app_id

    @property
    def bot_id(self) -> int:
        """The numeric user id of the App's bot account; no request when an answer has named it before."""
        return self._bot_id(self._channel)

    def knows(self, repositories: Iterable[Repository]) -> None:
        """Takes in repositories that the store knows, so that they need not be listed again; what GitHub said since
        then is kept."""
        self._channel.shared.known.suggest(repositories)

    def repositories(self) -> tuple[Repository, ...]:
        """See `ports.GitHub`."""
        return reads_repositories.repositories(self._channel)

    def rules_files(self, repository_ids: Sequence[int]) -> tuple[RulesFile, ...]:
        """See `ports.GitHub`. One question for fifty repositories; one listing before it when an id is new."""
        return reads_repositories.rules_files(self._channel, repository_ids)

    def run(self, repository: str, run_id: int) -> WorkflowRun | None:
        """See `ports.GitHub`."""
        return reads_runs.run(self._channel, repository, run_id)

    def recent_runs(self, repository: str, workflow: str, limit: int = 20) -> tuple[WorkflowRun, ...]:
        """See `ports.GitHub`."""
        return reads_runs.recent_runs(self._channel, repository, workflow, limit)

    def dispatched_run(
        self, repository: str, workflow: str, since: datetime, besides: Collection[int] = ()
    ) -> WorkflowRun | None:
        """See `ports.GitHub`. One request."""
        return reads_runs.dispatched_run(self._channel, repository, workflow, since, self.bot_id, besides)

    def open_heads(self, repository: Repository) -> tuple[OpenHead, ...]:
        """See `ports.GitHub`. Two requests."""
        return reads_heads.open_heads(self._channel, repository)

    def artifacts(self, repository: str, run_id: int, name: str | None) -> tuple[Artifact, ...]:
        """See `ports.GitHub`."""
        return reads_runs.artifacts(self._channel, repository, run_id, name)

    def download(self, repository: str, artifact: Artifact, limit: int) -> bytes:
        """See `ports.GitHub`. Two requests: GitHub, and the storage it points at."""
        return download.download(self._channel, repository, artifact, limit)

    def environment(
        self,
        repository: Repository,
        *,
        files: Iterable[str],
        branches: Iterable[str],
        histories: Iterable[tuple[str, str]] = (),
    ) -> EnvironmentSnapshot:
        """See `ports.GitHub`. `histories` names app repositories with a new commit each: then `history` of them needs
        no request of its own."""
        return reads_environment.environment(
            self._channel, lambda: self.bot_id, repository, files, branches, histories
        )

    def pull(self, repository_id: int, number: int, *, files: Iterable[str]) -> PullSnapshot | None:
        """See `ports.GitHub`. Raises Terminal when the repository is not in the installation."""
        return reads_pull.pull(self._channel, self._app_id, lambda: self.bot_id, repository_id, number, files)

    def merge_group(
        self, repository_id: int, base_ref: str, head_sha: str, *, files: Iterable[str]
    ) -> MergeGroup | None:
        """See `ports.GitHub`. Raises Terminal when the App may not read merge queues."""
        return reads_merge_group.merge_group(
            self._channel, self._app_id, repository_id, base_ref, head_sha, files
        )

    def pull_commits(self, repository_id: int, number: int) -> tuple[Commit, ...] | Unknown:
        """See `ports.GitHub`. One question for each hundred commits."""
        return reads_pull.pull_commits(self._channel, repository_id, number)

    def checks(self, repository_id: int, sha: str) -> tuple[Check, ...] | Unknown:
        """See `ports.GitHub`. One question for up to a hundred checks."""
        return reads_pull.checks(self._channel, repository_id, sha)

    def code_scanning(self, repository: str, ref: str, sha: str) -> Reported[Findings] | Unknown:
        """See `ports.GitHub`. Two requests in the usual case, and a token of its own once an hour."""
        return self._with(
            reads_alerts.CODE_SCANNING,
            lambda channel: reads_alerts.code_scanning(channel, repository, ref, sha),
        )

    def dependabot(self, repository: str, since: datetime) -> Reported[Findings] | Unknown:
        """See `ports.GitHub`. Two requests in the usual case, and a token of its own once an hour."""
        return self._with(
            reads_alerts.DEPENDABOT, lambda channel: reads_alerts.dependabot(channel, repository, since)
        )

    def _with(self, permission: str, read: Callable[[Channel], Answer]) -> Answer:
        """Reads with an optional permission; the requests count for this run."""
        channel = self._alone(permission)
        try:
            return read(channel)
        finally:
            self._channel.requests.update(channel.requests)

    def _counted(self, permission: str) -> Channel:
        """A way with one optional permission, whose requests count for this run."""
        channel = self._alone(permission)
        channel.requests = self._channel.requests
        return channel

    def arrivals(self, repository_id: int, old: str, new: str, files: Sequence[str]) -> Arrivals | Unknown:
        """See `ports.GitHub`. One question in the usual case, at most five."""
        return reads_landing.arrivals(self._channel, repository_id, old, new, files)

    def changed_paths(self, repository: str, sha: str) -> tuple[str, ...] | Unknown:
        """See `ports.GitHub`."""
        return reads_landing.changed_paths(self._channel, repository, sha)

    def directory(
        self, repository: str, ref: str, path: str
    ) -> Mapping[str, RepositoryFile | Unknown] | Unknown:
        """See `ports.GitHub`. One question in the usual case."""
        return reads_repositories.directory(self._channel, repository, ref, path)

    def files(
        self, repository: str, ref: str, paths: Iterable[str]
    ) -> Mapping[str, RepositoryFile | Unknown]:
        """See `ports.GitHub`."""
        return reads_repositories.files(self._channel, repository, ref, paths)

    def note(self, repository: str, ref: str, commit_sha: str) -> bytes | Unknown | None:
        """See `ports.GitHub`."""
        return notes.note(self._channel, repository, ref, commit_sha)

    def history(self, repository: str, new: str, old: str | None, limit: int = 50) -> History | Unknown:
        """See `ports.GitHub`. At most the newest hundred commits are looked at."""
        return history.history(self._channel, repository, new, old, limit)

    def compare(self, repository: str, base: str, head: str) -> Compared | Unknown:
        """See `ports.GitHub`. One request."""
        return reads_compare.compare(self._channel, repository, base, head)

    def trees(self, repository_id: int, commit: str, paths: Iterable[str]) -> Mapping[str, Tree | Unknown]:
        """See `ports.GitHub`. No request for what this process has read before."""
        return reads_trees.trees(self._channel, repository_id, commit, paths)

    def entries(self, repository_id: int, commit: str, folder: str) -> tuple[str, ...]:
        """See `ports.GitHub`."""
        return reads_trees.entries(self._channel, repository_id, commit, folder)

    def runs_at(self, repository: str, head_sha: str) -> tuple[WorkflowRun, ...]:
        """See `ports.GitHub`."""
        return reads_runs.runs_at(self._channel, repository, head_sha)

    def attestations(self, repository: str, digest: str) -> tuple[bytes, ...] | Unknown:
        """See `ports.GitHub`. One request, and a token of its own once an hour."""
        return self._with(
            reads_attestations.PERMISSION,
            lambda channel: reads_attestations.attestations(channel, repository, digest),
        )

    def permission(self, repository: str, login: str, user_id: int | None = None) -> str:
        """See `ports.GitHub`."""
        return reads_repositories.permission(self._channel, repository, login, user_id)

    def team_members(self, teams: Iterable[str]) -> Mapping[str, tuple[Actor, ...] | Unknown]:
        """See `ports.GitHub`."""
        return reads_teams.team_members(self._channel, teams)

    def protection(self, repository: str, branch: str) -> Protection:
        """What protects a branch, for the doctor. Raises NotFound when it is not there."""
        return reads_doctor.protection(self._channel, repository, branch)

    def owner_errors(self, repository: str, ref: str) -> Mapping[int, tuple[str, ...]] | Unknown:
        """See `ports.GitHub`. One request."""
        return reads_owners.owner_errors(self._channel, repository, ref)

    def apply(self, repository: Repository, actions: Sequence[Action]) -> tuple[Receipt, ...]:
        """See `ports.GitHub`. Nothing is sent for no actions."""
        writer = Writer(self._channel, repository, self._app_id, self._counted)
        try:
            return writer.apply(actions)
        finally:
            self.receipts.extend(writer.done(actions))
