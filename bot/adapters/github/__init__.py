"""GitHub, seen as an App: the only room that imports PyGithub.

`AppClient` speaks for the App itself (JWT); `AppClient.installation` gives an `Installation`, which is the `GitHub` of
`bot.model.ports`. Reads are few, large GraphQL questions; writes are as few documents as GitHub allows; nothing is sent
twice by itself, and nothing sleeps.
"""

from __future__ import annotations

from bot.adapters.github.app import App, AppClient, FailedDelivery, InstallationInfo
from bot.adapters.github.budget import Budget, MemoryBudget
from bot.adapters.github.installation import Installation
from bot.adapters.github.permissions import PERMISSIONS

__all__ = [
    "PERMISSIONS",
    "App",
    "AppClient",
    "Budget",
    "FailedDelivery",
    "Installation",
    "InstallationInfo",
    "MemoryBudget",
]
