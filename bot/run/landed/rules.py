"""One ledger row for each step that changed the rules file or CODEOWNERS: who, through what, and which keys (P11)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.decide import landing
from bot.decide.text import plain
from bot.model.facts import RepositoryFile, Unknown
from bot.model.landing import Step
from bot.run.house import note
from bot.run.landed.seen import Push, pushed_by
from bot.run.landed.watched import Watched


def note_rules(watched: Watched, old: str, new: str, step: Step | None, pushes: Sequence[Push]) -> None:
    """A row for a step that changed the rules file or CODEOWNERS; `step` None: for all that a rewriting changed."""
    before, after = watched.files(old), watched.files(new)
    said = [
        f"{path}: {_said(watched, path, before.get(path), after.get(path))}"
        for path in watched.guarded
        if _digest(before.get(path)) != _digest(after.get(path))
    ]
    if not said:
        return
    through = step.through if step else None
    push = None if through else pushed_by(new, pushes)
    who = through.merged_by if through else None
    way = f"#{through.number} by {through.author.login}" if through else "a direct push"
    note(
        watched.house,
        watched.subject,
        "rules_changed",
        "done",
        f"{'; '.join(said)} (by {way})",
        actor_id=who.id if who else push.who if push else None,
        actor_login=who.login if who else push.login if push else None,
        delivery_id=push.delivery if push else None,
        pull_number=through.number if through else None,
        head_sha=new,
        details={"before": old, "commit": new},
        once=f"rules_changed {watched.repository.id} {old} {new}",
    )


def _said(
    watched: Watched,
    path: str,
    before: RepositoryFile | Unknown | None,
    after: RepositoryFile | Unknown | None,
) -> str:
    old, new = (file.data if isinstance(file, RepositoryFile) else None for file in (before, after))
    if isinstance(before, Unknown) and not before.absent:
        return f"what it was before cannot be read: {before.why}"
    if old is None or new is None:
        return "added" if old is None else "removed"
    if path in watched.house.rules_paths:
        return landing.what_changed(watched.house.outline(old), watched.house.outline(new))
    lines = (old.decode("utf-8", "replace").splitlines(), new.decode("utf-8", "replace").splitlines())
    gone = [f"- {line}" for line in lines[0] if line not in lines[1]]
    come = [f"+ {line}" for line in lines[1] if line not in lines[0]]
    return plain(", ".join((*gone, *come)[: landing.SHOWN]) or "only the order or the spacing", 500)


def _digest(file: RepositoryFile | Unknown | None) -> str:
    if isinstance(file, RepositoryFile):
        return hashlib.sha256(f"{file.mode:o}\0".encode() + file.data).hexdigest()
    return "" if file is None or file.absent else f"? {file.why}"
