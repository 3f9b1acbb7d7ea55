"""Who is asking: App JWTs, installation tokens, people's tokens.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import jwt

from bot.sandbox.access import LEVELS
from bot.sandbox.errors import Refused, invalid
from bot.sandbox.state import Actor, App, Installation, Token, World

LONGEST_JWT = 600
TOKEN_LIFE = timedelta(hours=1)


def identify(world: World, header: str | None) -> Actor:
    """The actor behind an ``Authorization`` header; 401 when it is bad or expired; nobody without one."""
    if not header:
        return Actor()
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        raise Refused(401, "Bad credentials")
    value = value.strip()
    if value.count(".") == 2:
        app = app_of_jwt(world, value)
        return Actor(app=app)
    token = world.tokens.get(value)
    if token is None or (token.expires_at is not None and token.expires_at <= world.clock.now()):
        raise Refused(401, "Bad credentials")
    installation = token.installation
    if installation is None:
        return Actor(account=token.account, token=token)
    if installation.suspended_at is not None:
        raise Refused(403, "This installation has been suspended")
    if installation.id not in world.installations:
        raise Refused(401, "Bad credentials")
    return Actor(account=token.account, app=installation.app, installation=installation, token=token)


def app_of_jwt(world: World, encoded: str) -> App:
    """The App of a JWT; 401 with GitHub's sentences for a bad signature or bad claims."""
    try:
        claims: dict[str, Any] = jwt.decode(encoded, options={"verify_signature": False})
        algorithm = jwt.get_unverified_header(encoded).get("alg")
    except jwt.InvalidTokenError as bad:
        raise Refused(401, "A JSON web token could not be decoded") from bad
    issuer = str(claims.get("iss", ""))
    app = next((a for a in world.apps.values() if issuer in (str(a.id), a.client_id)), None)
    if not issuer:
        raise Refused(401, "'Issuer' claim ('iss') must be an Integer")
    if app is None:
        raise Refused(404, "Integration not found")
    try:
        if algorithm != "RS256":
            raise jwt.InvalidAlgorithmError
        jwt.decode(
            encoded,
            app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError as bad:
        raise Refused(401, "A JSON web token could not be decoded") from bad
    _check_times(world, claims)
    return app


def _check_times(world: World, claims: dict[str, Any]) -> None:
    now = world.clock.now().timestamp()
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now + 1:
        text = "must be an Integer representing the time that the assertion was issued"
        raise Refused(401, f"'Issued at' claim ('iat') {text}")
    if not isinstance(expires, int) or expires <= now:
        text = "must be a numeric value representing the future time at which the assertion expires"
        raise Refused(401, f"'Expiration time' claim ('exp') {text}")
    if expires > now + LONGEST_JWT + 1:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")


def mint(world: World, installation: Installation, asked: dict[str, Any]) -> Token:
    """A token for ``repositories`` (names) or ``repository_ids`` and ``permissions``; 422 for too much.

    https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
    """
    if installation.suspended_at is not None:
        raise Refused(403, "This installation has been suspended")
    chosen = _chosen_repositories(world, installation, asked)
    wanted: dict[str, str] = asked.get("permissions") or dict(installation.permissions)
    for name, level in wanted.items():
        granted = "read" if name == "metadata" else installation.permissions.get(name, "none")
        if level not in LEVELS or LEVELS.index(level) > LEVELS.index(granted):
            raise invalid("The permissions requested are not granted to this installation.")
    token = Token(
        value=f"ghs_{secrets.token_hex(18)}",
        account=installation.app.bot,
        installation=installation,
        permissions={**wanted, "metadata": "read"},
        repository_ids=chosen,
        expires_at=world.clock.now() + TOKEN_LIFE,
    )
    world.tokens[token.value] = token
    return token


def _chosen_repositories(world: World, installation: Installation, asked: dict[str, Any]) -> set[int] | None:
    owned = [r for r in world.repositories.values() if r.owner is installation.account]
    if installation.repository_ids is not None:
        owned = [r for r in owned if r.id in installation.repository_ids]
    if asked.get("repository_ids") is None and asked.get("repositories") is None:
        return None
    names = {name.lower() for name in asked.get("repositories") or []}
    chosen = {r.id for r in owned if r.name.lower() in names} | set(asked.get("repository_ids") or [])
    known = {r.id for r in owned}
    found_names = {r.name.lower() for r in owned}
    if not chosen <= known or not names <= found_names:
        text = "There is at least one repository that does not exist or is not accessible"
        raise invalid(f"{text} to the parent installation.")
    return chosen


def user_token(world: World, login: str) -> str:
    """A person's token, good for ever."""
    value = f"ghp_{secrets.token_hex(18)}"
    world.tokens[value] = Token(value=value, account=world.account(login))
    return value
