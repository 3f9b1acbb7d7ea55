"""The client: one request, one answer, within limits of size and time."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bot.adapters.outbound.addresses import Blocked, place, refusal, resolve
from bot.adapters.outbound.connection import Connection, Deadline
from bot.errors import Retryable

USER_AGENT = "lockstep"
LIMIT = 1024 * 1024
"""Bytes of an answer's body."""
TIMEOUT = 10.0
"""Seconds for everything together: connecting, sending, and the whole answer."""

_CHUNK = 64 * 1024
Resolve = Callable[[str, int], list[str]]


class NoAnswer(Retryable):
    """No whole answer came within the limits. The message names the host alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came, redirects included. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Outbound:
    """The client. `own` are URLs of the operator's servers, which may be private. Safe between threads."""

    def __init__(self, own: Iterable[str] = (), *, resolve: Resolve = resolve) -> None:
        self._own = frozenset(place(url)[1:] for url in own)
        self._resolve = resolve
        self._context: ssl.SSLContext | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = LIMIT,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Asks once. Any status is an answer, 3xx too: nothing is followed.

        Raises Blocked for an address that may not be asked; NoAnswer when none comes, is cut short, is larger than
        `limit` bytes or takes longer than `timeout` seconds in all.
        """
        scheme, host, port = place(url)
        parts = urlsplit(url)
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        if re.search(r"[^\x21-\x7e]", target):
            raise Blocked(f"the address at {host} holds blanks or characters that are not ASCII")
        deadline = Deadline(timeout)
        connection = Connection(
            host, port, self._addresses(host, port), self._tls() if scheme == "https" else None, deadline
        )
        asked = {
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **(headers or {}),
        }
        try:
            with deadline.over(connection):
                connection.request(method, target, body=body, headers=asked)
                with connection.getresponse() as response:
                    data = _read(response, host, limit)
                    deadline.left()  # what was cut looks like an end
                    found = {name.lower(): value for name, value in response.getheaders()}
                    return Answer(status=response.status, headers=found, body=data)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(_why(host, error, deadline)) from None
        finally:
            connection.close()

    def _tls(self) -> ssl.SSLContext:
        """Made when it is first needed: loading every certificate takes a tenth of a second."""
        if self._context is None:
            context = ssl.create_default_context()
            # A slim container may have no certificates of its own.
            context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
            self._context = context
        return self._context

    def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to; one that is not allowed refuses the name as a whole."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise NoAnswer(f"the host name {host} cannot be resolved") from None
        if not found:
            raise NoAnswer(f"the host name {host} has no address")
        own = (host, port) in self._own
        for address in found:
            why = refusal(address, own=own)
            if why:
                raise Blocked(f"{host} leads to {address}, {why}: it is not asked")
        return found


def _read(response: http.client.HTTPResponse, host: str, limit: int) -> bytes:
    if response.getheader("Content-Encoding", "identity").lower() not in ("identity", ""):
        raise NoAnswer(f"{host} sent a compressed answer, which was not asked for")
    data = bytearray()
    while chunk := response.read(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise NoAnswer(f"the answer of {host} is larger than {limit} bytes")
    if response.length:
        raise NoAnswer(f"the answer of {host} was cut short")
    return bytes(data)


def _why(host: str, error: Exception, deadline: Deadline) -> str:
    if deadline.passed or isinstance(error, TimeoutError):
        return f"{host} did not answer within {deadline.seconds:g} s"
    if isinstance(error, ssl.SSLError):
        return f"{host} has no certificate that can be trusted ({type(error).__name__})"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refused the connection"
    return f"{host} did not answer ({type(error).__name__})"
