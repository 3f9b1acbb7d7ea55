"""GitHub's attestations of a digest: Sigstore bundles that workflows left with a repository.

https://docs.github.com/en/rest/repos/attestations#list-attestations
"""

from __future__ import annotations

import json

from bot.adapters.github.channel import Channel
from bot.errors import InstallationGone, Terminal
from bot.model.facts import Unknown

PREDICATE = "https://slsa.dev/provenance/v1"
MOST = 30
PERMISSION = "attestations"
"""Asked for in a token of its own: an installation need not grant it."""


def attestations(channel: Channel, repository: str, digest: str) -> tuple[bytes, ...] | Unknown:
    """The newest thirty provenance bundles of a digest, as JSON, unverified; empty when there is none."""
    path = f"/repos/{repository}/attestations/{digest}"
    params = {"per_page": MOST, "predicate_type": PREDICATE}
    try:
        answer = channel.rest("GET", path, purpose="attestations", params=params, allow=(404,))
    except InstallationGone:
        raise
    except Terminal as error:
        return Unknown(why=f"{error}; the App needs the permission {PERMISSION}: read")
    if answer.status == 404:
        return ()
    found = [each.get("bundle") for each in answer.data.get("attestations", ())]
    bundles = tuple(json.dumps(each).encode() for each in found if each)
    if found and not bundles:
        return Unknown(why="GitHub offers the attestations as downloads alone, which are not read")
    return bundles
