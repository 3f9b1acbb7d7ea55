"""What a bundle promotion would write, or which of the three that it takes is missing (rows A5, P4, P12). No write."""

from __future__ import annotations

from collections.abc import Iterator

from bot.decide.bundle_promotion import SOURCE, BundleStep
from bot.model.tree import Tree
from bot.run.alert_promotion import Place, actions, refusal
from bot.run.outlook import Preview


def previewed(place: Place, *, named: bool) -> Preview | None:
    """The preview of an environment's bundle; None: nothing is to be told, unless it was asked for by name."""
    stands, into = place.stands, place.environment.name
    found, standing = stands.step(), place.standing
    if stands.source() is None:
        why = f"{stands.alerts.source} cannot be read, so no alert bundle is promoted."
        return Preview(source=SOURCE, headline=why, refused=True)
    if found is None:
        said = f"Nothing to promote: {into} has the alert rules of {stands.before}."
        return Preview(source=SOURCE, headline=said) if named else None
    three = stands.three(found)
    why, due = refusal(place, three), actions(place, found, standing)
    if isinstance(due, str):
        return Preview(source=SOURCE, headline=due, refused=True, pull=standing, gates=three)
    return Preview(
        source=SOURCE,
        headline=why or found.title,
        refused=bool(why),
        pull=standing,
        gates=three,
        actions=() if why else tuple(due),
        files=tuple(_files(place, found)),
    )


def _files(place: Place, found: BundleStep) -> Iterator[tuple[str, bytes, bytes]]:
    tree = place.stands.folder(place.environment.name)
    for path in sorted({*found.files, *found.deletions}):
        there = tree.files.get(path) if isinstance(tree, Tree) else None
        yield path, (there.data if there else None) or b"", found.files.get(path, b"")
