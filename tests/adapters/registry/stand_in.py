"""A registry on this machine that answers as the OCI distribution specification says, with faults on demand.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def manifest_bytes(name: str) -> bytes:
    """An image index that holds `name`, so that each name has another digest."""
    return json.dumps(
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"name": name}}
    ).encode()


def index_bytes(manifests: list[dict[str, object]]) -> bytes:
    """An index of these manifests."""
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode()


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass
class StandIn:
    """The registry: manifests by repository and digest, tags, and everything that was asked of it."""

    host: str = ""
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    blobs_at: str = ""
    """Where questions about blobs are sent on to; empty: they are here."""
    referrers: dict[tuple[str, str], list[dict[str, object]]] = field(default_factory=dict)
    knows_referrers: bool = True
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with query, and Authorization header of each request."""
    auth: str = ""
    """`bearer` or `basic`; empty: everybody may read."""
    user: str = ""
    """Who gets a token, as `user:password`; empty: everybody."""
    realm: str = ""
    """Where tokens are given; empty: here, at `/token`."""
    names_digests: bool = True
    lies: bytes = b""
    """Sent instead of every manifest."""
    answers: tuple[int, dict[str, str], bytes] | None = None
    """Sent to every question about manifests."""

    def push(self, repository: str, tag: str, data: bytes, media_type: str = INDEX) -> str:
        digest = digest_of(data)
        self.manifests[repository, digest] = (media_type, data)
        self.tags[repository, tag] = digest
        return digest

    def attach(
        self, repository: str, digest: str, suffix: str, layers: list[tuple[str, bytes, dict[str, str]]]
    ) -> None:
        """Documents under cosign's tag: media type, bytes and annotations of each."""
        data = json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST, "layers": self._layers(layers)}
        ).encode()
        self.push(repository, f"{digest.replace(':', '-')}.{suffix}", data, MANIFEST)

    def refer(self, repository: str, digest: str, media_type: str, document: bytes) -> None:
        """A document whose manifest names the image as its subject."""
        layers = self._layers([(media_type, document, {})])
        data = json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": media_type, "layers": layers}
        )
        own = digest_of(data.encode())
        self.manifests[repository, own] = (MANIFEST, data.encode())
        found: dict[str, object] = {"mediaType": MANIFEST, "artifactType": media_type, "digest": own}
        there = self.referrers.setdefault((repository, digest), [])
        there.append({**found, "size": len(data)})
        if not self.knows_referrers:
            self.push(repository, digest.replace(":", "-"), index_bytes(there))

    def _layers(self, layers: list[tuple[str, bytes, dict[str, str]]]) -> list[dict[str, object]]:
        self.blobs.update({digest_of(data): data for _, data, _ in layers})
        return [
            {"mediaType": kind, "digest": digest_of(data), "size": len(data), "annotations": notes}
            for kind, data, notes in layers
        ]

    @property
    def manifest_requests(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.asked if "/manifests/" in path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: StandIn

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self) -> None:
        registry, sent = self.registry, self.headers.get("Authorization", "")
        registry.asked.append((self.command, self.path, sent))
        parts = urlsplit(self.path)
        if parts.path == "/token":
            return self._token(sent, parse_qs(parts.query))
        if registry.answers:
            return self._send(*registry.answers)
        if "/blobs/" in parts.path or "/referrers/" in parts.path:
            return self._attached(parts.path, sent)
        repository, slash, reference = parts.path.removeprefix("/v2/").rpartition("/manifests/")
        if not parts.path.startswith("/v2/") or not slash:
            return self._send(404, {}, b"page not found")
        if not self._allowed(sent, repository):
            return self._challenge()
        digest = reference if ":" in reference else registry.tags.get((repository, reference), "")
        found = registry.manifests.get((repository, digest))
        if not found or found[0] not in self.headers.get("Accept", ""):
            body = json.dumps(
                {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            ).encode()
            return self._send(404, {"Content-Type": "application/json"}, body)
        named = {"Docker-Content-Digest": digest} if registry.names_digests else {}
        return self._send(200, {"Content-Type": found[0], **named}, registry.lies or found[1])

    def _attached(self, path: str, sent: str) -> None:
        registry = self.registry
        repository, kind, digest = path.removeprefix("/v2/").rsplit("/", 2)
        if not self._allowed(sent, repository):
            return self._challenge()
        if kind == "referrers":
            if not registry.knows_referrers:
                return self._send(404, {}, b"page not found")
            found = registry.referrers.get((repository, digest), [])
            return self._send(200, {"Content-Type": INDEX}, index_bytes(found))
        if registry.blobs_at:
            return self._send(307, {"Location": f"{registry.blobs_at}{path}"}, b"")
        if digest not in registry.blobs:
            return self._send(404, {}, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
        return self._send(200, {"Content-Type": "application/octet-stream"}, registry.blobs[digest])

    def _allowed(self, sent: str, repository: str) -> bool:
        if self.registry.auth == "basic":
            return sent == "Basic " + base64.b64encode(self.registry.user.encode()).decode()
        return not self.registry.auth or sent == f"Bearer for-repository:{repository}:pull"

    def _challenge(self) -> None:
        realm = self.registry.realm or f"http://{self.registry.host}/token"
        bearer = f'Bearer realm="{realm}",service="stand-in",scope="repository:everything:push,pull"'
        offered = bearer if self.registry.auth == "bearer" else 'Basic realm="stand-in"'
        self._send(401, {"WWW-Authenticate": offered}, b'{"errors": [{"code": "UNAUTHORIZED"}]}')

    def _token(self, sent: str, query: dict[str, list[str]]) -> None:
        user = self.registry.user
        if user and sent != "Basic " + base64.b64encode(user.encode()).decode():
            return self._send(401, {}, b"{}")
        body = json.dumps({"token": f"for-{query['scope'][0]}"}).encode()
        return self._send(200, {"Content-Type": "application/json"}, body)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving() -> Iterator[StandIn]:
    """A stand-in on a free port of this machine."""
    registry = StandIn()
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
