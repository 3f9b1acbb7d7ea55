"""The commits of a repository that people look at now.

https://docs.github.com/en/rest/pulls/pulls#list-pull-requests · https://docs.github.com/en/rest/git/refs#get-a-reference
"""

from __future__ import annotations

from urllib.parse import quote

from bot.adapters.github.channel import Channel
from bot.model.facts import OpenHead, Repository

MOST = 100


def open_heads(channel: Channel, repository: Repository) -> tuple[OpenHead, ...]:
    """The default branch's tip first, when there is one; then open pull requests, the last changed first."""
    root = f"/repos/{repository.full_name}"
    branch = repository.default_branch
    tip = channel.rest(
        "GET", f"{root}/git/ref/heads/{quote(branch, safe='/')}", purpose="heads", allow=(404, 409)
    )
    found = []
    if tip.status < 300:
        found.append(OpenHead(sha=tip.data["object"]["sha"], base_ref=branch))
    params = {"state": "open", "sort": "updated", "direction": "desc", "per_page": MOST}
    for each in channel.rest("GET", f"{root}/pulls", purpose="heads", params=params).data:
        found.append(OpenHead(sha=each["head"]["sha"], base_ref=each["base"]["ref"], number=each["number"]))
    return tuple(found)
