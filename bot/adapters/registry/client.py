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
from datetime import datetime

from bot.adapters.outbound import Answer, Blocked, NoAnswer, Outbound
from bot.adapters.registry.attached import (
    BUNDLE,
    DOCUMENT_LIMIT,
    ENVELOPE,
    SIMPLE_SIGNING,
    Descriptor,
    Document,
    Unreadable,
    descriptors,
    of_type,
)
from bot.adapters.registry.credentials import DOCKER_HUB, Logins, api_host, login_for
from bot.adapters.registry.look import Look, Place
from bot.adapters.registry.tokens import Refused
from bot.model.facts import Unknown
from bot.model.image import DIGEST, TAG
from bot.model.measurements import Missing, Resolved

TIMEOUT = 10.0
INDEX = "application/vnd.oci.image.index.v1+json"
MEDIA_TYPES = (
    INDEX,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT = ", ".join(MEDIA_TYPES)
_ABSENT = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "MANIFEST_BLOB_UNKNOWN")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)


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
        look = Look(self._outbound, place, self._timeout)
        try:
            answer = look.get("GET", f"manifests/{digest}", accept=_ACCEPT)
            why = _absent(answer)
            if why:
                says = f"{place.host} has no {digest} in {place.name} ({why})"
                return Missing(why=says, at=at, tag_digest=_tag(look, tag, place.host)[0] if tag else None)
            media_type = _checked(answer, digest, place.host)
            tag_digest, tag_missing = _tag(look, tag, place.host) if tag else (None, False)
        except (NoAnswer, Blocked, Refused) as error:
            return Unknown(why=f"the registry was not read: {error}")
        return Resolved(
            digest=digest, tag_digest=tag_digest, tag_missing=tag_missing, media_type=media_type, at=at
        )

    def attached(self, repository: str, digest: str, suffix: str) -> tuple[Document, ...] | Unknown:
        """What is attached to an image: documents under cosign's tag (`suffix` is `sig` or `att`), and Sigstore bundles
        among its referrers. Raises ValueError as `resolve` does."""
        place = self._place(repository)
        if not DIGEST.fullmatch(digest):
            raise ValueError("a digest does not obey its grammar")
        look = Look(self._outbound, place, self._timeout)
        try:
            return (*_tagged(look, digest, suffix, place.host), *_referring(look, digest, place.host))
        except (NoAnswer, Blocked, Refused, Unreadable) as error:
            return Unknown(why=f"the registry was not read: {error}")

    def _place(self, repository: str) -> Place:
        host, slash, name = repository.partition("/")
        if len(repository) > 255 or not slash or not _HOST.fullmatch(host) or not _NAME.fullmatch(name):
            raise ValueError("an image repository is not of the form host/path")
        if host == DOCKER_HUB and "/" not in name:
            name = f"library/{name}"  # as Docker itself reads it
        api = api_host(host)
        insecure = api in self._insecure
        return Place(
            host=api,
            name=name,
            url=f"{'http' if insecure else 'https'}://{api}/v2/{name}/",
            credentials=login_for(f"{host}/{name}", self._credentials),
            insecure=insecure,
        )


def _tag(look: Look, tag: str, host: str) -> tuple[str | None, bool]:
    """The digest that the tag points at, and whether the tag is missing.

    By HEAD, which a registry does not count as a pull; by the bytes when it names no digest.
    """
    answer = look.get("HEAD", f"manifests/{tag}", accept=_ACCEPT)
    if answer.status == 404:
        return None, True
    named = answer.headers.get("docker-content-digest", "")
    if DIGEST.fullmatch(named):
        return named, False
    answer = look.get("GET", f"manifests/{tag}", accept=_ACCEPT)
    if answer.status == 404:
        return None, True
    found = "sha256:" + hashlib.sha256(answer.body).hexdigest()
    _checked(answer, found, host)
    return found, False


def _tagged(look: Look, digest: str, suffix: str, host: str) -> list[Document]:
    """The layers of the manifest that cosign's tag names."""
    answer = look.get("GET", f"manifests/{digest.replace(':', '-')}.{suffix}", accept=_ACCEPT)
    if answer.status == 404 and _absent(answer):
        return []
    _checked(answer, "sha256:" + hashlib.sha256(answer.body).hexdigest(), host)
    kinds = (SIMPLE_SIGNING,) if suffix == "sig" else (ENVELOPE,)
    return [_document(look, each) for each in of_type(descriptors(answer.body, "layers"), *kinds)]


def _referring(look: Look, digest: str, host: str) -> list[Document]:
    """Bundles that name the image as their subject; by the fallback tag where the registry knows no referrers."""
    answer = look.get("GET", f"referrers/{digest}", accept=INDEX)
    if answer.status == 404:
        answer = look.get("GET", f"manifests/{digest.replace(':', '-')}", accept=INDEX)
        if answer.status == 404:
            return []
    found: list[Document] = []
    for each in of_type(descriptors(answer.body, "manifests"), BUNDLE):
        manifest = look.get("GET", f"manifests/{each.digest}", accept=_ACCEPT)
        _checked(manifest, each.digest, host)
        found += [_document(look, layer) for layer in of_type(descriptors(manifest.body, "layers"), BUNDLE)]
    return found


def _document(look: Look, found: Descriptor) -> Document:
    data = look.blob(found.digest, DOCUMENT_LIMIT)
    return Document(media_type=found.media_type, data=data, annotations=found.annotations)


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
