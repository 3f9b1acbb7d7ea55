"""Pull requests and their branches: opened, rewritten, edited, closed. No create is ever repeated by itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.errors import message_of
from bot.adapters.github.graphql import FieldError, Reply, write_trouble
from bot.adapters.github.mutations import NOWHERE, Mutation, move_ref
from bot.adapters.github.text import BODY, TITLE, cut, one_line
from bot.adapters.github.writes_checks import queued
from bot.adapters.github.writes_talk import label, labels_made, missing_labels, new_label
from bot.errors import Retryable, Stale, Terminal
from bot.model.action import ClosePull, DeleteBranch, EditPull, OpenPull, RewritePull


def open_pull(batch: Batch, index: int, action: OpenPull) -> None:
    """Branch, commit, pull request and missing labels in one document; labelling and queued checks wait for the next.

    Raises Stale when branch or pull request exist already.
    """
    batch.flush()
    mutations = [_pull_request(batch, action)]
    if action.branch_sha is None:
        mutations = [_ref(batch, action), _commit(batch, action), *mutations]
    missing = missing_labels(batch, action.labels)
    reply = batch.send([*mutations, *(new_label(batch, name) for name in missing)])
    made = _opened(batch, action, reply, [mutation.field for mutation in mutations])
    batch.note(index, made)
    labels_made(batch, missing, reply, len(mutations))
    label(batch, index, str(made["node_id"]), action.labels)
    queued(batch, index, action.checks, str(made["head_sha"]))


def _ref(batch: Batch, action: OpenPull) -> Mutation:
    given = {
        "repositoryId": batch.repository.node_id,
        "name": f"refs/heads/{action.branch}",
        "oid": action.base_sha,
    }
    return Mutation(field="createRef", input=given)


def _commit(batch: Batch, action: OpenPull) -> Mutation:
    """The commit is GitHub's own, so Verified; `expectedHeadOid` keeps it off a branch that was there before us.

    Files are written as plain files (100644): GitHub takes no mode here.
    """
    headline, _, body = action.message.partition("\n")
    message = {"headline": headline.strip(), "body": body.strip("\n")}
    additions = [
        {"path": path, "contents": base64.b64encode(data).decode()} for path, data in action.files.items()
    ]
    branch = {"repositoryNameWithOwner": batch.repository.full_name, "branchName": action.branch}
    given = {
        "branch": branch,
        "expectedHeadOid": action.base_sha,
        "message": message,
        "fileChanges": {"additions": additions, "deletions": [{"path": path} for path in action.deletions]},
    }
    return Mutation(field="createCommitOnBranch", input=given)


def _pull_request(batch: Batch, action: OpenPull) -> Mutation:
    given = {
        "repositoryId": batch.repository.node_id,
        "baseRefName": action.base_ref,
        "headRefName": action.branch,
        "title": one_line(action.title, TITLE),
        "body": cut(action.body, BODY),
    }
    return Mutation(field="createPullRequest", input=given)


def _opened(batch: Batch, action: OpenPull, reply: Reply, fields: Sequence[str]) -> dict[str, Any]:
    """What was opened. Raises what stood in its way, after undoing the half that was done.

    A branch that was there already at exactly the base holds nobody's work: an earlier run of ours left it behind when
    it was killed in the middle of this document (attack case 21). Then commit and pull request are there, and fine.
    """
    payloads = {field: reply.data.get(f"m{place}") or {} for place, field in enumerate(fields)}
    errors = {
        field: error
        for place, field in enumerate(fields)
        if (error := reply.error_of(f"m{place}")) is not None
    }
    pull = payloads["createPullRequest"].get("pullRequest")
    commit = (payloads.get("createCommitOnBranch") or {}).get("commit")
    head = action.branch_sha or (str(commit["oid"]) if commit else None)
    if pull is not None and head is not None:
        return {"number": pull["number"], "node_id": pull["id"], "url": pull["url"], "head_sha": head}
    _undo(batch, action, pull, made_branch=commit is None and bool(payloads.get("createRef")))
    for field, error in errors.items():
        raise write_trouble(error, field)
    raise Retryable(f"GitHub gave no pull request for {action.branch}")


def _undo(batch: Batch, action: OpenPull, pull: Mapping[str, Any] | None, *, made_branch: bool) -> None:
    """Closes a pull request of a branch that was not ours after all, and removes a branch that got no commit."""
    undoing = []
    if pull is not None:
        undoing.append(Mutation(field="closePullRequest", input={"pullRequestId": pull["id"]}))
    if made_branch:
        undoing.append(move_ref(batch.repository.node_id, action.branch, action.base_sha, NOWHERE))
    if undoing:
        batch.send(undoing)


def rewrite_pull(batch: Batch, index: int, action: RewritePull) -> None:
    """One new commit in the branch's place. The commit is made first and the branch moved to it in one step, because a
    branch that equals its base, even for a moment, makes GitHub close the pull request.

    GitHub compares the branch with `expected_head` while it moves it, so a person's push in between is never lost:
    Stale. So is a pull request that was merged just before the branch moved: it does not hold the new commit, and must
    neither tell of it nor go on record with it. Title and body follow once the branch has moved; if that fails, the
    next look renews them.
    """
    batch.flush()
    tree = _tree(batch, action.base_sha, action.files, action.deletions)
    path = f"/repos/{batch.repository.full_name}/git/commits"
    # Neither author nor committer is named: then GitHub signs the commit as the App's, and shows it as Verified.
    body = {"message": action.message, "tree": tree, "parents": [action.base_sha]}
    commit = str(batch.channel.rest("POST", path, purpose="write", body=body).data["sha"])
    batch.channel.shared.known.remember_tree(commit, tree)
    move = move_ref(batch.repository.node_id, action.branch, action.expected_head, commit)
    # Changes nothing: it tells whether the pull request is open after the move, in the same request.
    looking = Mutation(field="updatePullRequest", input={"pullRequestId": action.node_id})
    reply = batch.send([move, looking])
    error = reply.error_of("m0")
    if error is not None:
        raise _unmoved(error, action.branch, action.expected_head)
    _must_be_open(batch, action, reply, commit)
    batch.note(index, {"number": action.number, "node_id": action.node_id, "head_sha": commit})
    _edit(batch, index, action.node_id, action.title, action.body)
    queued(batch, index, action.checks, commit)


def _must_be_open(batch: Batch, action: RewritePull, reply: Reply, commit: str) -> None:
    """Raises Stale when the pull request has ended, after taking away the branch that was moved in vain."""
    trouble = reply.error_of("m1")
    if trouble is not None:
        raise write_trouble(trouble, "updatePullRequest")
    state = str(reply.data["m1"]["pullRequest"]["state"])
    if state != "OPEN":
        batch.send([move_ref(batch.repository.node_id, action.branch, commit, NOWHERE)])
        raise Stale(f"pull request {action.number} became {state.lower()} while it was rewritten")


def _tree(batch: Batch, base_sha: str, files: Mapping[str, bytes], deletions: Sequence[str]) -> str:
    """The base's tree with `files` in it and without `deletions`. A file that is no UTF-8 goes as a blob of its own."""
    name = batch.repository.full_name
    base_tree = batch.channel.shared.known.tree(base_sha)
    if base_tree is None:
        found = batch.channel.rest("GET", f"/repos/{name}/git/commits/{base_sha}", purpose="write")
        base_tree = str(found.data["tree"]["sha"])
    entries: list[dict[str, str | None]] = [_entry(batch, path, data) for path, data in files.items()]
    entries += [{"path": path, "mode": "100644", "type": "blob", "sha": None} for path in deletions]
    body = {"base_tree": base_tree, "tree": entries}
    answer = batch.channel.rest("POST", f"/repos/{name}/git/trees", purpose="write", body=body, allow=(422,))
    if answer.status == 422:
        raise Terminal(f"GitHub refuses the tree of {', '.join(files)}: {message_of(answer.data)}")
    return str(answer.data["sha"])


def _entry(batch: Batch, path: str, data: bytes) -> dict[str, str | None]:
    entry: dict[str, str | None] = {"path": path, "mode": "100644", "type": "blob"}
    try:
        return entry | {"content": data.decode("utf-8")}
    except UnicodeDecodeError:
        blobs = f"/repos/{batch.repository.full_name}/git/blobs"
        body = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
        return entry | {"sha": str(batch.channel.rest("POST", blobs, purpose="write", body=body).data["sha"])}


def edit_pull(batch: Batch, index: int, action: EditPull) -> None:
    """Renews title and body."""
    _edit(batch, index, action.node_id, action.title, action.body)


def _edit(batch: Batch, index: int, node_id: str, title: str, body: str) -> None:
    given = {"pullRequestId": node_id, "title": one_line(title, TITLE), "body": cut(body, BODY)}
    batch.add(
        index,
        Mutation(field="updatePullRequest", input=given),
        lambda payload: {"url": payload["pullRequest"]["url"]},
    )


def close_pull(batch: Batch, index: int, action: ClosePull) -> None:
    """Closes, with labels; its branch goes too, unless somebody pushed to it, and then it stays."""
    label(batch, index, action.node_id, action.labels)
    closing = Mutation(field="closePullRequest", input={"pullRequestId": action.node_id})
    batch.add(index, closing, lambda _payload: {"closed": True})
    gone = move_ref(batch.repository.node_id, action.branch, action.expected_head, NOWHERE)
    batch.add(index, gone, lambda _payload: {"branch": "deleted"}, _branch_kept)


def _branch_kept(error: FieldError) -> Mapping[str, Any]:
    if error.is_passing:
        raise write_trouble(error, "updateRefs")
    return {"branch": f"kept: {error.message}"}


def delete_branch(batch: Batch, index: int, action: DeleteBranch) -> None:
    """Deletes a branch that still stands where it was seen. One that is gone already is done; Stale when it moved."""
    gone = move_ref(batch.repository.node_id, action.branch, action.expected_head, NOWHERE)
    batch.add(
        index,
        gone,
        lambda _payload: {"branch": "deleted"},
        lambda error: _undeleted(batch, action, error),
    )


def _undeleted(batch: Batch, action: DeleteBranch, error: FieldError) -> Mapping[str, Any]:
    path = f"/repos/{batch.repository.full_name}/git/ref/heads/{quote(action.branch)}"
    answer = batch.channel.rest("GET", path, purpose="write", allow=(404,))
    if answer.status == 404:
        return {"branch": "gone already"}
    raise _unmoved(error, action.branch, action.expected_head)


def _unmoved(error: FieldError, branch: str, expected: str) -> Exception:
    """A refused compare-and-set: somebody moved the branch, unless GitHub says that a rule or right forbids it."""
    words = error.message.lower()
    if error.is_passing or error.type == "FORBIDDEN" or "rule" in words or "protected" in words:
        return write_trouble(error, "updateRefs")
    return Stale(f"branch {branch} is no longer at {expected}: {error.message}")
