"""A Git note, written through GitHub's Git data API: tree, commit, ref; the repository is never cloned.

https://docs.github.com/en/rest/git/trees#create-a-tree · https://docs.github.com/en/rest/git/commits#create-a-commit
https://docs.github.com/en/rest/git/refs#update-a-reference
"""

from __future__ import annotations

from typing import Any

from bot.adapters.github.batch import Batch
from bot.adapters.github.errors import message_of
from bot.adapters.github.notes import Noted, noted, places
from bot.errors import Stale, Terminal
from bot.model.action import PutNote
from bot.model.facts import RepositoryFile

TRIES = 5
"""How often somebody else's note may come in between; a commit that was made in vain harms nobody."""
_CAME_BETWEEN = ("not a fast forward", "already exists", "does not exist")
"""GitHub's words for a ref that is not where it was."""


def put_note(batch: Batch, index: int, action: PutNote) -> None:
    """Notes `data`; nothing is written when exactly that stands there.

    The new commit follows the one that was read and the ref is only ever moved forward, so a note that came in
    between is never lost: GitHub refuses, and it is read again. Raises Stale when that happens `TRIES` times.
    """
    batch.flush()
    for _ in range(TRIES):
        found = noted(batch.channel, batch.repository.full_name, action.ref, action.commit_sha)
        if _stands(found, action):
            batch.note(index, {"note": "stands", "note_commit": found.tip})
            return
        commit = _commit(batch, action, found)
        if _moved(batch, action, found, commit):
            batch.note(index, {"note": "written", "note_commit": commit})
            return
    raise Stale(f"{action.ref} moved {TRIES} times while a note was written")


def _stands(found: Noted, action: PutNote) -> bool:
    return (
        len(found.there) == 1
        and isinstance(found.there[0], RepositoryFile)
        and found.there[0].data == action.data
    )


def _commit(batch: Batch, action: PutNote, found: Noted) -> str:
    """The note in place of every note about this commit, as one commit on what was read."""
    name = batch.repository.full_name
    first = places(action.commit_sha)[0]
    old = [each.path for each in found.there if isinstance(each, RepositoryFile) and each.path != first]
    entries: list[dict[str, Any]] = [
        {"path": first, "mode": "100644", "type": "blob", "content": action.data.decode()}
    ]
    entries += [{"path": path, "mode": "100644", "type": "blob", "sha": None} for path in old]
    tree: dict[str, Any] = {"tree": entries}
    if found.tree is not None:
        tree["base_tree"] = found.tree
    made = batch.channel.rest("POST", f"/repos/{name}/git/trees", purpose="notes", body=tree).data["sha"]
    body = {
        "message": f"Notes about {action.commit_sha}\n\n{action.because}\n",
        "tree": made,
        "parents": [found.tip] if found.tip else [],
    }
    return str(
        batch.channel.rest("POST", f"/repos/{name}/git/commits", purpose="notes", body=body).data["sha"]
    )


def _moved(batch: Batch, action: PutNote, found: Noted, commit: str) -> bool:
    """Whether the ref stands at the commit now; False when it had moved meanwhile. Raises Terminal when refused."""
    root = f"/repos/{batch.repository.full_name}/git/refs"
    verb, path, body = "POST", root, {"sha": commit, "ref": action.ref}
    if found.tip is not None:
        # Without `force`, which is the default, GitHub moves a ref only forward.
        verb, path, body = "PATCH", f"{root}/{action.ref.removeprefix('refs/')}", {"sha": commit}
    answer = batch.channel.rest(verb, path, purpose="notes", body=body, allow=(409, 422))
    if answer.status < 300:
        return True
    said = message_of(answer.data)
    if answer.status == 409 or any(words in said.lower() for words in _CAME_BETWEEN):
        return False
    raise Terminal(f"GitHub refuses to move {action.ref} of {batch.repository.full_name}: {said}")
