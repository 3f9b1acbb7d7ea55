"""The four kinds of trouble, sorted at the edge: retry, stop, start afresh, tell the user.

Adapters raise these; `run` and `worker` decide by kind alone, never by message.
"""

from __future__ import annotations

from datetime import datetime


class LockstepError(Exception):
    """Base of every error that Lockstep raises on purpose. `str(error)` never holds a secret."""

    told = False
    """Whether GitHub shows by now what was judged, so that only the deed after it failed (a merge, a comment)."""


class Retryable(LockstepError):
    """Something outside did not answer; the same subject is looked at again later.

    `at` is the earliest moment at which trying again makes sense (rate-limit reset, `retry-after`);
    None leaves the choice to the worker's backoff. `counts` is False when the wait is asked for by the other side
    (a rate limit) and says nothing about the subject's health.
    """

    def __init__(self, message: str, *, at: datetime | None = None, counts: bool = True) -> None:
        super().__init__(message)
        self.at = at
        self.counts = counts


class Terminal(LockstepError):
    """Trying again cannot help (installation gone, permission never granted); the subject is left alone."""


class NotFound(Terminal):
    """GitHub does not have it, or does not show it to the App."""


class InstallationGone(Terminal):
    """GitHub does not know the installation: it was deleted, and what belongs to it is forgotten (case 26)."""


class Stale(LockstepError):
    """The world moved between the look and the write; the subject is looked at again at once.

    What comes of retrying at once is decided by a fresh look, so nothing of the old one is kept.
    """


class Moved(Stale):
    """A repository is not where the store says: renamed, transferred, or taken from the installation (case 25).

    What the installation covers is read again before the subject is looked at again.
    """


class UserError(LockstepError):
    """A person can mend this: the message names the file, line, field or setting and what to do."""


class NoReport(UserError):
    """An artifact holds nothing that could be a report: screenshots and logs, perhaps."""


class TooHeavy(UserError):
    """Reading what somebody wrote took more time or memory than it may; the message says which, and begins with a
    verb: who tells it, tells what it was (attack cases 49, 74)."""


class ArtifactRefused(UserError):
    """A workflow artifact that is not taken, as a whole (row R1, attack cases 33 to 37).

    `code` is a bounded word for the ledger: `bad_artifact` (the zip), `bad_component_tags` (the file in it).
    `field` is a path such as `api.digest`, or empty. None of them, nor the message, holds the content.
    """

    def __init__(self, message: str, *, code: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.code = code
        self.field = field
