"""What Lockstep asks GitHub for when it mints an installation token: no more than what is used, each with its reason.

An installation may have granted more, a token never holds more (attack case 18). `app.yml` must ask for at least this.
https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        # Re-reading the finished workflow run and downloading its artifact (row R1).
        "actions": "read",
        # Posting `lockstep: <base>` and its detail runs, and reading other people's check runs.
        "checks": "write",
        # Values files and rules are read; promotion branches and commits are written; merging needs it too.
        "contents": "write",
        # Labels belong to the repository's issues: they are created and listed with this.
        "issues": "write",
        # Who is in the teams that the rules' roles and CODEOWNERS name (row P3).
        "members": "read",
        # Where a pull request stands in a merge queue, and what stands there with it (row B8).
        "merge_queues": "read",
        # GitHub gives it with every other one: repositories of the installation, a person's permission.
        "metadata": "read",
        # Opening, renewing, labelling, commenting on and closing promotion pull requests.
        "pull_requests": "write",
        # Commit statuses count among the required checks of a head commit.
        "statuses": "read",
    }
)

OPTIONAL: Mapping[str, str] = MappingProxyType(
    {
        # Starting a smoke test's workflow, where a rules file names one (row P7).
        "actions": "write",
        # Provenance that a workflow attested for an image, where a rules file demands GitHub's (row B10).
        "attestations": "read",
        # GitHub Deployments that mirror what is deployed, where a rules file says how that is watched (row B8).
        "deployments": "write",
        # Findings of code scanning, where a rules file names the source `code-scanning` (row P2).
        "security_events": "read",
        # Dependabot's alerts, where a rules file names the source `dependabot` (row P2).
        "vulnerability_alerts": "read",
    }
)
"""Each in a token of its own, minted when it is first needed: GitHub refuses a token as a whole when one permission was
not granted, and an installation that has not granted these works on without them."""
