"""What `run` needs from the outside, as interfaces. The real parts live in `adapters`; tests stand in others.

Every method may raise `Retryable`, `Terminal` or `Stale` from `bot.errors`. Nothing here returns half a truth: a
list is complete (all pages) or a fact is `Unknown`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.action import Action, Receipt
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


class GitHub(Protocol):
    """One installation, seen with a token of its own. Counts every request by purpose."""

    @property
    def app_id(self) -> int:
        """The App's numeric id, which marks its check runs."""

    @property
    def bot_id(self) -> int:
        """The numeric user id of the App's bot account, which marks its pull requests and comments."""

    def repositories(self) -> tuple[Repository, ...]:
        """Every repository of the installation (all pages)."""

    def rules_files(self, repository_ids: Sequence[int]) -> tuple[RulesFile, ...]:
        """Rules files on the default branches of these repositories; those that are gone are left out. One question."""

    def run(self, repository: str, run_id: int) -> WorkflowRun | None:
        """The run as it stands now, its latest attempt; None when it does not exist."""

    def recent_runs(self, repository: str, workflow: str, limit: int = 20) -> tuple[WorkflowRun, ...]:
        """The newest completed runs of a workflow file, for the sweep. Raises NotFound when the App sees no repository
        of that name."""

    def runs_at(self, repository: str, head_sha: str) -> tuple[WorkflowRun, ...]:
        """Every run of any workflow on a head commit, newest first, whatever its state (all pages)."""

    def dispatched_run(
        self, repository: str, workflow: str, since: datetime, besides: Collection[int] = ()
    ) -> WorkflowRun | None:
        """The oldest run of a workflow file that Lockstep dispatched since then; None when there is none (yet)."""

    def open_heads(self, repository: Repository) -> tuple[OpenHead, ...]:
        """The tip of the default branch, and the heads of the hundred open pull requests that changed last."""

    def artifacts(self, repository: str, run_id: int, name: str | None) -> tuple[Artifact, ...]:
        """The run's artifacts of that name, or of every name (all pages)."""

    def download(self, repository: str, artifact: Artifact, limit: int) -> bytes:
        """The artifact's zip. Raises UserError when it is larger than `limit` bytes or expired."""

    def environment(
        self,
        repository: Repository,
        *,
        files: Iterable[str],
        branches: Iterable[str],
        histories: Sequence[tuple[str, str]] = (),
    ) -> EnvironmentSnapshot:
        """Everything about one environment, in one question: files at the default branch's head and at each of
        `branches` that exists, and the open pull requests of those branches.

        `histories` are repositories with a commit that `history` will be asked about next: they come along.
        """

    def pull(self, repository_id: int, number: int, *, files: Iterable[str]) -> PullSnapshot | None:
        """Everything about one pull request, in one question for the usual case; None when it does not exist."""

    def merge_group(
        self, repository_id: int, base_ref: str, head_sha: str, *, files: Iterable[str]
    ) -> MergeGroup | None:
        """The merge group with that head commit, in one question; None when the base branch's queue has none such."""

    def pull_commits(self, repository_id: int, number: int) -> tuple[Commit, ...] | Unknown:
        """The commits of a pull request with authors and committers, oldest first; Unknown when GitHub does not list
        all of them (attack case 24)."""

    def checks(self, repository_id: int, sha: str) -> tuple[Check, ...] | Unknown:
        """Every check run and commit status of a commit, our own too (all pages)."""

    def code_scanning(self, repository: str, ref: str, sha: str) -> Reported[Findings] | Unknown:
        """The open findings of code scanning on a ref (`refs/heads/main`), and those fixed there after `sha` (all
        pages). Unknown when the commit was not analysed, or they may not be read."""

    def dependabot(self, repository: str, since: datetime) -> Reported[Findings] | Unknown:
        """Dependabot's open alerts, and those fixed after `since` (all pages). Unknown when they may not be read."""

    def arrivals(self, repository_id: int, old: str, new: str, files: Sequence[str]) -> Arrivals | Unknown:
        """The commits that lead from `new` down to `old`, with the merged pull requests that they came through and
        what each of `files` was in it."""

    def changed_paths(self, repository: str, sha: str) -> tuple[str, ...] | Unknown:
        """The files that a commit changed against its first parent, with both names of renamed ones."""

    def files(
        self, repository: str, ref: str, paths: Iterable[str]
    ) -> Mapping[str, RepositoryFile | Unknown]:
        """Files at a commit, byte for byte."""

    def trees(self, repository_id: int, commit: str, paths: Iterable[str]) -> Mapping[str, Tree | Unknown]:
        """All files below each of `paths` (folders or files) at a commit, byte for byte, within limits: what is larger
        is Unknown, or a file without data. Nothing is asked twice."""

    def entries(self, repository_id: int, commit: str, folder: str) -> tuple[str, ...]:
        """The names in one folder of a commit (`""` is the root), folders with `/`; links and submodules are left out.
        Nothing for what is no folder."""

    def directory(
        self, repository: str, ref: str, path: str
    ) -> Mapping[str, RepositoryFile | Unknown] | Unknown:
        """The files of one directory at a commit, by path from the root, without those of folders in it. Empty when
        there is no such directory."""

    def note(self, repository: str, ref: str, commit_sha: str) -> bytes | Unknown | None:
        """The Git note about a commit under `ref` (`refs/notes/…`); None when there is none."""

    def history(self, repository: str, new: str, old: str | None, limit: int = 50) -> History | Unknown:
        """The commits that `new` brings after `old`, newest first, at most `limit`."""

    def compare(self, repository: str, base: str, head: str) -> Compared | Unknown:
        """How the commit `head` relates to the commit `base`, both full ids."""

    def attestations(self, repository: str, digest: str) -> tuple[bytes, ...] | Unknown:
        """The provenance bundles that GitHub has for a digest, unverified; none is an answer."""

    def permission(self, repository: str, login: str, user_id: int | None = None) -> str:
        """Effective permission of a person: admin, write, read or none (`role_name` maintain counts as write). None
        also when the login belongs to somebody else than `user_id` now."""

    def team_members(self, teams: Iterable[str]) -> Mapping[str, tuple[Actor, ...] | Unknown]:
        """The active members of teams (`org/slug`, any case), those of child teams among them, by the name asked for in
        lower case. A team that cannot be read is Unknown. One question for them all in the usual case."""

    def owner_errors(self, repository: str, ref: str) -> Mapping[int, tuple[str, ...]] | Unknown:
        """What GitHub finds wrong with CODEOWNERS at a commit, by line: owners that do not exist, cannot be seen, or
        have no write permission (a team's own) among it. Unknown when it does not say. One request."""

    def apply(self, repository: Repository, actions: Sequence[Action]) -> tuple[Receipt, ...]:
        """Carries the actions out, in as few requests as GitHub allows, in order. Raises Stale when a head moved: what
        was done before that is found by the next look."""

    @property
    def receipts(self) -> Sequence[Receipt]:
        """What `apply` has done so far, also when it raised at a later action."""
