"""What GitHub itself finds wrong with CODEOWNERS: owners that do not exist, cannot be seen or may not write (case 44).

https://docs.github.com/en/rest/repos/repos#list-codeowners-errors
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.github.channel import Channel
from bot.model.facts import Unknown


def owner_errors(channel: Channel, repository: str, ref: str) -> Mapping[int, tuple[str, ...]] | Unknown:
    """Line, counted from 1, to GitHub's sentences about it. Unknown when GitHub has no answer for that commit."""
    path = f"/repos/{repository}/codeowners/errors"
    answer = channel.rest("GET", path, purpose="owners", params={"ref": ref}, allow=(403, 404))
    if answer.status != 200:
        return Unknown(why=f"GitHub does not say what is wrong with CODEOWNERS of {repository} at {ref[:7]}")
    found: dict[int, tuple[str, ...]] = {}
    for error in answer.data["errors"]:
        # The message goes on with the line itself and a marker below it; the first line is the sentence.
        said = str(error["message"]).split("\n", 1)[0]
        hint = str(error.get("suggestion") or "")
        found[int(error["line"])] = (
            *found.get(int(error["line"]), ()),
            said if hint in said else f"{said}: {hint}",
        )
    return found
