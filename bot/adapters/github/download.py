"""Downloads an artifact: GitHub answers with a signed address elsewhere, which must never see the token.

https://docs.github.com/en/rest/actions/artifacts#download-an-artifact
"""

from __future__ import annotations

import hashlib
from urllib.parse import urljoin, urlsplit

import requests

from bot.adapters.github.channel import Channel
from bot.adapters.github.transport import TIMEOUT, USER_AGENT
from bot.errors import Retryable, UserError
from bot.model.facts import Artifact

_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)


def download(channel: Channel, repository: str, artifact: Artifact, limit: int) -> bytes:
    """The artifact's zip, held against its digest where GitHub names one.

    Raises UserError when it has expired, is larger than `limit` bytes or is not what GitHub's digest says; Retryable
    when the storage does not answer.
    """
    if artifact.expired:
        raise UserError(f"artifact {artifact.name!r} of {repository} has expired: run the workflow again")
    if artifact.size > limit:
        raise _too_large(artifact, repository, limit)
    path = f"/repos/{repository}/actions/artifacts/{artifact.id}/zip"
    answer = channel.rest("GET", path, purpose="download", allow=(302, 404, 410))
    if answer.status in (404, 410):
        raise UserError(
            f"artifact {artifact.name!r} of {repository} is gone or has expired: run the workflow again"
        )
    location = answer.headers.get("location")
    if answer.status != 302 or not location:
        raise Retryable(f"GitHub gave no address for artifact {artifact.name!r} of {repository}")
    data = _fetched(channel, str(location), artifact, repository, limit)
    if artifact.digest and artifact.digest.startswith("sha256:"):
        actual = "sha256:" + hashlib.sha256(data).hexdigest()
        if actual != artifact.digest:
            raise UserError(
                f"artifact {artifact.name!r} of {repository} is not what GitHub recorded: its zip is {actual}, "
                f"the record says {artifact.digest}"
            )
    return data


def _fetched(channel: Channel, location: str, artifact: Artifact, repository: str, limit: int) -> bytes:
    """Follows the address, and at most one more redirect, with a session that knows no token."""
    with requests.Session() as session:
        session.auth = _nobody
        for _ in range(2):
            if not _allowed(location, secure=channel.transport.secure):
                raise UserError(
                    f"artifact {artifact.name!r} of {repository} is offered at an address that is not https"
                )
            channel.count("download")
            try:
                with session.get(
                    location,
                    stream=True,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
                ) as response:
                    if response.status_code in _REDIRECTS and "location" in response.headers:
                        location = urljoin(location, response.headers["location"])
                        continue
                    if response.status_code != 200:
                        raise Retryable(
                            f"the artifact storage answered {response.status_code} "
                            f"for {artifact.name!r} of {repository}"
                        )
                    return _read(response, artifact, repository, limit)
            except (requests.RequestException, OSError) as error:
                # The message would hold the signed address.
                raise Retryable(
                    f"the artifact storage did not answer for {artifact.name!r} of {repository} "
                    f"({type(error).__name__})"
                ) from None
    raise UserError(f"artifact {artifact.name!r} of {repository} is redirected more than twice")


def _read(response: requests.Response, artifact: Artifact, repository: str, limit: int) -> bytes:
    data = bytearray()
    for chunk in response.iter_content(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise _too_large(artifact, repository, limit)
    return bytes(data)


def _allowed(location: str, *, secure: bool) -> bool:
    """https always; http only where GitHub's own address is http, which is the local GitHub."""
    parts = urlsplit(location)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and not secure))


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No authorization, also when a .netrc knows the host."""
    return request


def _too_large(artifact: Artifact, repository: str, limit: int) -> UserError:
    return UserError(
        f"artifact {artifact.name!r} of {repository} is larger than {limit} bytes: it must hold "
        f"component-tags.json and nothing else"
    )
