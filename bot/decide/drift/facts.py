"""What the question of drift rests on, and whether a change has to do with alerts at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.model.facts import Unknown
from bot.model.policy_after import Alerts
from bot.model.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFacts:
    """The alert files as one commit holds them."""

    alerts: Alerts
    environments: tuple[str, ...]
    """All environments of the rules, in their order."""
    changed: tuple[str, ...] | None
    """The paths that the pull request changes; None: GitHub does not list all of them, so any may have changed."""
    trees: Mapping[str, Tree | Unknown]
    """By each path of `paths_of`."""
    rendered: Mapping[str, Mapping[str, bytes]] | Unknown | None = None
    """Bundles that CI rendered, by environment; None: they are rendered from the source here."""

    def touches(self, path: str) -> bool:
        """Whether the pull request changes something at or below a path."""
        return self.changed is None or any(is_below(each, path) for each in self.changed)


def paths_of(alerts: Alerts) -> tuple[str, ...]:
    """The folders and files of a repository that have to do with alerts; no pull request without them is asked."""
    named = (alerts.source, alerts.tests, alerts.alertmanager, alerts.runbooks, *alerts.bundles.values())
    return tuple(dict.fromkeys(path.rstrip("/") for path in named if path))


def touched(alerts: Alerts | None, changed: Iterable[str], *, complete: bool) -> bool:
    """Whether a change touches any of them; one whose files GitHub does not list may."""
    paths = paths_of(alerts) if alerts else ()
    return bool(paths) and (not complete or any(is_below(each, path) for each in changed for path in paths))


def is_below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return path == folder or path.startswith(f"{folder}/")


def chain_of(alerts: Alerts, environments: Sequence[str]) -> tuple[str, ...]:
    """The environments that alert rules travel through, in order: those with a bundle; where no bundle is in the
    repository, the last two, whose renders are compared."""
    with_bundle = tuple(name for name in environments if name in alerts.bundles)
    return with_bundle or tuple(environments[-2:])
