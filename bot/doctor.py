"""Examines an installation for `lockstep doctor`: asks each part once, changes nothing, and hands over what it found.

What cannot be read becomes a `Trouble` in its place; nothing is raised for it. `decide.doctor` says what it means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.adapters.alertmanager import Alertmanager
from bot.adapters.amtool import Amtool
from bot.adapters.argocd import ArgoCD
from bot.adapters.email import Mail
from bot.adapters.github.app import AppClient, InstallationInfo
from bot.adapters.github.installation import Installation
from bot.adapters.github.manifest import ALL_PERMISSIONS, EVENTS
from bot.adapters.github.permissions import PERMISSIONS
from bot.adapters.outbound import Outbound, without_credentials
from bot.adapters.prometheus import Prometheus
from bot.adapters.promtool import Promtool
from bot.adapters.rules import load_policy
from bot.adapters.slack import Slack
from bot.adapters.store import open_as_it_is
from bot.adapters.webhook import Webhook
from bot.decide.codeowners.places import CODEOWNERS_PATHS
from bot.errors import LockstepError, NotFound, Retryable
from bot.model.doctor import Config, Failed, Findings, Identity, Installed, Service, Trouble
from bot.model.facts import RepositoryFile, Unknown
from bot.model.policy import Policy
from bot.model.snapshot import RulesFile
from bot.model.tidings import Outcome, Sent
from bot.settings import DatabaseSettings, Settings

T = TypeVar("T")
Clock = Callable[[], datetime]
SINCE = timedelta(days=3)
"""GitHub keeps deliveries for as long."""
ASKED = 1_000
"""The last questions of GitHub's whether a deployment may go on, among which each blocked repository is looked for."""


def examine(settings: Settings, clock: Clock, warnings: tuple[str, ...] = ()) -> Findings:
    """Everything about an installation whose settings are well-formed."""
    found = store_findings(DatabaseSettings(database_url=settings.database_url, home=settings.home))
    found = replace(
        found,
        warnings=warnings,
        app_id=settings.app_id,
        wanted_permissions=ALL_PERMISSIONS,
        least_permissions=PERMISSIONS,
        wanted_events=EVENTS,
    )
    client = AppClient(
        app_id=settings.app_id, private_key=settings.private_key, api_url=settings.github_api_url, clock=clock
    )
    found = replace(found, identity=_identity(client, settings))
    if not isinstance(found.identity, Trouble):
        found = replace(
            found,
            hook=tried(client.hook),
            failed=tried(lambda: _failed(client, clock())),
            installed=tried(
                lambda: tuple(_installed(client, settings, each) for each in client.installations())
            ),
        )
    return replace(found, services=_services(settings, clock, tuple(_policies(found))))


def _identity(client: AppClient, settings: Settings) -> Identity | Trouble:
    try:
        return client.identity()
    except NotFound:
        return Trouble(why=f"GitHub at {settings.github_api_url} knows no App number {settings.app_id}")
    except LockstepError as error:
        return _trouble(error)


def store_findings(settings: DatabaseSettings) -> Findings:
    """The database, the queue and the channels, which need no other setting."""
    try:
        store = open_as_it_is(settings)
    except LockstepError as error:
        return Findings(database=_trouble(error))
    with store:
        schema = tried(store.health.check)
        if isinstance(schema, Trouble):
            return Findings(database=schema)
        kind = "yours" if settings.database_url else f"the embedded one under {settings.home}"
        states = tried(lambda: store.notices.channels(None))
        asked = tried(lambda: store.ledger.rows(event="deployment_asked", limit=ASKED))
        return Findings(
            database=f"answers, with the schema of this program ({kind})",
            queue=tried(store.numbers),
            channels=states,
            asked=frozenset()
            if isinstance(asked, Trouble)
            else frozenset(str(row.entry.details.get("repository")).lower() for row in asked),
        )


def tried(ask: Callable[[], T]) -> T | Trouble:
    """What `ask` says, or the trouble that it had."""
    try:
        return ask()
    except LockstepError as error:
        return _trouble(error)


def _trouble(error: LockstepError) -> Trouble:
    # A wrong clock is told as something to retry, and is ours to mend.
    return Trouble(why=str(error), silent=isinstance(error, Retryable) and "clock skew" not in str(error))


def _unknown(found: Unknown) -> Trouble:
    return Trouble(why=found.why, silent=found.passing)


def _failed(client: AppClient, at: datetime) -> Failed:
    deliveries = client.failed_deliveries(at - SINCE)
    last = max((each.delivered_at for each in deliveries), default=None)
    counted = Counter(each.status_code for each in deliveries)
    return Failed(by_status=dict(counted), last=f"{last:%Y-%m-%d %H:%M} UTC" if last else "")


def _installed(client: AppClient, settings: Settings, info: InstallationInfo) -> Installed:
    allowed = settings.allows(info.account)
    found = Installed(
        id=info.id,
        account=info.account,
        suspended=info.suspended,
        allowed=allowed,
        permissions=info.permissions,
    )
    if info.suspended or not allowed:
        return found
    return replace(found, configs=tried(lambda: _configs(client.installation(info.id))))


def _configs(github: Installation) -> tuple[Config, ...]:
    repositories = github.repositories()
    files = github.rules_files([each.id for each in repositories]) if repositories else ()
    seen = frozenset(each.full_name.lower() for each in repositories)
    return tuple(_config(github, each, seen) for each in files if each.files)


def _config(github: Installation, file: RulesFile, seen: frozenset[str]) -> Config:
    name, branch = file.repository.full_name, file.repository.default_branch
    rules = load_policy(file.files, sha=file.head_sha)
    owners = tried(lambda: _owners(github, name, file.head_sha))
    errors = tried(lambda: github.owner_errors(name, file.head_sha)) if owners else {}
    return Config(
        repository=name,
        branch=branch,
        rules=rules,
        owners=owners,
        owner_errors=_unknown(errors) if isinstance(errors, Unknown) else errors,
        protection=tried(lambda: github.protection(name, branch)),
        teams=_teams(github, rules.policy),
        unseen=tuple(each for each in _named(rules.policy) if each.lower() not in seen),
    )


def _owners(github: Installation, repository: str, sha: str) -> str:
    files = github.files(repository, sha, CODEOWNERS_PATHS)
    return next((path for path in CODEOWNERS_PATHS if isinstance(files[path], RepositoryFile)), "")


def _teams(github: Installation, policy: Policy | None) -> Mapping[str, int | Trouble]:
    wanted = sorted({team for role in policy.roles.values() for team in role.teams}) if policy else []
    if not wanted:
        return {}
    found = tried(lambda: github.team_members(wanted))
    if isinstance(found, Trouble):
        return dict.fromkeys(wanted, found)
    return {
        team: _unknown(members) if isinstance(members, Unknown) else len(members)
        for team, members in found.items()
    }


def _named(policy: Policy | None) -> tuple[str, ...]:
    """The other repositories that the rules name: sources, and the production validation's."""
    if policy is None:
        return ()
    validation = policy.validation
    validated = (validation.repository, *validation.blocks) if validation is not None else ()
    return tuple(dict.fromkeys((*(each.repository for each in policy.sources), *validated)))


def _policies(found: Findings) -> Iterable[Policy]:
    for each in found.installed if isinstance(found.installed, tuple) else ():
        for config in each.configs if isinstance(each.configs, tuple) else ():
            if config.rules.policy is not None:
                yield config.rules.policy


def _services(settings: Settings, clock: Clock, policies: tuple[Policy, ...]) -> tuple[Service, ...]:
    asked = _asked_for(policies)
    urls = (settings.prometheus_url, settings.alertmanager_url, settings.argocd_server)
    outbound = Outbound(without_credentials(url)[0] for url in urls if url)
    argocd = ArgoCD(settings.argocd_server, settings.argocd_auth_token, outbound)
    prometheus = Prometheus(settings.prometheus_url, outbound)
    alertmanager = Alertmanager(settings.alertmanager_url, outbound)
    slacks = [url for url in (settings.slack_webhook_url, *settings.slack_webhook_urls.values()) if url]

    def of(name: str, setting: str, used: bool, ask: Callable[[], str | Trouble]) -> Service:
        said = (tried(ask) or "") if used else ""
        return Service(name=name, setting=setting, used=used, said=said, needed_by=asked.get(name, ""))

    return (
        of("Argo CD", "ARGOCD_SERVER", bool(settings.argocd_server), lambda: _said(argocd.session())),
        of(
            "Prometheus",
            "PROMETHEUS_URL",
            bool(settings.prometheus_url),
            lambda: _said(prometheus.query("vector(1)", clock()), "answers queries"),
        ),
        of(
            "Alertmanager",
            "ALERTMANAGER_URL",
            bool(settings.alertmanager_url),
            lambda: _said(alertmanager.firing("doctor", (), clock()), "tells its alerts"),
        ),
        of("Slack", "SLACK_WEBHOOK_URL", bool(slacks), lambda: _slack(slacks, clock)),
        of("e-mail", "SMTP_URL", bool(settings.smtp_url), lambda: _mail(settings, clock)),
        of(
            "webhook",
            "NOTIFY_WEBHOOK_SECRET",
            settings.notify_webhook_secret is not None,
            lambda: _webhook(settings, clock, policies),
        ),
        _tool("promtool", lambda: Promtool.found().version, asked),
        _tool("amtool", lambda: Amtool.found().version, asked),
    )


def _said(found: object, fine: str = "") -> str | Trouble:
    return _unknown(found) if isinstance(found, Unknown) else fine or str(found)


def _slack(urls: list[str], clock: Clock) -> str | Trouble:
    for url in urls:
        found = _outcome(Slack(url, clock=clock).check())
        if found is not None:
            return found
    return (
        "each webhook answers; nothing was posted"
        if len(urls) > 1
        else "the webhook answers; nothing was posted"
    )


def _mail(settings: Settings, clock: Clock) -> str | Trouble:
    mail = Mail(settings.smtp_url or "", settings.smtp_from, clock=clock)
    return _outcome(mail.check()) or "the mail server answers; no letter was sent"


def _webhook(settings: Settings, clock: Clock, policies: tuple[Policy, ...]) -> str | Trouble:
    """Every receiver: the setting's, and those that rules name."""
    own = settings.notify_webhook_url
    named = {
        channel.url
        for policy in policies
        for channel in policy.notify.channels.values()
        if channel.kind == "webhook" and channel.url
    }
    urls = [*([own] if own else []), *sorted(named)]
    webhook = Webhook(settings.notify_webhook_secret or b"", clock=clock, own=own)
    for url in urls:
        found = _outcome(webhook.check(url))
        if found is not None:
            return found
    if not urls:
        return "messages would be signed; neither NOTIFY_WEBHOOK_URL nor rules name a receiver"
    return (
        f"{'each receiver takes' if len(urls) > 1 else 'the receiver takes'} what is signed; a ping was sent"
    )


def _outcome(outcome: Outcome) -> Trouble | None:
    if isinstance(outcome, Sent):
        return None
    return Trouble(why=outcome.why, silent="not answer" in outcome.why)


def _tool(name: str, version: Callable[[], str], asked: Mapping[str, str]) -> Service:
    found = tried(version)
    missing = isinstance(found, Trouble)
    said = "" if isinstance(found, Trouble) else found
    return Service(name=name, setting=name, used=not missing, said=said, needed_by=asked.get(name, ""))


def _asked_for(policies: tuple[Policy, ...]) -> dict[str, str]:
    """Which service which rules ask for, in words."""
    found: dict[str, str] = {}
    for policy in policies:
        for environment in policy.environments:
            gates, name = environment.gates, environment.name
            if gates.slo or gates.error_budget or gates.canary or gates.metrics:
                found.setdefault("Prometheus", f"a gate of {name}")
            if gates.critical_alerts:
                found.setdefault("Alertmanager", f"the gate critical_alerts of {name}")
            if environment.argocd or gates.stability:
                found.setdefault("Argo CD", f"{name}")
        kinds = {"slack": "Slack", "email": "e-mail", "webhook": "webhook"}
        for name, channel in policy.notify.channels.items():
            if name == channel.kind and not channel.url and not channel.to:
                continue  # as it ships: there for whoever sets the setting
            found.setdefault(kinds.get(channel.kind, channel.kind), f"the channel {name}")
        if policy.alerts is not None and policy.alerts.source:
            found.setdefault("promtool", "the check of alert rules")
        if policy.alerts is not None and policy.alerts.alertmanager:
            found.setdefault("amtool", "the check of Alertmanager's configuration")
    return found
