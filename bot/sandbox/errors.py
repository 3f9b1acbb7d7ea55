"""What the local GitHub refuses with: one exception that REST prints as JSON and GraphQL as an error."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """GitHub's refusal: HTTP status, message and, for 422, the list under ``errors``.

    ``kind`` is the GraphQL error type (``NOT_FOUND``, ``FORBIDDEN``, ``UNPROCESSABLE``, ``STALE_DATA`` …).
    """

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Any] | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.kind = kind or {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND"}.get(
            status, "UNPROCESSABLE"
        )


def not_found() -> Refused:
    """404 as GitHub says it, also for what the caller may not see."""
    return Refused(404, "Not Found")


def forbidden() -> Refused:
    """403 for an App without the permission."""
    return Refused(403, "Resource not accessible by integration")


def invalid(message: str, **error: object) -> Refused:
    """422; with keywords, ``Validation Failed`` and one entry under ``errors`` (resource, field, code)."""
    if error:
        return Refused(422, "Validation Failed", [{"message": message, **error}])
    return Refused(422, message)
