"""A person at the command line, by a token of their own: who they are, and what they say on a pull request.

https://docs.github.com/rest/users/users#get-the-authenticated-user ·
https://docs.github.com/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

from datetime import UTC, datetime

from github.Auth import Token

from bot.adapters.github.errors import limit_of, message_of, trouble
from bot.adapters.github.transport import Answer, Transport
from bot.errors import Retryable, UserError
from bot.model.facts import Actor

_NOBODY = (
    "The token given speaks for no person, and a promotion is asked for by one. A workflow's own GITHUB_TOKEN never "
    "does: give a person's token with GITHUB_TOKEN or --token-file, or send the repository_dispatch `lockstep-promote` "
    "with one."
)


class Person:
    """Who asks. The token is neither kept elsewhere nor shown."""

    def __init__(self, api_url: str, token: str) -> None:
        self._transport = Transport(api_url, Token(token))

    def who(self) -> Actor:
        """The person behind the token, by GitHub's word. Raises UserError when it is no person's, or not valid."""
        answer = self._transport.send("GET", "/user")
        if answer.status == 401:
            raise UserError(
                "GitHub does not accept the token (GITHUB_TOKEN or --token-file): it is wrong or expired."
            )
        if answer.status == 403 and "integration" in message_of(answer.data).lower():
            raise UserError(_NOBODY)
        _check(answer, "GET /user")
        if answer.data.get("type") != "User":
            raise UserError(_NOBODY)
        return Actor(id=int(answer.data["id"]), login=str(answer.data["login"]))

    def says(self, repository: str, number: int, text: str) -> int:
        """Comments on a pull request as this person; the comment's id. Raises UserError when the token may not."""
        path = f"/repos/{repository}/issues/{number}/comments"
        answer = self._transport.send("POST", path, body={"body": text})
        if answer.status in (401, 403, 404) and not _limited(answer):
            raise UserError(
                f"The token may not comment on {repository}#{number} (it needs `Pull requests: write`); GitHub says: "
                f"{message_of(answer.data)}"
            )
        _check(answer, f"POST {path}")
        return int(answer.data["id"])


def _limited(answer: Answer) -> bool:
    return limit_of(answer.status, answer.headers, answer.data, datetime.now(UTC)) is not None


def _check(answer: Answer, what: str) -> None:
    if _limited(answer):
        raise Retryable(f"GitHub asks for patience at {what}: {message_of(answer.data)}")
    if answer.status >= 300:
        raise trouble(answer.status, answer.headers, answer.data, what)
