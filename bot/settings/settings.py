"""All settings as one frozen value. Names follow Probot's, because people already have them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import UserError
from bot.registry_auth import Logins
from bot.settings import parsers
from bot.settings.reader import APP_PAGE, Reader

DEFAULT_API_URL = "https://api.github.com"
DEFAULT_PORT = 3000
DEFAULT_PROBE_SECONDS = 120


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
    probe_seconds: int = DEFAULT_PROBE_SECONDS
    """What one run of promtool or amtool may take in the worker, on the clock."""
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
        reader = Reader(environ)
        app_id = reader.get(
            "APP_ID",
            parsers.app_id,
            f"Set APP_ID to the number under “App ID” on {APP_PAGE}, or let `lockstep setup` register the App.",
        )
        private_key = reader.private_key()
        webhook_secret = reader.get(
            "WEBHOOK_SECRET",
            lambda text: text,
            f"Set WEBHOOK_SECRET to the secret under “Webhook” on {APP_PAGE}; "
            "`openssl rand -hex 32` makes a good one. Lockstep does not run without it.",
        )
        settings = cls(
            app_id=app_id or 0,
            private_key=private_key or "",
            webhook_secret=webhook_secret or "",
            github_api_url=reader.either("GITHUB_API_URL", parsers.safe_url, DEFAULT_API_URL),
            database_url=reader.optional("DATABASE_URL", parsers.url("postgresql", "postgres")),
            home=reader.either("LOCKSTEP_HOME", parsers.home, parsers.home("~/.lockstep")),
            port=reader.either("PORT", parsers.port, DEFAULT_PORT),
            log_level=reader.either("LOG_LEVEL", parsers.log_level, "INFO"),
            allowed_accounts=reader.optional("ALLOWED_ACCOUNTS", parsers.accounts),
            alertmanager_token=reader.optional("ALERTMANAGER_TOKEN", str),
            alertmanager_url=reader.optional("ALERTMANAGER_URL", parsers.url("http", "https")),
            argocd_server=reader.optional("ARGOCD_SERVER", parsers.server),
            argocd_auth_token=reader.optional("ARGOCD_AUTH_TOKEN", str),
            argocd_webhook_token=reader.optional("ARGOCD_WEBHOOK_TOKEN", parsers.token),
            verify_private_urls=reader.either("VERIFY_PRIVATE_URLS", parsers.servers, ()),
            probe_seconds=reader.either("PROBE_SECONDS", parsers.seconds, DEFAULT_PROBE_SECONDS),
            prometheus_url=reader.optional("PROMETHEUS_URL", parsers.url("http", "https")),
            registry_auth=reader.registry_auth(),
            sigstore_trusted_root=reader.optional("SIGSTORE_TRUSTED_ROOT", parsers.readable_file),
            oidc_audience=reader.either("OIDC_AUDIENCE", parsers.audience, "lockstep"),
            oidc_issuer=reader.optional("OIDC_ISSUER", parsers.safe_url),
            validation_token=reader.optional("VALIDATION_TOKEN", parsers.token),
            slack_webhook_url=reader.optional("SLACK_WEBHOOK_URL", parsers.safe_url),
            slack_webhook_urls=reader.either("SLACK_WEBHOOK_URLS", parsers.named_urls, {}),
            smtp_url=reader.optional("SMTP_URL", parsers.url("smtp", "smtps")),
            smtp_from=reader.optional("SMTP_FROM", parsers.address),
            notify_webhook_url=reader.optional("NOTIFY_WEBHOOK_URL", parsers.safe_url),
            notify_webhook_secret=reader.optional("NOTIFY_WEBHOOK_SECRET", parsers.signing_secret),
        )
        if reader.problems:
            raise UserError("\n".join(reader.problems))
        return settings
