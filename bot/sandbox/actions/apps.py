"""Accounts and Apps come into being."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.state import Account, App, World

_PREFIX = {"Organization": "O", "Bot": "BOT"}


def new_account(world: World, login: str, kind: str, email: str | None = None) -> Account:
    """A person, an organization or a bot."""
    made = Account(login=login, kind=kind, email=email, name=login if kind != "Bot" else None)
    world.register(_PREFIX.get(kind, "U"), made)
    world.accounts[login.lower()] = made
    return made


def new_app(
    world: World,
    app_id: int,
    *,
    slug: str,
    name: str,
    owner: Account,
    public_key: Any,
    webhook_secret: str,
    webhook_url: str | None,
    permissions: dict[str, str],
    events: list[str],
) -> App:
    """An App with the bot that acts for it."""
    made = App(
        slug=slug,
        name=name,
        client_id=f"Iv1.{app_id:016x}",
        owner=owner,
        bot=new_account(world, f"{slug}[bot]", "Bot"),
        public_key=public_key,
        webhook_secret=webhook_secret,
        webhook_url=webhook_url,
        permissions=permissions,
        events=events,
        created_at=world.clock.now(),
        hook_id=world.next_id(),
    )
    world.register("A", made, app_id)
    world.apps[app_id] = made
    return made


def slug_of(name: str) -> str:
    """How GitHub writes an App's name in addresses."""
    return name.lower().replace(" ", "-")


def new_key() -> str:
    """A new RSA key as PEM text (slow: share it between tests)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


def public_key(pem: str) -> Any:
    """The public half of a private key's PEM text."""
    key = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    return key.public_key()
