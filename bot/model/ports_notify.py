"""What telling people needs from outside: the channels, and the store's record of who was told what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.model.ledger import LedgerRow
from bot.model.policy_after import Channel
from bot.model.tidings import ChannelState, Message, Notice, Outcome, Tiding


class Messenger(Protocol):
    """The channels with their credentials."""

    def missing(self, name: str, channel: Channel) -> str:
        """The setting that the channel lacks, such as `SLACK_WEBHOOK_URL`; empty when it can be used."""

    def send(self, name: str, channel: Channel, message: Message) -> Outcome:
        """Sends once. Raises nothing that a channel's failure may cause: that is `Later` or `Rejected`."""


class Nobody:
    """No channel at all: for houses that tell nobody."""

    def missing(self, name: str, channel: Channel) -> str:
        """Everything is missing."""
        return "channels"

    def send(self, name: str, channel: Channel, message: Message) -> Outcome:
        """Never asked, for no channel can be used. Raises RuntimeError."""
        raise RuntimeError(f"no channel {name} to send by")


class Notices(Protocol):
    """Which ledger rows are told, to whom, and how that went."""

    def plan(
        self,
        repository_id: int,
        *,
        keys: Sequence[str],
        also: Sequence[int],
        plan: Mapping[str, Any],
        channels: Mapping[str, tuple[str, str]],
    ) -> None:
        """Keeps who is told what about a config repository. From now on a ledger row whose `event.decision` is among
        `keys`, of this repository or one of `also`, plans the telling in its own transaction. What happened before is
        not told. `channels`: name to kind and missing setting."""

    def planned(self, repository_id: int) -> Mapping[str, Any] | None:
        """The plan as it was kept."""

    def untold(self, repository_id: int, limit: int = 500) -> tuple[LedgerRow, ...]:
        """The oldest rows that the plan names and that were not read yet; every row that was committed is seen."""

    def keep(
        self,
        repository_id: int,
        until: int,
        notices: Sequence[tuple[int, str, Tiding]],
        within: timedelta,
    ) -> int:
        """Keeps row, channel and tiding of each, and that rows up to `until` were read, both or neither. What was
        told to the channel `within` that time before is left out. Returns how many were kept."""

    def waiting(self, repository_id: int) -> tuple[Notice, ...]:
        """Those on their way, oldest first."""

    def told_at(self, repository_id: int, since: datetime) -> Mapping[tuple[str, str], datetime]:
        """By channel and group: when the last message went out, if since then."""

    def sent(self, repository_id: int, channel: str, ids: Sequence[int], message: str, at: datetime) -> None:
        """The channel took them: it is well again."""

    def dropped(self, ids: Sequence[int], why: str, at: datetime) -> None:
        """They are given up."""

    def tried(self, ids: Sequence[int]) -> None:
        """Counts a try for each."""

    def troubled(self, repository_id: int, channel: str, why: str, at: datetime) -> int:
        """The channel does not work; the number of failures in a row."""

    def wait_until(self, repository_id: int, channel: str, at: datetime) -> None:
        """When the channel is tried again."""

    def channels(self, repository_id: int | None = None) -> tuple[ChannelState, ...]:
        """Every channel with how it does; of one config repository, or of all."""

    def restless(self) -> tuple[tuple[int, int], ...]:
        """Installation and repository of every plan with something on its way or unread, for the sweep."""

    def prune(self, before: datetime) -> int:
        """Deletes what was told or given up before; how many."""
