"""Approvals: `/approve` comments as they were created, and the content that each yes was given to (row B1).

Rows are only ever added: what was said and recorded stays, and whether it still holds is decided anew each time.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.adapters.store.database import Database
from bot.adapters.store.text import plain
from bot.model.approval_facts import ApprovalRecord, ApproveComment, Cancellation, ContentIdentity, Via
from bot.model.facts import Actor, Unknown


class Approvals:
    """By config repository and pull request. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def said(self, repository_id: int, pull: int, word: ApproveComment | Cancellation) -> bool:
        """Keeps an `/approve` or `/approve cancel`; False when that comment was kept before."""
        head = word.head_sha if isinstance(word, ApproveComment) else None
        return (
            self._database.run(
                "insert into approve_comments (comment_id, repository_id, pull_number, author_id, author_login,"
                " head_sha, cancels, created_at) values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                (
                    word.comment_id, repository_id, pull, word.author.id, plain(word.author.login),
                    None if isinstance(head, Unknown) else head, isinstance(word, Cancellation), word.created_at,
                ),
            )
            == 1
        )  # fmt: skip

    def comments(self, repository_id: int, pull: int) -> tuple[ApproveComment | Cancellation, ...]:
        """All that was said on a pull request, oldest first; whether it was edited or deleted is GitHub's to say."""
        rows = self._database.rows(
            "select comment_id, author_id, author_login, head_sha, cancels, created_at from approve_comments"
            " where repository_id = %s and pull_number = %s order by created_at, comment_id, cancels",
            (repository_id, pull),
        )
        found: list[ApproveComment | Cancellation] = []
        for row in rows:
            author = Actor(id=row["author_id"], login=row["author_login"])
            number, at = row["comment_id"], row["created_at"]
            if row["cancels"]:
                found.append(Cancellation(comment_id=number, author=author, created_at=at))
            else:
                head = row["head_sha"] or Unknown(why="it was not known when the comment was read")
                found.append(ApproveComment(comment_id=number, author=author, head_sha=head, created_at=at))
        return tuple(found)

    def keep(self, records: Iterable[ApprovalRecord]) -> None:
        """Keeps what each yes was given to; a record that is there stays as it is."""
        for record in records:
            self._database.run(
                "insert into approval_records (repository_id, pull_number, via, source_id, person_id, person_login,"
                " head_sha, content, given_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                (
                    record.repository_id, record.pull, record.via.value, record.source_id, record.person_id,
                    plain(record.person_login), record.head_sha, record.identity.to_json(), record.given_at,
                ),
            )  # fmt: skip

    def records(self, repository_id: int, pull: int) -> tuple[ApprovalRecord, ...]:
        """The records of a pull request."""
        rows = self._database.rows(
            "select repository_id, pull_number, via, source_id, person_id, person_login, head_sha, content, given_at"
            " from approval_records where repository_id = %s and pull_number = %s order by given_at, source_id",
            (repository_id, pull),
        )
        return tuple(
            ApprovalRecord(
                person_id=row["person_id"],
                person_login=row["person_login"],
                repository_id=row["repository_id"],
                pull=row["pull_number"],
                head_sha=row["head_sha"],
                identity=ContentIdentity.from_json(row["content"]),
                given_at=row["given_at"],
                via=Via(row["via"]),
                source_id=row["source_id"],
            )
            for row in rows
        )
