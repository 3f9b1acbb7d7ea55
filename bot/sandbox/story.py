"""What people do: push, comment, review, merge. Part of ``Sandbox`` (see scenario.py).

Every act is made with the acting person's rights and emits its webhooks; ``Refused`` is raised as GitHub refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox import actions
from bot.sandbox.access import require
from bot.sandbox.actions.refs import guard_push, move, person
from bot.sandbox.cast import Place
from bot.sandbox.ci import Ci
from bot.sandbox.setting import Files
from bot.sandbox.state import Account, CheckRun, Comment, Issue, Pull, QueueEntry, Review


class Story(Ci):
    """What people do."""

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

    def open_issue(
        self, repository: Place, title: str, body: str, by: str, labels: Sequence[str] = ()
    ) -> Issue:
        """A person opens an issue, and labels it."""
        with self.world.lock:
            return actions.open_issue(
                self.world, self.as_user(by), self.repo(repository), title, body, list(labels)
            )

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
        self, pull: Pull, by: str, event: str | None = "APPROVE", body: str = "", sha: str | None = None
    ) -> Review:
        """Review ``sha`` or the head: APPROVE, REQUEST_CHANGES or COMMENT (which need a body); None: not submitted."""
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

    def enqueue(self, pull: Pull, by: str) -> QueueEntry:
        """Put into the merge queue as a person."""
        with self.world.lock:
            return actions.enqueue(self.world, self.as_user(by), pull)

    def dequeue(self, pull: Pull, by: str) -> None:
        """Take out of the merge queue as a person."""
        with self.world.lock:
            actions.dequeue(self.world, self.as_user(by), pull)

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

    def author_of(self, pull: Pull) -> Account:
        """Who opened it (an App's bot has a login ending in ``[bot]``)."""
        return pull.user
