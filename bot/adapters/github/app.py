"""The App itself: who it is, where it is installed, its token mint, and the deliveries that went wrong (row B7).

https://docs.github.com/en/rest/apps/apps · https://docs.github.com/en/rest/apps/webhooks
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.adapters.github.auth import AppAuth, Clock, InstallationAuth, Token, TokenKeeper
from bot.adapters.github.budget import Budget, MemoryBudget
from bot.adapters.github.channel import Channel, Shared
from bot.adapters.github.errors import (
    app_unauthorized,
    limit_of,
    limited,
    message_of,
    skew_of,
    trouble,
    wait_after,
)
from bot.adapters.github.installation import Installation
from bot.adapters.github.permissions import OPTIONAL, PERMISSIONS
from bot.adapters.github.queries import VIEWER_QUERY
from bot.adapters.github.reads_repositories import learn_bot
from bot.adapters.github.transport import Answer, Transport
from bot.errors import InstallationGone, Moved, Terminal
from bot.model.doctor import Hook, Identity

APP = 0
"""Stands for the App itself where an installation's id is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The App as GitHub knows it."""

    id: int
    slug: str
    name: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationInfo:
    """An account that installed the App."""

    id: int
    account: str
    suspended: bool
    permissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A webhook delivery of which no attempt succeeded. `id` is what `redeliver` takes; `guid` is the delivery's id."""

    id: int
    guid: str
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    status_code: int
    delivered_at: datetime


class AppClient:
    """Speaks for the App. One for a process; safe between threads."""

    def __init__(
        self,
        *,
        app_id: int,
        private_key: str,
        api_url: str,
        clock: Clock,
        budget: Budget | None = None,
        bot_id: int | None = None,
    ) -> None:
        self.app_id = app_id
        self.clock = clock
        self.budget: Budget = budget if budget is not None else MemoryBudget()
        self._transport = Transport(api_url, AppAuth(app_id, private_key, clock))
        self._auth = InstallationAuth()
        self._installed = Transport(api_url, self._auth)
        self._bot_id = bot_id
        self._shared: dict[int, Shared] = {}
        self._keepers: dict[tuple[int, frozenset[int], str], TokenKeeper] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AppClient(app_id={self.app_id})"

    def app(self) -> App:
        """The App: slug, permissions and events as they are set on GitHub now."""
        data = self._ask("GET", "/app", purpose="app").data
        return App(
            id=data["id"],
            slug=data.get("slug") or "",
            name=data["name"],
            permissions=dict(data["permissions"]),
            events=tuple(data["events"]),
        )

    def identity(self) -> Identity:
        """The App with how far this machine's clock is from GitHub's, for the doctor."""
        answer = self._ask("GET", "/app", purpose="doctor")
        skew = skew_of(answer.headers, self.clock())
        return Identity(
            id=answer.data["id"],
            slug=answer.data.get("slug") or "",
            name=answer.data["name"],
            permissions=dict(answer.data["permissions"]),
            events=tuple(answer.data["events"]),
            skew=None if skew is None else skew.total_seconds(),
        )

    def hook(self) -> Hook:
        """Where GitHub sends the App's events: https://docs.github.com/en/rest/apps/webhooks"""
        data = self._ask("GET", "/app/hook/config", purpose="doctor").data
        return Hook(
            url=str(data.get("url") or ""),
            content_type=str(data.get("content_type") or ""),
            verifies_tls=str(data.get("insecure_ssl", "0")) == "0",
            has_secret=bool(data.get("secret")),
        )

    def installations(self) -> tuple[InstallationInfo, ...]:
        """Every installation, all pages."""
        return tuple(
            InstallationInfo(
                id=entry["id"],
                account=str((entry.get("account") or {}).get("login") or ""),
                suspended=entry.get("suspended_at") is not None,
                permissions=dict(entry.get("permissions") or {}),
            )
            for entry in self._pages("/app/installations", purpose="installations")
        )

    def installation(self, installation_id: int, *, repository_ids: Sequence[int] = ()) -> Installation:
        """One run's view of an installation. With `repository_ids` its token reaches these repositories only."""
        chosen = frozenset(repository_ids)
        return Installation(
            app_id=self.app_id,
            bot_id=self._bot_id_through,
            channel=self._channel(installation_id, chosen),
            alone=lambda permission: self._channel(installation_id, chosen, permission),
        )

    def _channel(self, installation_id: int, chosen: frozenset[int], permission: str = "") -> Channel:
        """The way to an installation; with an optional permission, a way that has this one alone."""
        wanted = {permission: OPTIONAL[permission]} if permission else PERMISSIONS
        with self._lock:
            shared = self._shared.setdefault(installation_id, Shared())
            keeper = self._keepers.get((installation_id, chosen, permission))
            if keeper is None:
                keeper = TokenKeeper(lambda: self._mint(installation_id, chosen, wanted), self.clock)
                self._keepers[installation_id, chosen, permission] = keeper
        return Channel(
            installation_id=installation_id,
            transport=self._installed,
            auth=self._auth,
            tokens=keeper,
            budget=self.budget,
            shared=shared,
            clock=self.clock,
        )

    @property
    def bot_id(self) -> int:
        """The user id of the App's bot account. Raises Terminal when the App is installed nowhere."""
        if self._bot_id is None:
            active = [entry for entry in self.installations() if not entry.suspended]
            if not active:
                raise Terminal("the App is not installed anywhere: install it on an account first")
            return self.installation(active[0].id).bot_id
        return self._bot_id

    def failed_deliveries(self, since: datetime) -> tuple[FailedDelivery, ...]:
        """Deliveries since a moment of which no attempt succeeded, newest first, one entry each (row B7).

        GitHub keeps them for three days, and says of every attempt how it ended; a later success settles a delivery.
        """
        failed: dict[str, FailedDelivery] = {}
        settled: set[str] = set()
        for entry in self._pages("/app/hook/deliveries", purpose="deliveries"):
            at = datetime.fromisoformat(entry["delivered_at"])
            if at < since:
                break
            guid = entry["guid"]
            if entry["status"] == "pending":
                continue
            if 200 <= entry["status_code"] < 300:
                settled.add(guid)
            elif guid not in failed:
                failed[guid] = FailedDelivery(
                    id=entry["id"],
                    guid=guid,
                    event=entry["event"],
                    action=entry["action"],
                    installation_id=entry["installation_id"],
                    repository_id=entry["repository_id"],
                    status_code=entry["status_code"],
                    delivered_at=at,
                )
        return tuple(entry for guid, entry in failed.items() if guid not in settled)

    def redeliver(self, delivery_id: int) -> None:
        """Asks GitHub to deliver again. Raises Terminal when GitHub no longer has it."""
        self._ask("POST", f"/app/hook/deliveries/{delivery_id}/attempts", purpose="redeliver", body={})

    def _bot_id_through(self, channel: Channel) -> int:
        """The bot account's id. An answer has mostly named it already, as the viewer; else it is asked for once a
        process, and where GitHub does not say it, the App's slug leads to the user of that name."""
        if self._bot_id is None and channel.shared.known.bot_id is None:
            reply = channel.graphql(VIEWER_QUERY, {}, purpose="app")
            learn_bot(channel, reply)
        self._bot_id = self._bot_id or channel.shared.known.bot_id
        if self._bot_id is None:
            login = quote(f"{self.app().slug}[bot]", safe="")
            self._bot_id = int(channel.rest("GET", f"/users/{login}", purpose="app").data["id"])
        return self._bot_id

    def _mint(
        self, installation_id: int, repository_ids: frozenset[int], permissions: Mapping[str, str]
    ) -> Token:
        """A new installation token with the least permissions (attack case 18)."""
        body: dict[str, Any] = {"permissions": dict(permissions)}
        if repository_ids:
            body["repository_ids"] = sorted(repository_ids)
        path = f"/app/installations/{installation_id}/access_tokens"
        answer = self._ask(
            "POST", path, purpose="token", body=body, allow=(403, 404, 422), installation_id=installation_id
        )
        if answer.status < 300:
            expires = datetime.fromisoformat(answer.data["expires_at"])
            return Token(text=answer.data["token"], expires_at=expires)
        said = message_of(answer.data)
        if answer.status == 404:
            raise InstallationGone(f"installation {installation_id} is gone: {said}")
        if answer.status == 403:
            raise Terminal(f"installation {installation_id} is suspended or forbidden: {said}")
        if repository_ids and "repositor" in said.lower():
            raise Moved(
                f"installation {installation_id} no longer covers a repository that was known: {said}"
            )
        raise Terminal(
            f"installation {installation_id} does not grant what Lockstep needs "
            f"({', '.join(f'{name}: {level}' for name, level in permissions.items())}): {said}"
        )

    def _pages(self, path: str, *, purpose: str) -> Iterator[Any]:
        answer = self._ask("GET", path, purpose=purpose, params={"per_page": 100})
        while True:
            yield from answer.data
            if answer.next_page is None:
                return
            following = answer.next_page.removeprefix(self._transport.prefix)
            answer = self._ask("GET", following, purpose=purpose)

    def _ask(
        self,
        verb: str,
        path: str,
        *,
        purpose: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        allow: Sequence[int] = (),
        installation_id: int = APP,
    ) -> Answer:
        what = f"{verb} {path.partition('?')[0]}"
        until = self.budget.blocked_until(installation_id)
        if until is not None and until > self.clock():
            raise limited(what, until)
        self.budget.count(installation_id, purpose, 1)
        answer = self._transport.send(verb, path, params=params, body=body)
        limit = limit_of(answer.status, answer.headers, answer.data, self.clock())
        if limit is not None:
            until = limit.until or self.clock() + wait_after(self.budget.strike(installation_id))
            self.budget.block(installation_id, until)
            raise limited(what, until)
        if answer.status == 401:
            raise app_unauthorized(answer.headers, answer.data, self.clock())
        if answer.status >= 300 and answer.status not in allow:
            raise trouble(answer.status, answer.headers, answer.data, what)
        return answer
