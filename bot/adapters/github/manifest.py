"""What GitHub is told to register Lockstep as an App: the App manifest, with the addresses of one installation.

`app.yml` says the same with a reason for each line (a test compares them); an installed wheel lacks that file.
https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

from typing import Any

from bot.adapters.github.permissions import OPTIONAL, PERMISSIONS

ALL_PERMISSIONS = {**PERMISSIONS, **OPTIONAL}
"""What the App asks its owners for; a token never holds the optional ones unless the rules need them."""

EVENTS = (
    "workflow_run", "pull_request", "pull_request_review", "issue_comment", "check_run", "check_suite", "status",
    "push", "deployment_protection_rule", "merge_group", "repository_dispatch", "repository",
)  # fmt: skip
"""What GitHub sends. `installation` and `installation_repositories` come without being asked for."""

DESCRIPTION = "Moves container images from dev to production by pull request, with every gate visible."


def app_manifest(*, name: str, url: str, redirect_url: str) -> dict[str, Any]:
    """The manifest of an App that is reached at `url`; GitHub sends its owner's browser back to `redirect_url`."""
    return {
        "name": name,
        "description": DESCRIPTION,
        "url": url,
        "redirect_url": redirect_url,
        "hook_attributes": {"url": f"{url}/webhook", "active": True},
        "public": False,
        "setup_on_update": False,
        "request_oauth_on_install": False,
        "default_permissions": dict(ALL_PERMISSIONS),
        "default_events": list(EVENTS),
    }
