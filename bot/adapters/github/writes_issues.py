"""Issues: opened once for each marker, and commented on. Incidents are told there (row R6).

https://docs.github.com/en/rest/issues/issues#create-an-issue
https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.text import BODY, TITLE, cut, one_line
from bot.adapters.github.writes_talk import label_ids
from bot.model.action import CommentOnIssue, OpenIssue

LOOKED_BACK = 100
"""Issues with the label, newest first, among which one that a crash kept off the record is looked for."""


def open_issue(batch: Batch, index: int, action: OpenIssue) -> None:
    """Opens it, unless one with its marker is there already: a create is never repeated by itself."""
    batch.flush()
    label_ids(batch, action.labels)
    path = f"/repos/{batch.repository.full_name}/issues"
    query = f"?labels={quote(action.labels[0], safe='')}&state=all&per_page={LOOKED_BACK}"
    there = batch.channel.rest("GET", path + query, purpose="issues").data
    found = next((each for each in there if action.marker in (each.get("body") or "")), None)
    if found is None:
        body = {
            "title": one_line(action.title, TITLE),
            "body": cut(f"{action.marker}\n{action.body}", BODY),
            "labels": list(action.labels),
        }
        found = batch.channel.rest("POST", path, purpose="write", body=body).data
    batch.note(index, {"number": found["number"], "node_id": found["node_id"], "url": found["html_url"]})


def comment_on_issue(batch: Batch, index: int, action: CommentOnIssue) -> None:
    """One comment."""
    batch.flush()
    path = f"/repos/{batch.repository.full_name}/issues/{action.number}/comments"
    made = batch.channel.rest("POST", path, purpose="write", body={"body": cut(action.body, BODY)}).data
    batch.note(index, {"comment": made["node_id"], "url": made["html_url"]})
