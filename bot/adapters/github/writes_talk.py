"""Comments, reactions and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.graphql import FieldError, Reply, write_trouble
from bot.adapters.github.mutations import Mutation
from bot.adapters.github.text import BODY, cut
from bot.errors import NotFound
from bot.model.action import AddLabels, PutComment, React, RemoveLabels

_COLOURS = {"automation": "1d76db", "env": "0e8a16", "lockstep": "fbca04"}
_MEANINGS = {
    "automation:release-bump": "A promotion that Lockstep opened",
    "automation:rollback": "A rollback that Lockstep opened",
    "automation:hotfix": "A hotfix: straight to where hotfixes enter",
    "env": "The environment that it is about",
    "lockstep:hold": "Nothing is merged until /unhold",
    "lockstep:superseded": "Pointless by now: something else brought it, or took its place",
    "lockstep:incident": "What failed, and what people do about it",
    "lockstep:postmortem": "What a hotfix leaves to be written up",
}
"""GitHub shows at most 100 characters of these."""


def put_comment(batch: Batch, index: int, action: PutComment) -> None:
    """Writes or renews a comment. Raises Stale when the one to renew has been deleted."""
    body = cut(action.body, BODY)
    if action.existing:
        mutation = Mutation(field="updateIssueComment", input={"id": action.existing, "body": body})
        batch.add(index, mutation, lambda payload: _comment(payload["issueComment"]))
        return
    mutation = Mutation(field="addComment", input={"subjectId": action.node_id, "body": body})
    batch.add(index, mutation, lambda payload: _comment(payload["commentEdge"]["node"]))


def react(batch: Batch, index: int, action: React) -> None:
    """Reacts to a comment; twice the same changes nothing, and a deleted comment needs no reaction."""
    given = {"subjectId": action.comment_node_id, "content": action.content}
    batch.add(index, Mutation(field="addReaction", input=given), _reacted, _unreacted)


def add_labels(batch: Batch, index: int, action: AddLabels) -> None:
    """Adds labels, making those that the repository lacks."""
    label(batch, index, action.node_id, action.labels)


def remove_labels(batch: Batch, index: int, action: RemoveLabels) -> None:
    """Takes labels off by REST, which knows them by name; one that is not there is not an error.

    https://docs.github.com/rest/issues/labels#remove-a-label-from-an-issue
    """
    batch.flush()
    for name in action.labels:
        path = f"/repos/{batch.repository.full_name}/issues/{action.number}/labels/{quote(name, safe='')}"
        try:
            batch.channel.rest("DELETE", path, purpose="write")
        except NotFound:
            continue
    batch.note(index, {"removed": ", ".join(action.labels)})


def label(batch: Batch, index: int, node_id: str, names: Iterable[str]) -> None:
    """Lets the labelling of an issue or pull request wait in the batch; missing labels are made now."""
    ids = label_ids(batch, names)
    if ids:
        given = {"labelableId": node_id, "labelIds": ids}
        mutation = Mutation(field="addLabelsToLabelable", input=given)
        batch.add(index, mutation, failed=lambda error: _unlabelled(batch, error))


def label_ids(batch: Batch, names: Iterable[str]) -> list[str]:
    """Node ids of the repository's labels. Those that no answer has shown yet are made, in one request."""
    missing = missing_labels(batch, names)
    if missing:
        reply = batch.send([new_label(batch, name) for name in missing])
        labels_made(batch, missing, reply, 0)
    known = batch.channel.shared.known
    found = (known.label(batch.repository.id, name) for name in dict.fromkeys(names))
    return [node_id for node_id in found if node_id is not None]


def missing_labels(batch: Batch, names: Iterable[str]) -> list[str]:
    """Those whose node ids are not known."""
    known = batch.channel.shared.known
    return [name for name in dict.fromkeys(names) if known.label(batch.repository.id, name) is None]


def new_label(batch: Batch, name: str) -> Mutation:
    """Makes a label."""
    kind = name.partition(":")[0]
    given = {
        "repositoryId": batch.repository.node_id,
        "name": name,
        "color": _COLOURS.get(kind, "ededed"),
        "description": _MEANINGS.get(name, _MEANINGS.get(kind, "")),
    }
    return Mutation(field="createLabel", input=given)


def labels_made(batch: Batch, names: Sequence[str], reply: Reply, first: int) -> None:
    """Takes in the labels made by the mutations from place `first` on; one that was there already is read."""
    for place, name in enumerate(names, start=first):
        error = reply.error_of(f"m{place}")
        if error is None:
            node_id = str(reply.data[f"m{place}"]["label"]["id"])
        elif error.type in ("FORBIDDEN", "NOT_FOUND") or error.is_passing:
            raise write_trouble(error, "createLabel")
        else:
            path = f"/repos/{batch.repository.full_name}/labels/{quote(name, safe='')}"
            node_id = str(batch.channel.rest("GET", path, purpose="labels").data["node_id"])
        batch.channel.shared.known.remember_labels(batch.repository.id, {name: node_id})


def _unlabelled(batch: Batch, error: FieldError) -> Mapping[str, Any]:
    """A label that has gone since it was seen: the next look makes it anew."""
    batch.channel.shared.known.forget_labels(batch.repository.id)
    raise write_trouble(error, "addLabelsToLabelable")


def _comment(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"comment": node["id"], "url": node["url"]}


def _reacted(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"reaction": (payload.get("reaction") or {}).get("content")}


def _unreacted(error: FieldError) -> Mapping[str, Any]:
    if error.type == "NOT_FOUND":
        return {"reaction": None, "gone": True}
    raise write_trouble(error, "addReaction")
