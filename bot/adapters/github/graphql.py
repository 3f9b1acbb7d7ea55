"""GraphQL answers: data beside errors, because GitHub answers 200 with both.

Errors carry `type` and the `path` of the field that is null for it.
https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import LockstepError, Retryable, Stale, Terminal

_MOVED = (
    "already exists",
    "no commits between",
    "expected branch",
    "expected head",
    "no commit found",
    "does not exist",
)
"""GitHub's words for what another one's change explains."""
_PASSING = ("something went wrong", "timeout", "timed out", "try again", "loading")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One entry of `errors`. `type` is GitHub's word (NOT_FOUND, FORBIDDEN, UNPROCESSABLE, STALE_DATA …) or empty."""

    type: str
    path: tuple[str | int, ...]
    message: str

    @property
    def is_passing(self) -> bool:
        """Whether GitHub itself failed, so that asking again may help."""
        if self.type in ("SERVICE_UNAVAILABLE", "INTERNAL", "MAX_NODE_LIMIT_TIMEOUT"):
            return True
        return not self.type and any(words in self.message.lower() for words in _PASSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A document's answer; `data` is empty when nothing was done."""

    data: Mapping[str, Any]
    errors: tuple[FieldError, ...]

    @property
    def rate_limited(self) -> bool:
        """Whether the budget is the reason."""
        return any(error.type in ("RATE_LIMITED", "RATE_LIMIT") for error in self.errors)

    def error_of(self, alias: str) -> FieldError | None:
        """The error of one root field."""
        return next((error for error in self.errors if error.path[:1] == (alias,)), None)

    def forbidden_at(self, field: str) -> FieldError | None:
        """The first refusal whose path goes through `field`."""
        return next((e for e in self.errors if e.type == "FORBIDDEN" and field in e.path), None)

    def must_be_read(self, *, except_at: Sequence[str] = ()) -> None:
        """For reads: NOT_FOUND is an answer (the field is null), anything else is raised, so that no half truth is
        taken for a whole one. Refusals below a field in `except_at` are left to the caller."""
        for error in self.errors:
            if error.type == "NOT_FOUND" or (
                error.type == "FORBIDDEN" and any(field in error.path for field in except_at)
            ):
                continue
            raise read_trouble(error)


def reply_of(body: Any, what: str) -> Reply:
    """Reads an answer of status 200. Raises Retryable or Terminal when there is no data at all and no error of the
    rate limit."""
    if not isinstance(body, Mapping):
        raise Retryable(f"GitHub's answer to {what} is no object")
    errors = tuple(_error(entry) for entry in body.get("errors") or () if isinstance(entry, Mapping))
    reply = Reply(data=body.get("data") or {}, errors=errors)
    if reply.rate_limited or reply.data or not errors:
        return reply
    first = errors[0]
    if first.path and not first.is_passing:
        return reply
    if first.is_passing:
        raise Retryable(f"GitHub could not work on {what}: {first.message}")
    raise Terminal(f"GitHub does not understand {what}: {first.message}")


def read_trouble(error: FieldError) -> LockstepError:
    """The kind of an error at a field that was read."""
    where = ".".join(str(part) for part in error.path)
    if error.type == "FORBIDDEN":
        return Terminal(f"the App may not read {where}: {error.message}")
    return Retryable(f"GitHub could not answer {where}: {error.message}")


def write_trouble(error: FieldError, field: str) -> LockstepError:
    """The kind of an error at a mutation: what another one's change explains is Stale, a refusal is Terminal."""
    said = f"{field}: {error.message}"
    words = error.message.lower()
    if error.is_passing:
        return Retryable(f"GitHub could not do {said}")
    if error.type in ("STALE_DATA", "NOT_FOUND"):
        return Stale(f"GitHub did not do {said}")
    if any(phrase in words for phrase in _MOVED):
        return Stale(f"GitHub did not do {said}")
    return Terminal(f"GitHub refused {said}")


def _error(entry: Mapping[str, Any]) -> FieldError:
    return FieldError(
        type=str(entry.get("type") or ""),
        path=tuple(entry.get("path") or ()),
        message=str(entry.get("message") or "no explanation")[:300],
    )
