"""CI and other Apps: workflow runs, artifacts, checks, statuses. Part of ``Sandbox`` (see scenario.py)."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox import actions
from bot.sandbox.access import actor_of_app, actor_of_user
from bot.sandbox.actions.workflows import ACTIONS_APP_ID
from bot.sandbox.cast import Place
from bot.sandbox.setting import Setting
from bot.sandbox.state import (
    Actor,
    App,
    CheckRun,
    Event,
    GateRequest,
    Installation,
    Repository,
    Status,
    WorkflowRun,
)


class Ci(Setting):
    """What CI and other Apps do."""

    _ci: dict[int, tuple[list[str], str, float, bool]]  # repository → checks, conclusion, delay, automatic
    _timers: list[threading.Timer]

    def as_user(self, login: str) -> Actor:
        """A person as an actor, with all their rights."""
        return actor_of_user(self.world, login)

    def as_app(self, repository: Place, app: App | str | None = None) -> Actor:
        """An App as an actor there: itself, its slug, or (None) GitHub Actions; it may write checks."""
        found = self._find_app(app)
        for installation in self.world.installations.values():
            if installation.app is found and installation.account is self.repo(repository).owner:
                return actor_of_app(installation)
        return actor_of_app(
            Installation(
                app=found,
                account=self.repo(repository).owner,
                repository_ids=None,
                permissions={"checks": "write", "statuses": "write", "deployments": "write"},
                events=[],
                created_at=self.world.clock.now(),
            )
        )

    def _find_app(self, app: App | str | None) -> App:
        if isinstance(app, App):
            return app
        if app is None:
            return self.world.apps[ACTIONS_APP_ID]
        slug = app.lower().replace(" ", "-")
        for known in self.world.apps.values():
            if known.slug == slug:
                return known
        owner = self.world.account("github")
        return self._app_of(self.world.next_id(), slug, app, owner, None, "", {}, [])

    def start_run(
        self,
        repository: Place,
        workflow: str,
        name: str | None = None,
        branch: str | None = None,
        event: str = "push",
        sha: str | None = None,
        *,
        by: str | None = None,
        head_repository: Place | None = None,
        title: str | None = None,
    ) -> WorkflowRun:
        """Start a run of the workflow with this path; ``requested`` and ``in_progress`` webhooks."""
        with self.world.lock:
            repo = self.repo(repository)
            source = self.repo(head_repository) if head_repository else repo
            where = branch or repo.default_branch
            head = sha or source.git.ref(f"heads/{where}") or ""
            flow = actions.workflow_of(self.world, repo, workflow, name)
            actor = self.user(by) if by else self._somebody(repo.owner)
            return actions.start_run(
                self.world,
                repo,
                flow,
                branch=where,
                sha=head,
                event=event,
                actor=actor,
                head_repo=source,
                title=title,
            )

    def finish_run(
        self,
        run: WorkflowRun,
        conclusion: str = "success",
        artifacts: Mapping[str, Mapping[str, bytes] | bytes] | None = None,
    ) -> WorkflowRun:
        """End a run; artifacts by name: ``{member: bytes}`` gets zipped, bytes are taken as the zip."""
        with self.world.lock:
            zips = {
                name: content if isinstance(content, bytes) else zipped(content)
                for name, content in (artifacts or {}).items()
            }
            actions.finish_run(self.world, run, conclusion, zips)
            return run

    def deploys(self, run: WorkflowRun, environment: str, app: App) -> GateRequest:
        """A job of the run reaches an environment that this App protects; ``deployment_protection_rule``."""
        with self.world.lock:
            return actions.request_gate(self.world, run, environment, app)

    def rerun(self, run: WorkflowRun) -> WorkflowRun:
        """Run it again: the same run with the next attempt, in progress; then ``finish_run`` it."""
        with self.world.lock:
            actions.rerun(self.world, run)
            return run

    def check(
        self,
        repository: Place,
        sha: str,
        name: str,
        conclusion: str | None = "success",
        by_app: App | str | None = None,
        **output: str,
    ) -> CheckRun:
        """A check run of GitHub Actions (or ``by_app``); conclusion None: in progress, a later call ends it."""
        with self.world.lock:
            repo, actor = self.repo(repository), self.as_app(repository, by_app)
            state: dict[str, Any] = {"conclusion": conclusion} if conclusion else {"status": "in_progress"}
            if output:
                state["output"] = {"title": name, "summary": name, **output}
            mine = [r for r in repo.check_runs.values() if r.head_sha == sha and r.name == name]
            waiting = [r for r in mine if r.app is actor.app and r.status != "completed"]
            if waiting:
                return actions.update_check_run(self.world, actor, waiting[-1], **state)
            return actions.create_check_run(self.world, actor, repo, name=name, head_sha=sha, **state)

    def attest(self, repository: Place, digest: str, bundle: dict[str, Any]) -> None:
        """A workflow leaves an attestation of a digest with the repository: a Sigstore bundle."""
        with self.world.lock:
            self.repo(repository).attestations.setdefault(digest, []).append(bundle)

    def status(
        self,
        repository: Place,
        sha: str,
        context: str,
        state: str = "success",
        by: str | None = None,
        description: str | None = None,
    ) -> Status:
        """A commit status by a person (with write access) or, with None, by GitHub Actions."""
        with self.world.lock:
            actor = self.as_user(by) if by else self.as_app(repository)
            repo = self.repo(repository)
            return actions.set_status(self.world, actor, repo, sha, state, context, description)

    def ci_for(
        self,
        repository: Place,
        checks: Iterable[str],
        conclusion: str = "success",
        automatic: bool = True,
        delay: float = 0.0,
    ) -> None:
        """CI of a repository: these checks on the head of every new or pushed pull request.

        ``delay`` seconds in progress before they end; ``automatic=False``: only by ``run_ci``.
        """
        with self.world.lock:
            self._ci[self.repo(repository).id] = (list(checks), conclusion, delay, automatic)

    def run_ci(self, repository: Place, sha: str, conclusion: str | None = None) -> None:
        """Run the checks of ``ci_for`` on a commit now, with another conclusion if given."""
        with self.world.lock:
            repo = self.repo(repository)
            names, usual, delay, _ = self._ci[repo.id]
            if not delay:
                self._conclude(repo, sha, names, conclusion or usual)
                return
            for name in names:
                self.check(repo, sha, name, None)
            later = threading.Timer(delay, self._conclude, (repo, sha, names, conclusion or usual))
            later.daemon = True
            self._timers.append(later)
            later.start()

    def _conclude(self, repo: Repository, sha: str, names: list[str], conclusion: str) -> None:
        with self.world.lock:
            for name in names:
                self.check(repo, sha, name, conclusion)

    def _on_event(self, event: Event) -> None:
        """Runs the automatic CI when a pull request gets a new head, and when a merge queue asks for checks."""
        if event.repo is None or event.repo.id not in self._ci or not self._ci[event.repo.id][3]:
            return
        if event.name == "pull_request" and event.action in ("opened", "synchronize", "reopened"):
            self.run_ci(event.repo, event.subject["pull"].head_sha)
        if event.name == "merge_group" and event.action == "checks_requested":
            self.run_ci(event.repo, event.subject["group"]["head_sha"])

    def checks(self, repository: Place, ref: str) -> dict[str, CheckRun]:
        """The latest check run of each name at a branch or sha."""
        with self.world.lock:
            repo = self.repo(repository)
            sha = repo.git.resolve(ref)
            runs = sorted(repo.check_runs.values(), key=lambda r: r.id)
            return {run.name: run for run in runs if run.head_sha == sha}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of these members, deflated, with a fixed date."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return raw.getvalue()
