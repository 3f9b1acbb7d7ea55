"""One look at one repository of a registry: its requests share one token, which ends with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bot.adapters.outbound import Answer, Outbound
from bot.adapters.registry.credentials import Credentials
from bot.adapters.registry.tokens import Refused, authorization

LIMIT = 4 * 1024 * 1024
"""The specification asks registries to take manifests of up to 4 MiB."""
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository is asked for, and with what. `url` ends in `/v2/<name>/`."""

    host: str
    name: str
    url: str
    credentials: Credentials | None
    insecure: bool


class Look:
    """The requests. Each raises NoAnswer, Blocked or Refused."""

    def __init__(self, outbound: Outbound, place: Place, timeout: float) -> None:
        self._outbound = outbound
        self._place = place
        self._timeout = timeout
        self._authorization = ""

    def get(self, method: str, path: str, *, accept: str, limit: int = LIMIT) -> Answer:
        """The registry's answer, 200 or 404, after its challenge if it makes one."""
        answer = self._challenged(method, path, accept, limit)
        if answer.status not in (200, 404):
            raise Refused(_status(answer, self._place))
        return answer

    def blob(self, digest: str, limit: int) -> bytes:
        """A blob's bytes, which hash to its digest. Registries redirect to where they keep blobs: that is followed
        without any authorization."""
        host, path = self._place.host, f"blobs/{digest}"
        answer = self._challenged("GET", path, "*/*", limit)
        at = self._place.url + path
        for _ in range(2):
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                break
            at = urljoin(at, answer.headers["location"])
            if urlsplit(at).scheme != "https" and not self._place.insecure:
                raise Refused(f"{host} keeps blobs at an address that is not https")
            answer = self._outbound.request("GET", at, limit=limit, timeout=self._timeout)
        if answer.status != 200:
            raise Refused(f"{host} did not hand over a blob that its manifest names (status {answer.status})")
        found = "sha256:" + hashlib.sha256(answer.body).hexdigest()
        if found != digest:
            raise Refused(f"{host} sent bytes that hash to {found} when it was asked for {digest}")
        return answer.body

    def _challenged(self, method: str, path: str, accept: str, limit: int) -> Answer:
        answer = self._ask(method, path, accept, limit)
        if answer.status == 401 and not self._authorization:
            self._authorization = authorization(
                answer,
                self._outbound,
                host=self._place.host,
                name=self._place.name,
                credentials=self._place.credentials,
                insecure=self._place.insecure,
                timeout=self._timeout,
            )
            answer = self._ask(method, path, accept, limit)
        return answer

    def _ask(self, method: str, path: str, accept: str, limit: int) -> Answer:
        headers = {"Accept": accept}
        if self._authorization:
            headers["Authorization"] = self._authorization
        url = self._place.url + path
        return self._outbound.request(method, url, headers=headers, limit=limit, timeout=self._timeout)


def _status(answer: Answer, place: Place) -> str:
    if answer.status in (401, 403):
        who = "these credentials" if place.credentials else "reading without credentials"
        return f"{place.host} does not allow {who} for {place.name} (status {answer.status})"
    if answer.status == 429:
        return f"{place.host} asks for fewer requests (status 429)"
    if 300 <= answer.status < 400:
        return f"{place.host} redirects manifests elsewhere (status {answer.status}), which is not followed"
    return f"{place.host} answered with status {answer.status}"
