"""The composition root: the only place where real parts meet. Imported by entry points alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from bot.adapters.amtool import Amtool
from bot.adapters.artifacts.members import members
from bot.adapters.artifacts.zips import read_member
from bot.adapters.channels import Channels
from bot.adapters.confined import Apart, Limits
from bot.adapters.github.app import AppClient
from bot.adapters.github.installation import Installation
from bot.adapters.github.manifest import app_manifest
from bot.adapters.github.person import Person
from bot.adapters.github.registering import register
from bot.adapters.oidc import RunTokens
from bot.adapters.outbound import Outbound
from bot.adapters.promtool import Promtool
from bot.adapters.rego import Rego
from bot.adapters.rules import RULES_PATHS, load_policy, outline
from bot.adapters.store import Store, open_store
from bot.decide.component_tags import FILE_NAME
from bot.decide.drift.payload import ENDINGS
from bot.gauges import Gauges
from bot.logging import Redactor
from bot.model.policy import Policy
from bot.run import House
from bot.run.reach import needed_repositories
from bot.settings import DEFAULT_API_URL, Settings, environment
from bot.sweep import Swept, ask_again, sweep
from bot.web.app import create_app
from bot.web.argocd import argocd
from bot.web.board import board
from bot.web.setup import Made, Registration
from bot.web.setup import done as setup_done
from bot.web.status import status
from bot.web.validation import production_validation

Clock = Callable[[], datetime]


def now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def settings_from_environment() -> Settings:
    """The settings of this process. Raises UserError that names each wrong one."""
    return Settings.read(environment())


def web_app(settings: Settings, clock: Clock = now) -> Flask:
    """The web process: receives and shows."""
    store = open_store(settings)
    return create_app(
        settings=settings,
        store=store,
        clock=clock,
        rooms=(
            board(store, web_url(settings), clock),
            setup_done(settings.app_id, web_url(settings)),
            argocd(store, settings.argocd_webhook_token),
            status(store, clock),
            production_validation(
                store, clock, settings.validation_token, run_tokens(settings, clock), settings.allows
            ),
        ),
    )


def run_tokens(settings: Settings, clock: Clock = now) -> RunTokens:
    """What verifies the OIDC tokens of workflow runs."""
    issuer = settings.oidc_issuer or oidc_issuer(settings)
    return RunTokens(issuer, settings.oidc_audience, Outbound([issuer]), clock)


def oidc_issuer(settings: Settings) -> str:
    """GitHub's issuer: its own name for github.com, below the server's address for an Enterprise Server.

    https://docs.github.com/en/enterprise-server@latest/actions/reference/security/oidc
    """
    web = web_url(settings)
    if web == "https://github.com":
        return "https://token.actions.githubusercontent.com"
    return f"{web}/_services/token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """The worker process's parts."""

    house: House
    store: Store
    client: AppClient
    settings: Settings

    def sweep(self) -> Swept:
        """One round of the sweep."""
        return sweep(self.house, FailedDeliveries(self.client), self.installations)

    def ask_again(self) -> int:
        """Asks GitHub again for the deliveries that failed; how many."""
        return ask_again(self.house, FailedDeliveries(self.client))

    def installations(self) -> tuple[int, ...]:
        """The installations that work is done for: neither suspended nor of an account that is not allowed."""
        return tuple(
            each.id
            for each in self.client.installations()
            if not each.suspended and self.settings.allows(each.account)
        )


@dataclass(frozen=True, slots=True)
class FailedDeliveries:
    """The App's failed deliveries, in the sweep's terms."""

    client: AppClient

    def failed_since(self, since: datetime) -> tuple[tuple[int, str], ...]:
        """GitHub's number and GUID of each delivery that failed since then."""
        return tuple((each.id, each.guid) for each in self.client.failed_deliveries(since))

    def redeliver(self, delivery_id: int) -> None:
        """Asks GitHub to send it again."""
        self.client.redeliver(delivery_id)


def works(settings: Settings, *, store: Store | None = None, clock: Clock = now) -> Works:
    """The worker's parts over the store of these settings (or the one given)."""
    opened = store or open_store(settings)

    last_policy: dict[int, Policy] = {}

    def github(installation_id: int) -> Installation:
        known = opened.repositories.of(installation_id)
        configs = opened.repositories.config_of(installation_id)
        view = client.installation(
            installation_id,
            repository_ids=needed_repositories(
                known, configs, last_policy, opened.pins.of([each.id for each in configs])
            ),
        )
        view.knows(known)
        return view

    client = AppClient(
        app_id=settings.app_id,
        private_key=settings.private_key,
        api_url=settings.github_api_url,
        clock=clock,
        budget=opened.budget,
    )
    house = House(
        store=opened,
        github=github,
        whole_installation=client.installation,
        clock=clock,
        load_policy=lambda files, sha: load_policy(files, sha=sha),
        outline=outline,
        rules_paths=RULES_PATHS,
        read_artifact=lambda zipped: read_member(zipped, FILE_NAME),
        read_bundles=read_bundles,
        probers=lambda: probers(settings.probe_seconds),
        apart=Apart(),
        web_url=web_url(settings),
        readers=Gauges(settings),
        engine=Rego(),
        messenger=Channels(settings, redact=Redactor(settings.secrets()), clock=clock),
        version=version(),
        last_policy=last_policy,
    )
    return Works(house=house, store=opened, client=client, settings=settings)


def probers(seconds: int) -> tuple[Promtool, Callable[[], Amtool]]:
    """The checkers of alert rules, confined: `seconds` a run, twice that for all of a pull request, for others wait.

    Raises ProgramMissing, which says how to install them.
    """
    limits = Limits(seconds=seconds, megabytes=1024, together=2 * seconds)
    return Promtool.found(None, limits), lambda: Amtool.found(None, limits)


def read_bundles(zipped: bytes) -> dict[str, dict[str, bytes]]:
    """The rule files in an artifact, by the folder at its top (an environment's name) and their name below it.

    Raises ArtifactRefused for the whole archive.
    """
    found: dict[str, dict[str, bytes]] = {}
    for name, data in members(zipped, lambda each: "/" in each and each.endswith(ENDINGS)).items():
        folder, _, rest = name.partition("/")
        found.setdefault(folder, {})[rest] = data
    return found


def person(settings: Settings, token: str) -> Person:
    """Somebody at the command line, by a token of their own."""
    return Person(settings.github_api_url, token)


def version() -> str:
    """Lockstep's version; `unknown` when it runs from a directory that was never installed."""
    try:
        return metadata.version("lockstep")
    except metadata.PackageNotFoundError:
        return "unknown"


def web_url(settings: Settings) -> str:
    """GitHub's web address."""
    return web_address(settings.github_api_url)


def web_address(api_url: str) -> str:
    """api.github.com → github.com; a GitHub Enterprise Server's API is below its own address."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.") if parts.netloc == "api.github.com" else parts.netloc
    return f"{parts.scheme}://{host}"


def registration(
    *,
    api_url: str,
    url: str,
    name: str,
    organization: str | None,
    keep: Callable[[Mapping[str, str]], str],
) -> tuple[Registration, Event]:
    """The flow of `lockstep setup`, and what is set when the App is made. `keep` writes settings, and tells where."""
    made = Event()

    def kept(code: str) -> Made:
        app = register(api_url, code)
        values = {
            "APP_ID": str(app.id),
            "PRIVATE_KEY": app.private_key,
            "WEBHOOK_SECRET": app.webhook_secret,
            **({"GITHUB_API_URL": api_url} if api_url != DEFAULT_API_URL else {}),
        }
        found = Made(name=app.name, html_url=app.html_url, kept_in=keep(values))
        made.set()
        return found

    def manifest(redirect_url: str) -> Mapping[str, Any]:
        return app_manifest(name=name, url=url, redirect_url=redirect_url)

    flow = Registration(github=web_address(api_url), organization=organization, manifest=manifest, keep=kept)
    return flow, made
