"""Asks an OCI registry for a manifest by digest, and what a tag points at.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
https://distribution.github.io/distribution/spec/auth/token/ (the bearer token)

Only the host that the image names is asked (Docker Hub's is `registry-1.docker.io`), over https; the manifest's bytes
must hash to its digest. Every call is one fresh look: nothing is kept between calls, so a tag cannot be read twice
with two answers in one decision (attack cases 38, 39, 90).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.outbound import Answer, Blocked, NoAnswer, Outbound
from bot.adapters.registry.credentials import DOCKER_HUB, Credentials, Logins, api_host, login_for
from bot.adapters.registry.tokens import Refused, authorization
from bot.model.facts import Unknown
from bot.model.image import DIGEST, TAG
from bot.model.measurements import Missing, Resolved

LIMIT = 4 * 1024 * 1024
"""The specification asks registries to take manifests of up to 4 MiB."""
TIMEOUT = 10.0
MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ABSENT = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "MANIFEST_BLOB_UNKNOWN")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a repository is asked for, and with what."""

    host: str
    name: str
    url: str
    credentials: Credentials | None
    insecure: bool


class Registry:
    """Any registry that the images name.

    `credentials` by image host, or by host and path. `insecure` are hosts, with their port, that are asked over http:
    the operator's own choice, for a registry on this machine. Private addresses are open to those alone that `outbound`
    knows as own.
    """

    def __init__(
        self,
        outbound: Outbound,
        *,
        credentials: Logins | None = None,
        insecure: Collection[str] = (),
        timeout: float = TIMEOUT,
    ) -> None:
        self._outbound = outbound
        self._credentials = credentials or {}
        self._insecure = frozenset(insecure)
        self._timeout = timeout

    def resolve(
        self, repository: str, digest: str, tag: str | None, at: datetime
    ) -> Resolved | Missing | Unknown:
        """Whether `repository` (host and path, such as `ghcr.io/splattop/api`) has `digest`, and the tag's digest.

        `tag` None: the tag is not asked. Raises ValueError when one of them does not obey its grammar.
        """
        place = self._place(repository)
        if not DIGEST.fullmatch(digest) or (tag is not None and not TAG.fullmatch(tag)):
            raise ValueError("a digest or tag does not obey its grammar")
        look = _Look(self._outbound, place, self._timeout)
        try:
            answer = look.manifest("GET", digest)
            why = _absent(answer)
            if why:
                return Missing(why=f"{place.host} has no {digest} in {place.name} ({why})", at=at)
            media_type = _checked(answer, digest, place.host)
            tag_digest, tag_missing = _tag(look, tag, place.host) if tag else (None, False)
        except (NoAnswer, Blocked, Refused) as error:
            return Unknown(why=f"the registry was not read: {error}")
        return Resolved(
            digest=digest, tag_digest=tag_digest, tag_missing=tag_missing, media_type=media_type, at=at
        )

    def _place(self, repository: str) -> _Place:
        host, slash, name = repository.partition("/")
        if len(repository) > 255 or not slash or not _HOST.fullmatch(host) or not _NAME.fullmatch(name):
            raise ValueError("an image repository is not of the form host/path")
        if host == DOCKER_HUB and "/" not in name:
            name = f"library/{name}"  # as Docker itself reads it
        api = api_host(host)
        insecure = api in self._insecure
        return _Place(
            host=api,
            name=name,
            url=f"{'http' if insecure else 'https'}://{api}/v2/{name}/manifests/",
            credentials=login_for(f"{host}/{name}", self._credentials),
            insecure=insecure,
        )


class _Look:
    """One resolution: its requests share one token, which ends with it."""

    def __init__(self, outbound: Outbound, place: _Place, timeout: float) -> None:
        self._outbound = outbound
        self._place = place
        self._timeout = timeout
        self._authorization = ""

    def manifest(self, method: str, reference: str) -> Answer:
        """The registry's answer, after its challenge if it makes one. Raises NoAnswer, Blocked or Refused."""
        answer = self._ask(method, reference)
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
            answer = self._ask(method, reference)
        if answer.status not in (200, 404):
            raise Refused(_status(answer, self._place))
        return answer

    def _ask(self, method: str, reference: str) -> Answer:
        headers = {"Accept": ", ".join(MEDIA_TYPES)}
        if self._authorization:
            headers["Authorization"] = self._authorization
        url = self._place.url + reference
        return self._outbound.request(method, url, headers=headers, limit=LIMIT, timeout=self._timeout)


def _tag(look: _Look, tag: str, host: str) -> tuple[str | None, bool]:
    """The digest that the tag points at, and whether the tag is missing.

    By HEAD, which a registry does not count as a pull; by the bytes when it names no digest.
    """
    answer = look.manifest("HEAD", tag)
    if answer.status == 404:
        return None, True
    named = answer.headers.get("docker-content-digest", "")
    if DIGEST.fullmatch(named):
        return named, False
    answer = look.manifest("GET", tag)
    if answer.status == 404:
        return None, True
    found = "sha256:" + hashlib.sha256(answer.body).hexdigest()
    _checked(answer, found, host)
    return found, False


def _checked(answer: Answer, digest: str, host: str) -> str:
    """The manifest's media type, when its bytes are what the digest says. Raises Refused or NoAnswer."""
    if answer.status != 200:
        raise Refused(
            f"{host} answered with status {answer.status} and no reason that its specification knows"
        )
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Refused(f"{host} sent no image manifest or index, but {media_type[:80] or 'an unnamed type'}")
    found = "sha256:" + hashlib.sha256(answer.body).hexdigest()
    if found != digest:
        raise Refused(f"{host} sent bytes that hash to {found} when it was asked for {digest}")
    named = answer.headers.get("docker-content-digest", digest)
    if named != digest:
        raise Refused(f"{host} names the manifest {named[:80]} when it was asked for {digest}")
    return media_type


def _absent(answer: Answer) -> str:
    """The specification's code by which a 404 says that the manifest is not there; empty for anything else."""
    if answer.status != 404:
        return ""
    try:
        codes = [each["code"] for each in json.loads(answer.body)["errors"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return next((code for code in codes if code in _ABSENT), "")


def _status(answer: Answer, place: _Place) -> str:
    if answer.status in (401, 403):
        who = "these credentials" if place.credentials else "reading without credentials"
        return f"{place.host} does not allow {who} for {place.name} (status {answer.status})"
    if answer.status == 429:
        return f"{place.host} asks for fewer requests (status 429)"
    if 300 <= answer.status < 400:
        return f"{place.host} redirects manifests elsewhere (status {answer.status}), which is not followed"
    return f"{place.host} answered with status {answer.status}"
