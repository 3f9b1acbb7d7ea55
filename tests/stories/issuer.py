"""An OIDC issuer for stories: keys over HTTP, tokens as GitHub's, and the address that a runner asks for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

REQUEST_TOKEN = "what the runner holds"


def key() -> rsa.RSAPrivateKey:
    """A new signing key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Issuer:
    """`claims` are what the next run's token says besides issuer, audience and times."""

    url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=key)
    claims: dict[str, Any] = field(default_factory=dict)
    now: Any = None
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    def token(self, **more: Any) -> str:
        """A signed token; `more` replaces claims, `signed_by`, `alg`, `kid` the signature."""
        signed_by, alg, kid = (
            more.pop("signed_by", self.key),
            more.pop("alg", "RS256"),
            more.pop("kid", "one"),
        )
        at: datetime = self.now()
        begins = int(at.timestamp())
        claims = {
            "iss": self.url,
            "aud": "lockstep",
            "iat": begins,
            "nbf": begins,
            "exp": begins + 300,
            "sub": "repo:x",
            **self.claims,
            **more,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, None if alg == "none" else signed_by, algorithm=alg, headers={"kid": kid})

    def keys(self) -> bytes:
        """The JSON Web Key Set."""
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}).encode()

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Answers on a free port of this machine while the context lasts."""
        issuer = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                parts = urlsplit(self.path)
                right = self.headers.get("Authorization") == f"Bearer {REQUEST_TOKEN}"
                if parts.path == "/.well-known/jwks" and not issuer.broken:
                    self._answer(200, issuer.keys())
                elif parts.path == "/token" and right:
                    audience = parse_qs(parts.query).get("audience", [""])[0]
                    self._answer(200, json.dumps({"value": issuer.token(aud=audience)}).encode())
                else:
                    self._answer(500 if issuer.broken else 403, b"{}")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        issuer.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
