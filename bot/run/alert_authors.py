"""Who wrote the alert rules that a bundle promotion brings: they do not approve it where the rules say so."""

from __future__ import annotations

from bot.decide.alerts import BUNDLE_FILE, AlertsRefused, read_bundle
from bot.decide.bundle_promotion import authors_of
from bot.model.facts import Actor, Unknown
from bot.model.policy_after import Alerts
from bot.model.ports import GitHub
from bot.model.snapshot import PullSnapshot
from bot.model.tree import Tree

NOWHERE = "0" * 40
"""No commit: the history is read as far as it is read at all."""


def bundle_authors(
    github: GitHub, snapshot: PullSnapshot, alerts: Alerts | None, environment: str
) -> tuple[Actor, ...] | Unknown:
    """The accounts behind the commits that changed the source since the commit that the environment's bundle was
    rendered from, as its `bundle.json` on the base branch tells; where it does not, as far back as is read."""
    if alerts is None or alerts.source is None or environment not in alerts.bundles:
        return Unknown(why=f"the rules name no alert bundle of {environment} any more")
    source, repository, base = alerts.source.rstrip("/"), snapshot.repository.id, snapshot.base_head_sha
    path = f"{alerts.bundles[environment].rstrip('/')}/{BUNDLE_FILE}"
    there = github.trees(repository, base, [path])[path]
    if isinstance(there, Unknown) and not there.absent:
        return there
    old = _commit(there, path) if isinstance(there, Tree) else None
    found = github.arrivals(repository, old or NOWHERE, base, [source])
    if isinstance(found, Unknown):
        return found
    if old is not None and not (found.reached and found.complete):
        return Unknown(
            why=f"the commits since {old[:7]}, which {environment} has the rules of, cannot all be read"
        )
    return authors_of(found, source, old)


def _commit(tree: Tree, path: str) -> str | None:
    file = tree.files.get(path)
    try:
        return read_bundle(file.data, file=path).source.commit if file and file.data else None
    except AlertsRefused:
        return None
