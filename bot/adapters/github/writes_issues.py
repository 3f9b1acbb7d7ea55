"""Issues: opened once for each marker, renewed, closed, and commented on. Incidents are told there (row R6).

https://docs.github.com/en/rest/issues/issues#create-an-issue
https://docs.github.com/en/rest/issues/issues#update-an-issue
https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.text import BODY, TITLE, cut, one_line
from bot.adapters.github.writes_talk import label_ids
from bot.model.action import CommentOnIssue, OpenIssue, RenewIssue
from bot.model.issue import with_facts

LOOKED_BACK = 100
"""Issues with the label, newest first, among which one that a crash kept off the record is looked for."""


def open_issue(batch: Batch, index: int, action: OpenIssue) -> None:
    """Opens it, unless one of ours with its marker is there already: a create is never repeated by itself."""
    batch.flush()
    label_ids(batch, action.labels)
    path = f"/repos/{batch.repository.full_name}/issues"
    query = f"?labels={quote(action.labels[0], safe='')}&state=all&per_page={LOOKED_BACK}"
    there = batch.channel.rest("GET", path + query, purpose="issues").data
    found = next((each for each in there if _is_ours(batch, each, action.marker)), None)
    made: Mapping[str, Any]
    if found is None:
        body = {
            "title": one_line(action.title, TITLE),
            "body": cut(f"{action.marker}\n{action.body}", BODY),
            "labels": list(action.labels),
        }
        made = batch.channel.rest("POST", path, purpose="write", body=body).data
    else:
        made = found
    batch.note(index, {"number": made["number"], "url": made["html_url"], "found": found is not None})


def renew_issue(batch: Batch, index: int, action: RenewIssue) -> None:
    """Reads it, because people write in the same body, and changes what differs."""
    batch.flush()
    path = f"/repos/{batch.repository.full_name}/issues/{action.number}"
    there = batch.channel.rest("GET", path, purpose="issues").data
    before = there.get("body") or ""
    body = cut(with_facts(before, action.facts), BODY)
    change: dict[str, str] = {} if body == before else {"body": body}
    if action.closed and there["state"] == "open":
        change |= {"state": "closed", "state_reason": "completed"}
    if action.reopens and there["state"] == "closed":
        change |= {"state": "open", "state_reason": "reopened"}
    if change:
        batch.channel.rest("PATCH", path, purpose="write", body=change)
    batch.note(index, {"changed": ", ".join(sorted(change))})


def comment_on_issue(batch: Batch, index: int, action: CommentOnIssue) -> None:
    """One comment, unless it is there already."""
    batch.flush()
    path = f"/repos/{batch.repository.full_name}/issues/{action.number}/comments"
    there = batch.channel.pages(path, purpose="issues", key=None, params={"per_page": 100})
    found = next((each for each in there if _is_ours(batch, each, action.marker)), None)
    if found is None:
        body = {"body": cut(f"{action.marker}\n{action.body}", BODY)}
        found = batch.channel.rest("POST", path, purpose="write", body=body).data
    batch.note(index, {"comment": found["node_id"], "url": found["html_url"]})


def _is_ours(batch: Batch, each: Mapping[str, Any], marker: str) -> bool:
    """Whether it carries the marker and this App wrote it: anybody can write a marker (attack case 78)."""
    app = each.get("performed_via_github_app") or {}
    return marker in (each.get("body") or "") and app.get("id") == batch.app_id
