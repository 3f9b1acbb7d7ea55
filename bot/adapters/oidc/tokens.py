"""Verifies the token that GitHub gives a workflow's job: signature by the issuer's keys, audience, time, claims.

https://docs.github.com/en/actions/reference/security/oidc · PyJWT checks the signature and never chooses the algorithm
by what a token says of itself.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import jwt

from bot.adapters.outbound import Outbound
from bot.errors import Retryable
from bot.model.validation import RunClaims, TokenRefused

ALGORITHM = "RS256"
KEPT = timedelta(hours=1)
"""How long the issuer's keys are believed without asking again."""
AGAIN = timedelta(minutes=1)
"""How often an unknown key may lead to the issuer: anybody can write any key's name into a token."""
LEEWAY = 60
"""Seconds that two clocks may differ."""
LONGEST = 16_384
_NEEDED = (
    "iss",
    "aud",
    "exp",
    "iat",
    "repository",
    "repository_id",
    "ref",
    "workflow_ref",
    "run_id",
    "run_attempt",
)


class RunTokens:
    """One for a process; safe between threads. `issuer` is an https address, without a trailing slash."""

    def __init__(self, issuer: str, audience: str, outbound: Outbound, clock: Callable[[], datetime]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._outbound = outbound
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asked: datetime | None = None
        self._lock = threading.Lock()

    def verify(self, token: str) -> RunClaims:
        """Who speaks. Raises TokenRefused, whose text repeats nothing of the token; Retryable when the issuer's keys
        cannot be had."""
        claims = self._claims(token)
        now = int(self._clock().timestamp())
        self._in_time(claims, now)
        try:
            return RunClaims(
                repository=_text(claims, "repository"),
                repository_id=int(_text(claims, "repository_id")),
                ref=_text(claims, "ref"),
                workflow_ref=_text(claims, "workflow_ref"),
                run_id=int(_text(claims, "run_id")),
                attempt=int(_text(claims, "run_attempt")),
            )
        except ValueError:
            _refuse("the token's claims are not a workflow run's")

    def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > LONGEST:
            _refuse("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            _refuse("the token is no JSON Web Token")
        if header.get("alg") != ALGORITHM:
            _refuse(f"the token is not signed by {ALGORITHM}")
        key = self._key(str(header.get("kid") or ""))
        if key is None:
            _refuse("the token is signed by a key that the issuer does not have")
        try:
            # The times are judged by our own clock, below.
            options = {
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "require": list(_NEEDED),
            }
            found: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options=options,  # type: ignore[arg-type]  # PyJWT's own TypedDict wants every key
            )
        except jwt.InvalidAudienceError:
            _refuse(
                "the token is for another audience: ask GitHub for one with the audience of OIDC_AUDIENCE"
            )
        except jwt.InvalidIssuerError:
            _refuse("the token is of another issuer")
        except jwt.MissingRequiredClaimError:
            _refuse("the token lacks a claim that GitHub's tokens have")
        except jwt.InvalidTokenError:
            _refuse("the token's signature is wrong")
        return found

    @staticmethod
    def _in_time(claims: Mapping[str, Any], now: int) -> None:
        times = [claims.get("iat"), claims.get("exp"), claims.get("nbf", claims.get("iat"))]
        if any(not isinstance(each, int) or isinstance(each, bool) for each in times):
            _refuse("the token's times are no times")
        issued, expires, begins = (int(str(each)) for each in times)
        if now >= expires + LEEWAY:
            _refuse("the token has expired: ask GitHub for it in the step that sends the alert")
        if issued > now + LEEWAY or begins > now + LEEWAY:
            _refuse("the token is not valid yet: one of the two clocks is wrong")

    def _key(self, kid: str) -> jwt.PyJWK | None:
        with self._lock:
            now = self._clock()
            stale = self._asked is None or now >= self._asked + KEPT
            unknown = kid not in self._keys and (self._asked is None or now >= self._asked + AGAIN)
            if stale or unknown:
                self._keys = self._fetched()
                self._asked = now
            return self._keys.get(kid)

    def _fetched(self) -> Mapping[str, jwt.PyJWK]:
        """The issuer's keys that sign by our algorithm. Raises Retryable."""
        answer = self._outbound.request("GET", f"{self._issuer}/.well-known/jwks")
        if answer.status != 200:
            raise Retryable(f"the OIDC issuer answered {answer.status} when it was asked for its keys")
        try:
            listed = jwt.PyJWKSet.from_dict(json.loads(answer.body)).keys
        except (ValueError, TypeError, AttributeError, jwt.PyJWTError):
            raise Retryable("the OIDC issuer's keys cannot be read") from None
        return {each.key_id: each for each in listed if each.key_id and each.key_type == "RSA"}


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value


def _refuse(why: str) -> NoReturn:
    raise TokenRefused(why) from None
