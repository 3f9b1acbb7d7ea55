"""How the text of each kind of setting is read.

Each parser raises ValueError with what follows the setting's name in the sentence; none repeats a secret.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.errors import UserError
from bot.registry_auth import Logins, docker_config

SHORTEST_TOKEN = 16
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# Enterprise Managed Users carry an underscore before their short code.
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_LEVELS_OF_PROBOT = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}


def app_id(text: str) -> int:
    """The number that GitHub gave the App."""
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or int(text) == 0:
        raise ValueError(f"must be a number, not {text[:40]!r}")
    return int(text)


def private_key(text: str) -> str:
    """PEM text (also with literal `\\n`) or base64 of it; an RSA key without a password."""
    pem = text.replace("\\r", "").replace("\\n", "\n")
    if "-----BEGIN" not in pem:
        try:
            pem = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise ValueError("is neither a PEM private key nor the base64 of one") from None
    try:
        key = load_pem_private_key(pem.strip().encode("ascii"), password=None)
    except Exception:  # noqa: BLE001  # whatever the parser says could quote the key
        raise ValueError("is not a readable, unencrypted PEM private key") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key, which is the only kind that GitHub Apps sign with")
    return pem.strip() + "\n"


def private_key_file(text: str) -> str:
    """The key in the file of this name."""
    path = Path(text).expanduser()
    try:
        content = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names {path}, which cannot be read ({type(error).__name__})") from None
    try:
        return private_key(content)
    except ValueError as error:
        raise ValueError(f"names {path}, which {error}") from None


def registry_auth(text: str) -> Logins:
    """A Docker config.json's text, or base64 of it."""
    if not text.startswith("{"):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            raise ValueError("is neither the text of a Docker config.json nor the base64 of one") from None
    try:
        return docker_config(text, "")
    except UserError as error:
        raise ValueError(str(error).strip()) from None


def registry_auth_file(text: str) -> Logins:
    """The Docker config.json of this name."""
    path = Path(text).expanduser()
    try:
        content = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names {path}, which cannot be read ({type(error).__name__})") from None
    try:
        return registry_auth(content.strip())
    except ValueError as error:
        raise ValueError(f"names {path}, which {error}") from None


def readable_file(text: str) -> Path:
    """A file that can be opened."""
    path = Path(text).expanduser()
    try:
        with path.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        raise ValueError(f"names {path}, which cannot be read ({type(error).__name__})") from None
    return path


def _split(text: str, schemes: tuple[str, ...]) -> str:
    """The host of an absolute URL of these schemes."""
    wanted = f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(wanted) from None
    # postgresql:///name means the local socket, so only the others need a host.
    if parts.scheme not in schemes or (not host and "postgresql" not in schemes) or re.search(r"\s", text):
        raise ValueError(wanted)
    return host or ""


def url(*schemes: str) -> Callable[[str], str]:
    """A parser of URLs with one of these schemes; without a trailing slash."""

    def parse(text: str) -> str:
        _split(text, schemes)
        return text.rstrip("/")

    return parse


def safe_url(text: str) -> str:
    """A URL that secrets are sent to: https, or http to this machine only (the local GitHub)."""
    host = _split(text, ("https", "http"))
    if text.lower().startswith("http:") and not _is_loopback(host):
        raise ValueError("must start with https:// (http:// is only accepted for this machine itself)")
    return text.rstrip("/")


def named_urls(text: str) -> dict[str, str]:
    """`oncall=https://…,releases=https://…`."""
    found: dict[str, str] = {}
    for each in text.split(","):
        name, equals, url = each.strip().partition("=")
        if not equals or not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name, re.ASCII):
            raise ValueError("must be a comma-separated list of channel=https://…, by the channels' names")
        found[name] = safe_url(url)
    return found


def address(text: str) -> str:
    """An e-mail address that cannot break a header."""
    if not re.fullmatch(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", text, re.ASCII):
        raise ValueError("must be a plain e-mail address such as lockstep@example.com")
    return text


def signing_secret(text: str) -> bytes:
    """Standard Webhooks' form: `whsec_` and the base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError(
            "must be whsec_ and the base64 of 24 to 64 bytes (`echo whsec_$(openssl rand -base64 32)` makes one)"
        )
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server(text: str) -> str:
    """Argo CD's own tools write a bare host[:port]; a URL is accepted too."""
    address = url("https", "http")(text if "://" in text else f"https://{text}")
    if re.search(r"[@?#]", address):
        raise ValueError("must be an address alone, without a user name or a query")
    return address


def servers(text: str) -> tuple[str, ...]:
    """Addresses without a path, separated by commas."""
    found = tuple(server(each.strip()) for each in text.split(",") if each.strip())
    if any(urlsplit(each).path for each in found):
        raise ValueError("must be a comma-separated list of http(s)://host[:port], without paths")
    return found


def token(text: str) -> str:
    """A shared secret that is long enough not to be guessed."""
    if len(text) < SHORTEST_TOKEN:
        raise ValueError(f"must have at least {SHORTEST_TOKEN} characters (`openssl rand -hex 32` makes one)")
    return text


def audience(text: str) -> str:
    """One word: the claim `aud` of a workflow's token."""
    if len(text) > 200 or not text.isprintable() or " " in text:
        raise ValueError("must be one word, such as lockstep or the address of this installation")
    return text


def home(text: str) -> Path:
    """An absolute folder."""
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path (or start with ~)")
    return path


def port(text: str) -> int:
    """1 to 65535."""
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 0 < int(text) < 65536:
        raise ValueError(f"must be a port number from 1 to 65535, not {text[:40]!r}")
    return int(text)


def log_level(text: str) -> str:
    """One of LOG_LEVELS; Probot's names are taken too."""
    level = _LEVELS_OF_PROBOT.get(text.upper(), text.upper())
    if level not in LOG_LEVELS:
        known = ", ".join(name.lower() for name in LOG_LEVELS)
        raise ValueError(f"must be one of {known}, not {text[:40]!r}")
    return level


def accounts(text: str) -> frozenset[str]:
    """Logins in lower case, separated by commas."""
    logins = [login.strip() for login in text.split(",")]
    for login in logins:
        if not _LOGIN.fullmatch(login):
            raise ValueError(f"must be a comma-separated list of account logins; {login[:40]!r} is none")
    return frozenset(login.lower() for login in logins)


def seconds(text: str) -> int:
    """1 to 3600."""
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 0 < int(text) <= 3600:
        raise ValueError(f"must be a number of seconds from 1 to 3600, not {text[:40]!r}")
    return int(text)
