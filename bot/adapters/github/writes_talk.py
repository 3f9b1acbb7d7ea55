"""Comments, reactions and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.graphql import FieldError, write_trouble
from bot.adapters.github.mutations import Mutation
from bot.adapters.github.text import BODY, cut
from bot.model.action import AddLabels, PutComment, React

_COLOURS = {"automation": "1d76db", "env": "0e8a16", "lockstep": "fbca04"}


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


def label(batch: Batch, index: int, node_id: str, names: Iterable[str]) -> None:
    """Lets the labelling of an issue or pull request wait in the batch; missing labels are made now."""
    ids = label_ids(batch, names)
    if ids:
        given = {"labelableId": node_id, "labelIds": ids}
        mutation = Mutation(field="addLabelsToLabelable", input=given)
        batch.add(index, mutation, failed=lambda error: _unlabelled(batch, error))


def label_ids(batch: Batch, names: Iterable[str]) -> list[str]:
    """Node ids of the repository's labels. One request for each that no answer has shown yet."""
    known = batch.channel.shared.known
    repository = batch.repository
    found: list[str] = []
    for name in dict.fromkeys(names):
        node_id = known.label(repository.id, name)
        if node_id is None:
            node_id = _made(batch, name)
            known.remember_labels(repository.id, {name: node_id})
        found.append(node_id)
    return found


def _made(batch: Batch, name: str) -> str:
    """Makes a label; one that is there already (422) is read instead."""
    labels = f"/repos/{batch.repository.full_name}/labels"
    body = {"name": name, "color": _COLOURS.get(name.partition(":")[0], "ededed")}
    answer = batch.channel.rest("POST", labels, purpose="labels", body=body, allow=(422,))
    if answer.status == 422:
        answer = batch.channel.rest("GET", f"{labels}/{quote(name, safe='')}", purpose="labels")
    return str(answer.data["node_id"])


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
