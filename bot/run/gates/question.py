"""What a family of gates is asked about: one promotion into one environment, now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bot.errors import UserError
from bot.model.policy import Environment, Policy, Source
from bot.model.ports import GitHub
from bot.model.ports_gates import Place
from bot.model.release import Promotion, Release
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run.house import House
from bot.run.identity import app_of

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything that a measurement may use. `now` is aware UTC."""

    house: House
    subject: Subject
    github: GitHub
    policy: Policy
    environment: Environment
    promotion: Promotion
    snapshot: PullSnapshot
    now: datetime
    asked: dict[object, Any] = field(default_factory=dict)
    """What was answered in this look, so that two gates ask once."""

    def once(self, what: object, ask: Callable[[], Answer]) -> Answer:
        """The answer to `what`, asked for at most once in this look."""
        if what not in self.asked:
            self.asked[what] = ask()
        found: Answer = self.asked[what]
        return found

    @property
    def source(self) -> Source:
        """The source of the promoted releases. Raises UserError when the rules do not list it any more."""
        found = self.policy.source(self.promotion.source)
        if found is None:
            raise UserError(f"the rules list no source {self.promotion.source} (any more)")
        return found

    @property
    def releases(self) -> tuple[Release, ...]:
        """The promoted releases. Raises UserError when one of them is not on record."""
        return self.once("releases", self._releases)

    def _releases(self) -> tuple[Release, ...]:
        config = self.snapshot.repository.id
        app = app_of(self.house, self.subject.installation_id, config, self.source)
        if app is None:
            raise UserError(f"{self.source.repository} is not a repository of this installation")
        found = [(each, release_of(self.house, app.id, each)) for each in self.promotion.release_ids]
        missing = [name for name, release in found if release is None]
        if missing or not found:
            raise UserError(f"the release {', '.join(missing) or 'of this promotion'} is not on record")
        return tuple(release for _, release in found if release is not None)

    def place(self, named: str | None) -> Place:
        """Where a gate about a running system looks: where its rules say, else where the release comes from, else,
        where releases enter, the environment itself."""
        labels = self.policy.alerts
        where = named or self.environment.comes_from or self.environment.name
        components = tuple(sorted(self.promotion.components))
        if labels is None:
            return Place(environment=where, components=components)
        return Place(
            environment=where,
            components=components,
            environment_label=labels.environment_label,
            component_label=labels.component_label,
        )


def release_of(house: House, app_id: int, name: str) -> Release | None:
    """The release that `<source>@<run id>.<attempt>` names, if it is on record for this app repository."""
    run, _, attempt = name.rpartition("@")[2].partition(".")
    if not (run.isascii() and run.isdigit() and attempt.isascii() and attempt.isdigit()):
        return None
    return house.store.releases.of_run(app_id, int(run), int(attempt))
