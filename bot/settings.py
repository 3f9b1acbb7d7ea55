"""Settings: environment (and `.env`) in, one frozen value out, read once at the start.

Every setting that is missing or malformed is told in one sentence that names it and how to get it, all of
them at once. Names follow Probot's, because people already have them. Longer than most files: it lists them
all.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dotenv import dotenv_values

from bot.errors import UserError
from bot.registry_auth import Logins, docker_config

T = TypeVar("T")

DEFAULT_API_URL = "https://api.github.com"
DEFAULT_PORT = 3000
SHORTEST_TOKEN = 16
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_PAGE = "your GitHub App's page (Settings > Developer settings > GitHub Apps)"
# Enterprise Managed Users carry an underscore before their short code.
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_LEVELS_OF_PROBOT = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. `repr` shows no secret; `secrets()` lists them for the log's redaction."""

    app_id: int
    private_key: str = field(repr=False)
    """PEM text of an RSA private key."""
    webhook_secret: str = field(repr=False)
    github_api_url: str = DEFAULT_API_URL
    """Without a trailing slash. https, except on loopback."""
    database_url: str | None = field(default=None, repr=False)
    """None: the embedded PostgreSQL under `home`."""
    home: Path = field(default_factory=lambda: Path.home() / ".lockstep")
    port: int = DEFAULT_PORT
    log_level: str = "INFO"
    allowed_accounts: frozenset[str] | None = None
    """Lower-case logins; None: every account that installed the App."""
    alertmanager_token: str | None = field(default=None, repr=False)
    alertmanager_url: str | None = field(default=None, repr=False)
    argocd_server: str | None = None
    argocd_auth_token: str | None = field(default=None, repr=False)
    argocd_webhook_token: str | None = field(default=None, repr=False)
    """None: `POST /api/argocd` takes nothing."""
    verify_private_urls: tuple[str, ...] = ()
    """Servers with private addresses that health checks may ask."""
    prometheus_url: str | None = field(default=None, repr=False)
    registry_auth: Logins = field(default_factory=dict, repr=False)
    """Their hosts may be private addresses."""
    sigstore_trusted_root: Path | None = None
    """None: the public Sigstore instance's, as it ships."""
    oidc_audience: str = "lockstep"
    """What a workflow asks its OIDC token for."""
    oidc_issuer: str | None = None
    """None: GitHub's own, by `github_api_url`."""
    validation_token: str | None = field(default=None, repr=False)
    """None: alerts of workflows need an OIDC token."""
    slack_webhook_url: str | None = field(default=None, repr=False)
    slack_webhook_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the name of a channel in the rules; those that are not listed use `slack_webhook_url`."""
    smtp_url: str | None = field(default=None, repr=False)
    smtp_from: str | None = None
    """None: `lockstep@` the mail server's host."""
    notify_webhook_url: str | None = field(default=None, repr=False)
    """May be a private address. Where a `webhook` channel without a `url` sends."""
    notify_webhook_secret: bytes | None = field(default=None, repr=False)
    """None: no `webhook` channel sends, for nothing is sent unsigned."""

    def allows(self, account: str) -> bool:
        """Whether events of this account are worked on. Logins are case-insensitive on GitHub."""
        return self.allowed_accounts is None or account.lower() in self.allowed_accounts

    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be shown: keys, tokens, and the passwords inside URLs."""
        whole = (
            self.private_key,
            self.webhook_secret,
            self.alertmanager_token,
            self.argocd_auth_token,
            self.argocd_webhook_token,
            self.validation_token,
            self.slack_webhook_url,
            *self.slack_webhook_urls.values(),
            self.notify_webhook_url,
            base64.b64encode(self.notify_webhook_secret).decode() if self.notify_webhook_secret else None,
        )
        posted_to = (self.slack_webhook_url, *self.slack_webhook_urls.values(), self.notify_webhook_url)
        paths = tuple(path for url in posted_to if url and len(path := urlsplit(url).path.strip("/")) >= 12)
        urls = (self.database_url, self.smtp_url, self.prometheus_url, self.alertmanager_url)
        passwords = (urlsplit(url).password for url in urls if url)
        logins = [each for each in self.registry_auth.values() if each]
        registries = [text for each in logins for text in (each.password, each.basic.removeprefix("Basic "))]
        return tuple(secret for secret in (*whole, *paths, *passwords, *registries) if secret)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Reads and checks everything. Raises UserError with one line for each setting that is wrong."""
        reader = _Reader(environ)
        app_id = reader.get(
            "APP_ID",
            _app_id,
            f"Set APP_ID to the number under “App ID” on {_PAGE}, or let `lockstep setup` register the App.",
        )
        private_key = reader.private_key()
        webhook_secret = reader.get(
            "WEBHOOK_SECRET",
            lambda text: text,
            f"Set WEBHOOK_SECRET to the secret under “Webhook” on {_PAGE}; "
            "`openssl rand -hex 32` makes a good one. Lockstep does not run without it.",
        )
        settings = cls(
            app_id=app_id or 0,
            private_key=private_key or "",
            webhook_secret=webhook_secret or "",
            github_api_url=reader.either("GITHUB_API_URL", _safe_url, DEFAULT_API_URL),
            database_url=reader.optional("DATABASE_URL", _url("postgresql", "postgres")),
            home=reader.either("LOCKSTEP_HOME", _home, _home("~/.lockstep")),
            port=reader.either("PORT", _port, DEFAULT_PORT),
            log_level=reader.either("LOG_LEVEL", _log_level, "INFO"),
            allowed_accounts=reader.optional("ALLOWED_ACCOUNTS", _accounts),
            alertmanager_token=reader.optional("ALERTMANAGER_TOKEN", str),
            alertmanager_url=reader.optional("ALERTMANAGER_URL", _url("http", "https")),
            argocd_server=reader.optional("ARGOCD_SERVER", _server),
            argocd_auth_token=reader.optional("ARGOCD_AUTH_TOKEN", str),
            argocd_webhook_token=reader.optional("ARGOCD_WEBHOOK_TOKEN", _token),
            verify_private_urls=reader.either("VERIFY_PRIVATE_URLS", _servers, ()),
            prometheus_url=reader.optional("PROMETHEUS_URL", _url("http", "https")),
            registry_auth=reader.registry_auth(),
            sigstore_trusted_root=reader.optional("SIGSTORE_TRUSTED_ROOT", _readable_file),
            oidc_audience=reader.either("OIDC_AUDIENCE", _audience, "lockstep"),
            oidc_issuer=reader.optional("OIDC_ISSUER", _safe_url),
            validation_token=reader.optional("VALIDATION_TOKEN", _token),
            slack_webhook_url=reader.optional("SLACK_WEBHOOK_URL", _safe_url),
            slack_webhook_urls=reader.either("SLACK_WEBHOOK_URLS", _named_urls, {}),
            smtp_url=reader.optional("SMTP_URL", _url("smtp", "smtps")),
            smtp_from=reader.optional("SMTP_FROM", _address),
            notify_webhook_url=reader.optional("NOTIFY_WEBHOOK_URL", _safe_url),
            notify_webhook_secret=reader.optional("NOTIFY_WEBHOOK_SECRET", _signing_secret),
        )
        if reader.problems:
            raise UserError("\n".join(reader.problems))
        return settings


def environment(directory: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process's environment, over what `.env` in `directory` (default: the current one) says.

    Nothing is expanded in `.env`: a `$` in a secret is a `$`. Raises UserError when the file cannot be read.
    """
    path = (directory or Path.cwd()) / ".env"
    try:
        written = dotenv_values(path, interpolate=False) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({type(error).__name__}); mend or remove it.") from error
    return {name: value for name, value in written.items() if value is not None} | dict(
        os.environ if environ is None else environ
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where the database is, for commands that need nothing else."""

    database_url: str | None = field(default=None, repr=False)
    home: Path


def database_settings(environ: Mapping[str, str] | None = None) -> DatabaseSettings:
    """DATABASE_URL and LOCKSTEP_HOME alone. Raises UserError that names the one that is wrong."""
    reader = _Reader(environment() if environ is None else environ)
    settings = DatabaseSettings(
        database_url=reader.optional("DATABASE_URL", _url("postgresql", "postgres")),
        home=reader.either("LOCKSTEP_HOME", _home, _home("~/.lockstep")),
    )
    if reader.problems:
        raise UserError("\n".join(reader.problems))
    return settings


def warn_about(settings: Settings, log: logging.Logger) -> None:
    """Says at the start what is allowed but worth knowing."""
    if settings.allowed_accounts is None:
        log.warning(
            "ALLOWED_ACCOUNTS is not set: events of every account that installed the App are worked on."
            " Set it to a comma-separated list of logins to narrow that down."
        )


class _Reader:
    """Reads one setting after another and keeps what is wrong. A blank value counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def _text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def get(self, name: str, parse: Callable[[str], T], how: str) -> T | None:
        """A required setting; None when it is wrong, which `problems` then tells."""
        text = self._text(name)
        if text is None:
            self.problems.append(f"{name} is not set. {how}")
            return None
        return self._parsed(name, text, parse, how)

    def optional(self, name: str, parse: Callable[[str], T]) -> T | None:
        """A setting that may be left out."""
        text = self._text(name)
        return None if text is None else self._parsed(name, text, parse, f"Correct {name} or unset it.")

    def either(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """A setting with a default."""
        value = self.optional(name, parse)
        return default if value is None else value

    def _parsed(self, name: str, text: str, parse: Callable[[str], T], how: str) -> T | None:
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{name} {error}. {how}")
            return None

    def private_key(self) -> str | None:
        """PRIVATE_KEY (PEM, also with literal `\\n`, or base64 of it), else the file at PRIVATE_KEY_PATH."""
        how = f"Generate a private key on {_PAGE}, and give the downloaded .pem's text or its path."
        if self._text("PRIVATE_KEY"):
            return self.get("PRIVATE_KEY", _private_key, how)
        if self._text("PRIVATE_KEY_PATH"):
            return self.get("PRIVATE_KEY_PATH", _private_key_file, how)
        self.problems.append(f"Neither PRIVATE_KEY nor PRIVATE_KEY_PATH is set. {how}")
        return None

    def registry_auth(self) -> Logins:
        """REGISTRY_AUTH (the text of a Docker config.json, or base64 of it), else the file at REGISTRY_AUTH_FILE."""
        if self._text("REGISTRY_AUTH"):
            return self.optional("REGISTRY_AUTH", _registry_auth) or {}
        return self.optional("REGISTRY_AUTH_FILE", _registry_auth_file) or {}


# The parsers raise ValueError with what follows the setting's name in the sentence. None repeats a secret.


def _app_id(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or int(text) == 0:
        raise ValueError(f"must be a number, not {text[:40]!r}")
    return int(text)


def _private_key(text: str) -> str:
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


def _private_key_file(text: str) -> str:
    path = Path(text).expanduser()
    try:
        content = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names {path}, which cannot be read ({type(error).__name__})") from None
    try:
        return _private_key(content)
    except ValueError as error:
        raise ValueError(f"names {path}, which {error}") from None


def _registry_auth(text: str) -> Logins:
    if not text.startswith("{"):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            raise ValueError("is neither the text of a Docker config.json nor the base64 of one") from None
    try:
        return docker_config(text, "")
    except UserError as error:
        raise ValueError(str(error).strip()) from None


def _registry_auth_file(text: str) -> Logins:
    path = Path(text).expanduser()
    try:
        content = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names {path}, which cannot be read ({type(error).__name__})") from None
    try:
        return _registry_auth(content.strip())
    except ValueError as error:
        raise ValueError(f"names {path}, which {error}") from None


def _readable_file(text: str) -> Path:
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


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        _split(text, schemes)
        return text.rstrip("/")

    return parse


def _safe_url(text: str) -> str:
    """A URL that secrets are sent to: https, or http to this machine only (the local GitHub)."""
    host = _split(text, ("https", "http"))
    if text.lower().startswith("http:") and not _is_loopback(host):
        raise ValueError("must start with https:// (http:// is only accepted for this machine itself)")
    return text.rstrip("/")


def _named_urls(text: str) -> dict[str, str]:
    """`oncall=https://…,releases=https://…`."""
    found: dict[str, str] = {}
    for each in text.split(","):
        name, equals, url = each.strip().partition("=")
        if not equals or not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name, re.ASCII):
            raise ValueError("must be a comma-separated list of channel=https://…, by the channels' names")
        found[name] = _safe_url(url)
    return found


def _address(text: str) -> str:
    """An e-mail address that cannot break a header."""
    if not re.fullmatch(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", text, re.ASCII):
        raise ValueError("must be a plain e-mail address such as lockstep@example.com")
    return text


def _signing_secret(text: str) -> bytes:
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


def _server(text: str) -> str:
    """Argo CD's own tools write a bare host[:port]; a URL is accepted too."""
    url = _url("https", "http")(text if "://" in text else f"https://{text}")
    if re.search(r"[@?#]", url):
        raise ValueError("must be an address alone, without a user name or a query")
    return url


def _servers(text: str) -> tuple[str, ...]:
    """Addresses without a path, separated by commas."""
    found = tuple(_server(each.strip()) for each in text.split(",") if each.strip())
    if any(urlsplit(each).path for each in found):
        raise ValueError("must be a comma-separated list of http(s)://host[:port], without paths")
    return found


def _token(text: str) -> str:
    """A shared secret that is long enough not to be guessed."""
    if len(text) < SHORTEST_TOKEN:
        raise ValueError(f"must have at least {SHORTEST_TOKEN} characters (`openssl rand -hex 32` makes one)")
    return text


def _audience(text: str) -> str:
    if len(text) > 200 or not text.isprintable() or " " in text:
        raise ValueError("must be one word, such as lockstep or the address of this installation")
    return text


def _home(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path (or start with ~)")
    return path


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 0 < int(text) < 65536:
        raise ValueError(f"must be a port number from 1 to 65535, not {text[:40]!r}")
    return int(text)


def _log_level(text: str) -> str:
    level = _LEVELS_OF_PROBOT.get(text.upper(), text.upper())
    if level not in LOG_LEVELS:
        known = ", ".join(name.lower() for name in LOG_LEVELS)
        raise ValueError(f"must be one of {known}, not {text[:40]!r}")
    return level


def _accounts(text: str) -> frozenset[str]:
    logins = [login.strip() for login in text.split(",")]
    for login in logins:
        if not _LOGIN.fullmatch(login):
            raise ValueError(f"must be a comma-separated list of account logins; {login[:40]!r} is none")
    return frozenset(login.lower() for login in logins)
