"""What people said about a pull request, what is known about them, and what is kept of it (rows P3, B1, B2).

Persons are told apart by GitHub's numeric id, never by a name in a commit (attack case 57). Whatever could not be read
is `Unknown`, and an id that was never asked for is unknown too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from bot.model.facts import Actor, Unknown


class ReviewState(Enum):
    """GitHub's states of a review: https://docs.github.com/rest/pulls/reviews"""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review as GitHub shows it now. `commit_sha` is the head that its author looked at."""

    id: int
    author: Actor
    state: ReviewState
    commit_sha: str | None
    """None when that commit is gone."""
    submitted_at: datetime | None
    """None while it is pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveComment:
    """A comment that said `/approve` when it was created. `head_sha` is the head of that moment, not of today."""

    comment_id: int
    author: Actor
    head_sha: str | Unknown
    created_at: datetime
    edited_by: Actor | Unknown | None = None
    """Who edited it last; None: nobody ever did."""
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A comment that said `/approve cancel`. It takes back what its author said before, as review or as comment.

    Editing or deleting it brings nothing back.
    """

    comment_id: int
    author: Actor
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Active members of teams, as they stand now; a pending invitation is none (attack case 61)."""

    teams: Mapping[int, frozenset[str] | Unknown] = field(default_factory=dict)
    """Person id to the teams (`org/slug`, lower case) among those asked for that the person is in."""
    unread: Mapping[str, Unknown] = field(default_factory=dict)
    """Teams (`org/slug`, lower case) whose members could not be read: nobody is known to be in them or not."""

    def of(self, person_id: int, team: str) -> bool | Unknown:
        """Whether the person is in the team (`org/slug`, any case)."""
        name = team.lower()
        known = self.teams.get(person_id, Unknown(why="the teams were not read"))
        if not isinstance(known, Unknown) and name in known:
            return True
        if name in self.unread:
            return self.unread[name]
        return known if isinstance(known, Unknown) else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Effective permissions on the config repository: `admin`, `maintain`, `write`, `triage`, `read` or `none`."""

    levels: Mapping[int, str | Unknown] = field(default_factory=dict)

    def of(self, person_id: int) -> str | Unknown:
        """The person's permission."""
        return self.levels.get(person_id, Unknown(why="the permission was not read"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributors:
    """Who had a hand in what is to be approved, and so does not count (attack cases 53, 54, 57)."""

    author: Actor
    """Who opened the pull request."""
    last_pusher: Actor | Unknown | None
    """None: nobody but Lockstep ever pushed."""
    committers: tuple[Actor, ...] | Unknown
    """Authors and committers of the pull request's commits, as far as GitHub knows their accounts."""
    requester: Actor | Unknown | None
    """Who asked for it with `/promote`; None: nobody, it came by itself."""
    source_authors: tuple[Actor, ...] | Unknown
    """Authors and committers of the promoted commits in the app's repository."""
    unresolved: tuple[str, ...] = ()
    """Names in commits that belong to no account. They trust nobody, and they make every pusher suspect."""
    pushers: tuple[Actor, ...] | Unknown = ()
    """Everybody who ever pushed to the branch, as far as it is on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentIdentity:
    """What an approval was given to (row B1). Two pull request heads with equal identities are the same content.

    `digests`: component and digest; `files`: path and `<mode>:<sha256 of the bytes>`, or `deleted`; `gates`: gate and
    the class of its evidence. Each sorted by its first word.
    """

    base_ref: str
    digests: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    gates: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """A hash of all of it, the same in each process and version: `v1:` and 64 hex digits."""
        return "v1:" + hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """As one line of JSON that the store can keep."""
        fields = {"base": self.base_ref, "digests": self.digests, "files": self.files, "gates": self.gates}
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> ContentIdentity:
        """What `to_json` wrote. Raises ValueError, KeyError or TypeError when it is anything else."""
        found = json.loads(text)
        return cls(
            base_ref=str(found["base"]),
            digests=_pairs(found["digests"]),
            files=_pairs(found["files"]),
            gates=_pairs(found["gates"]),
        )


def _pairs(rows: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in rows)


class Via(Enum):
    """How a person said yes; both are the same voice (attack case 63)."""

    REVIEW = "review"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullAt:
    """A pull request at a head commit, on its way to an environment: what overrides and approvals belong to.

    The base is part of it: what was said before a retarget does not count after it (attack case 48).
    """

    repository_id: int
    pull: int
    base_ref: str
    head_sha: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """A yes and the content it was given to; the store keeps one per review or comment, and never changes it.

    Unique by (`repository_id`, `pull`, `via`, `source_id`).
    """

    person_id: int
    person_login: str
    repository_id: int
    pull: int
    head_sha: str
    identity: ContentIdentity
    given_at: datetime
    via: Via
    source_id: int
    """The review's or the comment's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A recorded permission to set one gate aside on one head commit for a while (row B2)."""

    gate: str
    reason: str
    by: Actor
    at: PullAt
    given_at: datetime
    expires_at: datetime
    cancelled_at: datetime | None = None
    cancelled_by: Actor | None = None
    comment_id: int | None = None
    """The comment that asked for it; None when it came through another door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOwners:
    """A touched path that needs a yes of one of its owners. No user and no team: unresolved, never "nobody"."""

    path: str
    users: tuple[str, ...] = ()
    """Logins."""
    teams: tuple[str, ...] = ()
    """`org/slug`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedOwners:
    """A touched path whose owners cannot be told (attack case 44). `line` None: the whole file is at fault."""

    path: str
    line: int | None
    why: str
    unknown: bool = False
    """Whether asking again may help: GitHub did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredOwners:
    """What CODEOWNERS of the base branch demands of this change; paths that nobody owns are left out."""

    file: str
    paths: tuple[PathOwners, ...] = ()
    unresolved: tuple[UnresolvedOwners, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """All that a decision about approvals rests on, read once."""

    at: PullAt
    reviews: tuple[Review, ...] | Unknown
    """All of them, in any order, all pages."""
    comments: tuple[ApproveComment, ...] | Unknown
    cancellations: tuple[Cancellation, ...] = ()
    records: tuple[ApprovalRecord, ...] = ()
    membership: Membership
    permissions: Permissions
    contributors: Contributors
    people: tuple[Actor, ...] = ()
    """Members of the roles and owners, as far as they are known: named as those who may approve."""
    changed_at: datetime | None = None
    """When the head or the base last changed, if that is known."""
