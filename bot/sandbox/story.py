"""What happens: pushes, CI runs, checks, comments, reviews, merges. Part of ``Sandbox`` (see scenario.py).

Every act is made with the acting person's rights and emits its webhooks; ``Refused`` is raised as GitHub refuses.
"""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox import actions
from bot.sandbox.access import actor_of_app, actor_of_user, require
from bot.sandbox.actions.refs import guard_push, move, person
from bot.sandbox.actions.workflows import ACTIONS_APP_ID
from bot.sandbox.setting import Files, Place, Setting
from bot.sandbox.state import (
    Account,
    Actor,
    App,
    CheckRun,
    Comment,
    Event,
    Installation,
    Issue,
    Pull,
    Repository,
    Review,
    Status,
    WorkflowRun,
)


class Story(Setting):
    """What people, CI and other Apps do."""

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

    # Git --------------------------------------------------------------------------------------------
    def push(
        self,
        repository: Place,
        branch: str,
        files: Files,
        by: str,
        message: str = "Change",
        *,
        parent: str | None = None,
        force: bool = False,
        bypass: bool = False,
    ) -> str:
        """Push one commit (a new branch starts at the default one, or at ``parent``); its sha.

        ``force`` replaces the branch's tip by a commit on ``parent``; ``bypass`` ignores branch protection.
        """
        with self.world.lock:
            repo, account = self.repo(repository), self.user(by)
            require(self.world, self.as_user(by), repo, "contents", "write")
            before = repo.git.ref(f"heads/{branch}")
            start = parent or before or repo.git.ref(f"heads/{repo.default_branch}")
            sha = self.commit_on(repo.git, start, files, message, person(self.world, account))
            if not bypass:
                guard_push(repo, f"heads/{branch}", sha, force=force)
            if before and not force and not repo.git.is_ancestor(before, sha):
                raise ValueError(f"{branch} is elsewhere: this push needs force=True")
            move(self.world, repo, f"heads/{branch}", before, sha, account)
            return sha

    def point(self, repository: Place, branch: str, sha: str, by: str) -> None:
        """Point a branch at a commit, by force when needed (``git push --force``)."""
        with self.world.lock:
            repo = self.repo(repository)
            require(self.world, self.as_user(by), repo, "contents", "write")
            name = f"heads/{branch}"
            move(self.world, repo, name, repo.git.ref(name), sha, self.user(by))

    def delete_branch(self, repository: Place, branch: str, by: str) -> None:
        """Delete a branch; its pull requests close."""
        with self.world.lock:
            actions.delete_ref(self.world, self.as_user(by), self.repo(repository), f"heads/{branch}")

    def file(self, repository: Place, ref: str, path: str) -> bytes | None:
        """A file's bytes at a branch, tag or sha; None when it is not there."""
        with self.world.lock:
            repo = self.repo(repository)
            sha = repo.git.resolve(ref)
            return repo.git.read(sha, path) if sha else None

    def sha(self, repository: Place, ref: str) -> str | None:
        """The commit a branch, tag or short sha means; None when there is none."""
        with self.world.lock:
            return self.repo(repository).git.resolve(ref)

    # CI ---------------------------------------------------------------------------------------------
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
        """Runs the automatic CI when a pull request gets a new head."""
        if event.name != "pull_request" or event.repo is None or event.repo.id not in self._ci:
            return
        if event.action in ("opened", "synchronize", "reopened") and self._ci[event.repo.id][3]:
            self.run_ci(event.repo, event.subject["pull"].head_sha)

    # Pull requests ----------------------------------------------------------------------------------
    def open_pull(
        self,
        repository: Place,
        head: str,
        by: str,
        title: str = "Change",
        body: str = "",
        base: str | None = None,
        draft: bool = False,
    ) -> Pull:
        """A person opens a pull request (``head`` may be ``owner:branch`` of a fork)."""
        with self.world.lock:
            repo, actor = self.repo(repository), self.as_user(by)
            where = base or repo.default_branch
            return actions.open_pull(
                self.world, actor, repo, title=title, head=head, base=where, body=body, draft=draft
            )

    def edit_pull(self, pull: Pull, by: str, **fields: str) -> Pull:
        """Change ``title``, ``body``, ``base`` or ``state``."""
        with self.world.lock:
            return actions.update_pull(self.world, self.as_user(by), pull, **fields)

    def comment(self, issue: Issue, by: str, text: str) -> Comment:
        """Comment on a pull request or issue."""
        with self.world.lock:
            return actions.comment(self.world, self.as_user(by), issue, text)

    def edit_comment(self, comment: Comment, by: str, text: str) -> Comment:
        """Edit a comment; ``issue_comment.edited``."""
        with self.world.lock:
            return actions.edit_comment(self.world, self.as_user(by), comment, text)

    def delete_comment(self, comment: Comment, by: str) -> None:
        """Delete a comment."""
        with self.world.lock:
            actions.delete_comment(self.world, self.as_user(by), comment)

    def review(
        self, pull: Pull, by: str, event: str = "APPROVE", body: str = "", sha: str | None = None
    ) -> Review:
        """Review: APPROVE, REQUEST_CHANGES or COMMENT (which need a body), of ``sha`` or the head."""
        with self.world.lock:
            return actions.review(self.world, self.as_user(by), pull, event, body, sha)

    def dismiss(self, review: Review, by: str, message: str = "outdated") -> Review:
        """Dismiss a review."""
        with self.world.lock:
            return actions.dismiss_review(self.world, self.as_user(by), review.pull, review.id, message)

    def label(self, issue: Issue, by: str, *names: str) -> None:
        """Put labels on."""
        with self.world.lock:
            actions.add_labels(self.world, self.as_user(by), issue, list(names))

    def unlabel(self, issue: Issue, by: str, name: str) -> None:
        """Take a label off."""
        with self.world.lock:
            actions.remove_label(self.world, self.as_user(by), issue, name)

    def merge(self, pull: Pull, by: str, method: str = "merge") -> str:
        """Merge as a person; the merge commit's sha."""
        with self.world.lock:
            return actions.merge_pull(self.world, self.as_user(by), pull, method=method)

    def close(self, pull: Pull, by: str) -> None:
        """Close without merging."""
        with self.world.lock:
            actions.close_pull(self.world, self.as_user(by), pull)

    def reopen(self, pull: Pull, by: str) -> None:
        """Open again."""
        with self.world.lock:
            actions.reopen_pull(self.world, self.as_user(by), pull)

    def rerequest(self, run: CheckRun, by: str) -> None:
        """A person asks for a check again; ``check_run.rerequested``."""
        with self.world.lock:
            actions.rerequest_check_run(self.world, self.as_user(by), run)

    def press(self, run: CheckRun, identifier: str, by: str) -> None:
        """A person presses a check run's button; ``check_run.requested_action``."""
        with self.world.lock:
            actions.press_button(self.world, self.as_user(by), run, identifier)

    def checks(self, repository: Place, ref: str) -> dict[str, CheckRun]:
        """The latest check run of each name at a branch or sha."""
        with self.world.lock:
            repo = self.repo(repository)
            sha = repo.git.resolve(ref)
            runs = sorted(repo.check_runs.values(), key=lambda r: r.id)
            return {run.name: run for run in runs if run.head_sha == sha}

    def author_of(self, pull: Pull) -> Account:
        """Who opened it (an App's bot has a login ending in ``[bot]``)."""
        return pull.user


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of these members, deflated, with a fixed date."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return raw.getvalue()
