"""Release notes of the config repository: one for each deployment that was proven healthy.

https://docs.github.com/en/rest/releases/releases#create-a-release
"""

from __future__ import annotations

from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.text import BODY, TITLE, cut, one_line
from bot.model.action import PublishRelease


def publish_release(batch: Batch, index: int, action: PublishRelease) -> None:
    """Publishes it, unless its tag has a release already: after a lost answer nothing is doubled."""
    batch.flush()
    path = f"/repos/{batch.repository.full_name}/releases"
    answer = batch.channel.rest(
        "GET", f"{path}/tags/{quote(action.tag, safe='/')}", purpose="releases", allow=(404,)
    )
    if answer.status == 404:
        body = {
            "tag_name": action.tag,
            "target_commitish": action.sha,
            "name": one_line(action.title, TITLE),
            "body": cut(action.body, BODY),
            "prerelease": action.prerelease,
            "make_latest": "false" if action.prerelease else "true",
        }
        answer = batch.channel.rest("POST", path, purpose="write", body=body)
    batch.note(index, {"release": answer.data["id"], "url": answer.data["html_url"]})
