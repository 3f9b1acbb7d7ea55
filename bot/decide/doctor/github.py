"""GitHub's side: who the App is, what it may, where its events go, where it is installed, and this machine's clock."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.decide.doctor.lines import right, troubled, unused, wrong
from bot.model.doctor import Failed, Findings, Hook, Identity, Installed, Line, Trouble

AREA = "github"
SKEW = 30.0
"""Seconds. GitHub refuses the App's tokens when the clock is a minute wrong (attack case 17)."""
_LEVELS = ("", "read", "write", "admin")
_APP_PAGE = "the App's settings page on GitHub (Permissions & events)"


def github(found: Findings) -> list[Line]:
    """Every line about GitHub; those that need an answer that did not come are left out."""
    if found.identity is None:
        return []
    if isinstance(found.identity, Trouble):
        step = "check GITHUB_API_URL, APP_ID, PRIVATE_KEY and this machine's clock"
        return [troubled(AREA, "App", found.identity, step)]
    return [
        _identity(found.identity, found.app_id),
        *_clock(found.identity),
        *_permissions(found, found.identity),
        *_events(found, found.identity),
        *_hook(found.hook),
        *_deliveries(found.failed),
        *_installations(found, found.identity),
    ]


def _identity(app: Identity, app_id: int) -> Line:
    if app.id != app_id:
        return wrong(
            AREA, "App", f"the key belongs to App {app.id}, not to {app_id}", "correct APP_ID or PRIVATE_KEY"
        )
    return right(AREA, "App", f"{app.name} ({app.slug}, number {app.id})")


def _clock(app: Identity) -> list[Line]:
    if app.skew is None:
        return []
    if abs(app.skew) > SKEW:
        way = "ahead of" if app.skew > 0 else "behind"
        says = f"this machine's clock is {abs(app.skew):.0f} s {way} GitHub's"
        return [wrong(AREA, "clock", says, "set the clock right (NTP)")]
    return [right(AREA, "clock", f"within {SKEW:.0f} s of GitHub's")]


def _permissions(found: Findings, app: Identity) -> list[Line]:
    lines = []
    for name, level in found.wanted_permissions.items():
        check, granted = f"permission {name}", app.permissions.get(name, "")
        if _covers(granted, level):
            lines.append(right(AREA, check, granted))
            continue
        says = f"{granted or 'not granted'}; app.yml asks for {level}"
        step = f"set {name} to {level} on {_APP_PAGE}, then accept it in each installation"
        least = found.least_permissions.get(name)
        if least is not None and not _covers(granted, least):
            lines.append(wrong(AREA, check, says, step))
        else:
            lines.append(unused(AREA, check, f"{says}, which only some rules need", step))
    return lines


def _events(found: Findings, app: Identity) -> list[Line]:
    missing = [each for each in found.wanted_events if each not in app.events]
    step = f"subscribe to it on {_APP_PAGE}"
    return [
        wrong(AREA, f"event {each}", "not subscribed: GitHub does not tell of it", step)
        if each in missing
        else right(AREA, f"event {each}", "subscribed")
        for each in found.wanted_events
    ]


def _hook(hook: Hook | Trouble | None) -> list[Line]:
    if hook is None:
        return []
    if isinstance(hook, Trouble):
        return [troubled(AREA, "webhook", hook, "set the webhook's address on the App's settings page")]
    page = "on the App's settings page (Webhook)"
    parts = urlsplit(hook.url)
    host, here = parts.hostname or "", parts.hostname in ("localhost", "127.0.0.1", "::1")
    lines = []
    if not host:
        lines.append(
            wrong(AREA, "webhook", "the App has no webhook address", f"set it {page}, ending in /webhook")
        )
    elif host == "example.com" or host.endswith(".example.com"):
        lines.append(
            wrong(
                AREA, "webhook", f"events go to the placeholder {host}", f"set Lockstep's own address {page}"
            )
        )
    elif parts.path.rstrip("/") != "/webhook":
        says = f"events go to {host}{parts.path[:100]}, where Lockstep does not listen"
        lines.append(wrong(AREA, "webhook", says, f"let the address end in /webhook {page}"))
    elif parts.scheme != "https" and not here:
        lines.append(wrong(AREA, "webhook", f"events go to {host} unencrypted", f"use https:// {page}"))
    else:
        lines.append(right(AREA, "webhook", f"{host}{parts.path}"))
    if hook.content_type != "json":
        says = f"events come as {hook.content_type or 'a form'}, which Lockstep refuses"
        lines.append(wrong(AREA, "webhook content type", says, f"choose application/json {page}"))
    if not hook.verifies_tls:
        lines.append(
            wrong(AREA, "webhook TLS", "GitHub does not verify the certificate", f"enable it {page}")
        )
    if not hook.has_secret:
        says = "the App signs no event, so every one is refused"
        lines.append(wrong(AREA, "webhook secret", says, f"set it to WEBHOOK_SECRET {page}"))
    return lines


def _deliveries(failed: Failed | Trouble | None) -> list[Line]:
    if failed is None:
        return []
    if isinstance(failed, Trouble):
        return [troubled(AREA, "deliveries", failed, "look at Advanced on the App's settings page")]
    if not failed.by_status:
        return [right(AREA, "deliveries", "none failed for good in the last three days")]
    count = sum(failed.by_status.values())
    kinds = ", ".join(f"{_status(status)}: {number}" for status, number in sorted(failed.by_status.items()))
    says = f"{count} {'delivery' if count == 1 else 'deliveries'} failed, the last at {failed.last} ({kinds})"
    step = (
        "WEBHOOK_SECRET differs from the App's: set both to the same"
        if 401 in failed.by_status
        else "see whether GitHub reaches the address; the sweep asks for them again"
    )
    return [wrong(AREA, "deliveries", says, step)]


def _status(status: int) -> str:
    return "no answer" if status == 0 else str(status)


def _installations(found: Findings, app: Identity) -> list[Line]:
    if found.installed is None:
        return []
    if isinstance(found.installed, Trouble):
        return [troubled(AREA, "installations", found.installed, "see GitHub's status, and try again")]
    if not found.installed:
        step = "install it on the account that holds the app and config repositories (Install App)"
        return [wrong(AREA, "installations", "the App is installed nowhere", step)]
    return [_installation(each, app.permissions) for each in found.installed]


def _installation(each: Installed, asked: Mapping[str, str]) -> Line:
    check = f"installation {each.account}"
    if not each.allowed:
        return unused(AREA, check, "ALLOWED_ACCOUNTS leaves it out: its events are dropped")
    if each.suspended:
        return wrong(AREA, check, "suspended", "its owner unsuspends it under Settings > GitHub Apps")
    waiting = sorted(
        name for name, level in asked.items() if not _covers(each.permissions.get(name, ""), level)
    )
    if waiting:
        says = f"has not accepted {', '.join(waiting)}"
        return wrong(AREA, check, says, "its owner accepts the new permissions under Settings > GitHub Apps")
    return right(AREA, check, "active, with every permission that the App asks for")


def _covers(granted: str, wanted: str) -> bool:
    known = granted in _LEVELS and wanted in _LEVELS
    return known and _LEVELS.index(granted) >= _LEVELS.index(wanted)
