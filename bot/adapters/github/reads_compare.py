"""How two commits relate, in one request.

https://docs.github.com/en/rest/commits/commits#compare-two-commits
"""

from __future__ import annotations

from urllib.parse import quote

from bot.adapters.github.channel import Channel
from bot.model.facts import Unknown
from bot.model.measurements import Compared, Relation


def compare(channel: Channel, repository: str, base: str, head: str) -> Compared | Unknown:
    """How `head` relates to `base`, both full ids.

    Unknown when GitHub has one of them no more, or finds no common history.
    """
    # Neither commits nor files are needed: GitHub lists the files on the first page alone.
    path = f"/repos/{repository}/compare/{quote(base, safe='')}...{quote(head, safe='')}"
    answer = channel.rest("GET", path, purpose="compare", params={"per_page": 1, "page": 2}, allow=(404, 422))
    if answer.status != 200:
        return Unknown(why=f"GitHub does not compare {base[:7]} with {head[:7]} in {repository} (any more)")
    try:
        relation = Relation(answer.data["status"])
    except ValueError:
        return Unknown(why=f"GitHub gave no answer on {base[:7]} and {head[:7]} that is documented")
    return Compared(
        base=base,
        head=head,
        relation=relation,
        url=str(answer.data["html_url"]),
        at=channel.clock(),
        merge_base=str(answer.data["merge_base_commit"]["sha"]),
    )
