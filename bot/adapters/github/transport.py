"""One HTTP request to GitHub through PyGithub's requester: no retry, no throttle, no followed redirect.

What PyGithub would do by itself is switched off: it repeats POSTs on 5xx, sleeps between writes, and follows a 301 with
any method; its debug line prints whole answers, fresh tokens among them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from github import Github
from github.Auth import Auth
from github.Requester import HTTPRequestsConnectionClass, Requester, RequestsResponse

from bot.errors import Retryable, UserError

USER_AGENT = "lockstep"
TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and between two bytes of an answer; GitHub itself gives up after ten."""

# PyGithub's DEBUG line holds whole answers (tokens), urllib3's holds the artifact's signed address.
for _talkative in ("github.Requester", "urllib3.connectionpool"):
    logging.getLogger(_talkative).setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came. Header names are lower-case; `data` is the parsed JSON, or None for an empty body."""

    status: int
    headers: Mapping[str, Any]
    data: Any

    @property
    def next_page(self) -> str | None:
        """Path and query of the next page, from the Link header."""
        for link in requests.utils.parse_header_links(str(self.headers.get("link", ""))):
            if link.get("rel") == "next":
                parts = urlsplit(link["url"])
                return f"{parts.path}?{parts.query}"
        return None


class _Response(RequestsResponse):
    """PyGithub's view of an answer, with a 301's address put aside so that it is not followed with a POST."""

    def getheaders(self) -> ItemsView[str, str]:
        headers = dict(self.headers.items())
        if self.status == 301:
            headers = {name: value for name, value in headers.items() if name.lower() != "location"}
        return headers.items()

    def read(self) -> str:
        # JSON is UTF-8 (RFC 8259); requests would guess when the charset is not named, and bytes would change.
        return self.response.content.decode("utf-8", "replace")


class _Connection(HTTPRequestsConnectionClass):
    """A single request over a shared session: PyGithub's own connection is not safe between threads."""

    def __init__(self, session: requests.Session, origin: str, timeout: tuple[float, float]) -> None:
        self._session = session
        self._origin = origin
        self._timeout = timeout

    def getresponse(self) -> RequestsResponse:
        answer = self._session.request(
            self.verb,
            self._origin + self.url,
            headers=self.headers,
            data=self.input,
            timeout=self._timeout,
            allow_redirects=False,
        )
        if answer.status_code == 202 and self.verb == "GET":
            # PyGithub would sleep and ask again, without end.
            raise Retryable(f"GitHub is still preparing its answer to GET {self.url.partition('?')[0]}")
        return _Response(answer)


class Transport:
    """Requests to one API address with one way of authenticating. Safe between threads."""

    def __init__(self, api_url: str, auth: Auth, *, timeout: tuple[float, float] = TIMEOUT) -> None:
        parts = urlsplit(api_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"GITHUB_API_URL {api_url!r} is no address such as https://api.github.com")
        self.secure = parts.scheme == "https"
        self.prefix = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._timeout = timeout
        self._session = requests.Session()
        self._session.auth = Requester.noopAuth  # else a .netrc entry would replace the token
        self._requester = Github(
            auth=auth,
            base_url=api_url.rstrip("/"),
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            user_agent=USER_AGENT,
            lazy=True,
            api_version="2022-11-28",
        ).requester

    def send(
        self, verb: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Answer:
        """Sends one request. `path` starts with `/` below the API address. Raises Retryable without an answer."""
        what = f"{verb} {path.partition('?')[0]}"
        connection = _Connection(self._session, self._origin, self._timeout)
        accept = {"Accept": "application/vnd.github+json"}
        try:
            status, headers, text = self._requester.requestJson(
                verb, path, dict(params or {}), accept, body, connection
            )
        except (requests.RequestException, OSError) as error:
            raise Retryable(f"GitHub did not answer {what} ({type(error).__name__})") from None
        return Answer(status=status, headers=headers, data=_parsed(text, status, what))

    def graphql(self, document: str, variables: Mapping[str, Any]) -> Answer:
        """Posts one GraphQL document."""
        body = {"query": document, "variables": dict(variables)}
        return self.send("POST", self._requester.graphql_url, body=body)


def _parsed(text: str, status: int, what: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        if status < 300:
            raise Retryable(f"GitHub's answer to {what} is no JSON") from None
        return {"message": " ".join(text.split())[:200]}
