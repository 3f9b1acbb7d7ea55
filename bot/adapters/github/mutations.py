"""GraphQL mutations, put together into one document: GitHub carries its fields out one after the other.

A field that fails is null with an error, and the fields after it are still carried out, so only what may stand without
its neighbours shares a document. https://docs.github.com/en/graphql/reference/mutations
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SELECTED = {
    "createRef": "ref { id }",
    "createCommitOnBranch": "commit { oid url }",
    "createPullRequest": "pullRequest { id number url headRefOid }",
    "updatePullRequest": "pullRequest { number url state }",
    "closePullRequest": "pullRequest { number state }",
    "updateRefs": "clientMutationId",
    "createLabel": "label { id name }",
    "addLabelsToLabelable": "clientMutationId",
    "createCheckRun": "checkRun { id url }",
    "updateCheckRun": "checkRun { id url }",
    "addComment": "commentEdge { node { id url } }",
    "updateIssueComment": "issueComment { id url }",
    "addReaction": "reaction { content }",
    "enqueuePullRequest": "mergeQueueEntry { id position }",
    "dequeuePullRequest": "mergeQueueEntry { id }",
}
"""What is read back of each mutation; the keys are all the mutations that Lockstep sends."""

NOWHERE = "0" * 40
"""The id that means that a ref does not exist: as `afterOid` it deletes, as `beforeOid` it demands absence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One field of a mutation document."""

    field: str
    input: Mapping[str, Any]


@functools.lru_cache(maxsize=128)
def _document(fields: tuple[str, ...]) -> str:
    variables = ", ".join(
        f"$i{index}: {field[0].upper()}{field[1:]}Input!" for index, field in enumerate(fields)
    )
    body = "\n".join(
        f"  m{index}: {field}(input: $i{index}) {{ {_SELECTED[field]} }}"
        for index, field in enumerate(fields)
    )
    return f"mutation Write({variables}) {{\n{body}\n}}"


def document_of(mutations: Sequence[Mutation]) -> tuple[str, dict[str, Any]]:
    """The document and its variables; the answer to the n-th mutation has the alias `m<n>`."""
    document = _document(tuple(mutation.field for mutation in mutations))
    return document, {f"i{index}": dict(mutation.input) for index, mutation in enumerate(mutations)}


def move_ref(repository_id: str, branch: str, before: str, after: str) -> Mutation:
    """Moves, creates or deletes a branch only if it stands at `before`: GitHub compares and sets in one step, which
    `updateRef` and the REST call cannot (they would overwrite what a person pushed a moment ago)."""
    update = {"name": f"refs/heads/{branch}", "beforeOid": before, "afterOid": after, "force": True}
    return Mutation(field="updateRefs", input={"repositoryId": repository_id, "refUpdates": [update]})


EVERY_MUTATION = _document(tuple(_SELECTED))
"""All mutations in one document, for the contract test."""
