"""The App's JWT and its installation tokens: minted, kept in memory, never shown.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from github.Auth import Auth

from bot.errors import Terminal, UserError

Clock = Callable[[], datetime]

ISSUED_BEFORE = timedelta(seconds=60)
"""GitHub's advice against a clock that is ahead: `iat` 60 s in the past (attack case 17)."""
JWT_LIFETIME = timedelta(minutes=9)
"""GitHub refuses more than ten minutes."""
KEEP_BACK = timedelta(minutes=5)
"""A token is no longer used this long before it expires, so that no run loses it in the middle."""


class AppAuth(Auth):
    """Signs a JWT for each request, so that a corrected clock counts at once. Neither key (PEM) nor JWT is shown."""

    def __init__(self, app_id: int, key: str, clock: Clock) -> None:
        self._app_id = app_id
        self._clock = clock
        self._pem = key
        self._key: RSAPrivateKey | None = None

    def __repr__(self) -> str:
        return f"AppAuth(app_id={self._app_id})"

    @property
    def token_type(self) -> str:
        """The word in the Authorization header."""
        return "Bearer"

    @property
    def token(self) -> str:
        """The JWT. Raises UserError when the key is no RSA key."""
        if self._key is None:
            self._key = _rsa_key(self._pem)
        now = self._clock()
        issued = int((now - ISSUED_BEFORE).timestamp())
        claims = {"iat": issued, "exp": int((now + JWT_LIFETIME).timestamp()), "iss": str(self._app_id)}
        return jwt.encode(claims, self._key, algorithm="RS256")


@functools.lru_cache(maxsize=4)
def _rsa_key(pem: str) -> RSAPrivateKey:
    """Reads the key, which takes a tenth of a second: once in a process. The library's message may quote it: only the
    setting is named."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise UserError(
            "PRIVATE_KEY is no RSA private key in PEM form: paste the file that GitHub gave on "
            "'Generate a private key', or name it in PRIVATE_KEY_PATH"
        )
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An installation token until it expires; its text is left out of `repr`."""

    text: str = field(repr=False)
    expires_at: datetime


class TokenKeeper:
    """Keeps the token of one installation and one choice of repositories. `mint` asks GitHub for a new one."""

    def __init__(self, mint: Callable[[], Token], clock: Clock) -> None:
        self._mint = mint
        self._clock = clock
        self._token: Token | None = None
        self._lock = threading.Lock()

    def fresh(self, minting: Callable[[], None]) -> Token:
        """The kept token, or a new one when it ends within five minutes; `minting` is called before a request for it.
        Raises what minting raises."""
        with self._lock:
            if self._token is None or self._clock() >= self._token.expires_at - KEEP_BACK:
                minting()
                self._token = self._mint()
            return self._token

    def refused(self, token: Token) -> None:
        """Forgets a token that GitHub refused, unless another thread has replaced it already."""
        with self._lock:
            if self._token is token:
                self._token = None


class InstallationAuth(Auth):
    """Gives PyGithub the token of the request that is being sent by this thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def use(self, token: Token) -> None:
        """The token for this thread's next request."""
        self._local.token = token

    @property
    def token_type(self) -> str:
        """The word in the Authorization header."""
        return "Bearer"

    @property
    def token(self) -> str:
        """The token's text. Raises Terminal when none was chosen, which is a mistake of the caller."""
        token: Token | None = getattr(self._local, "token", None)
        if token is None:
            raise Terminal("no installation token was chosen for this request")
        return token.text
