"""The last step of the App manifest flow: a code that GitHub gave the owner's browser becomes the App's credentials.

https://docs.github.com/rest/apps/apps#create-a-github-app-from-a-manifest
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from bot.adapters.github.transport import TIMEOUT, USER_AGENT
from bot.errors import Retryable, UserError

_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
"""GitHub's code; anything else would change the path that is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The App as GitHub made it. `repr` shows no secret."""

    id: int
    name: str
    html_url: str
    private_key: str = field(repr=False)
    """PEM text."""
    webhook_secret: str = field(repr=False)


def register(api_url: str, code: str) -> Registered:
    """Exchanges the code; GitHub takes each once, for an hour.

    Raises UserError when GitHub does not know it (any more), Retryable when GitHub cannot be reached or fails.
    """
    if not _CODE.fullmatch(code):
        raise UserError("the code in the address is none of GitHub's; begin again")
    try:
        answer = requests.post(
            f"{api_url}/app-manifests/{code}/conversions",
            headers={"Accept": "application/vnd.github+json", "User-Agent": USER_AGENT},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise Retryable(f"GitHub cannot be reached at {api_url} ({type(error).__name__})") from error
    if answer.status_code >= 500:
        raise Retryable(f"GitHub answered {answer.status_code} to the code")
    if answer.status_code != 201:
        raise UserError(
            f"GitHub does not take the code (it answered {answer.status_code}): each counts once, for an hour; "
            "begin again"
        )
    return _registered(answer.json())


def _registered(found: Mapping[str, Any]) -> Registered:
    if not found.get("webhook_secret"):
        raise UserError("GitHub made no webhook secret for the App; delete it there, and begin again")
    return Registered(
        id=int(found["id"]),
        name=str(found["name"]),
        html_url=str(found["html_url"]),
        private_key=str(found["pem"]),
        webhook_secret=str(found["webhook_secret"]),
    )
