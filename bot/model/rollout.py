"""What a look at a deployment reads: its applications in Argo CD, answers over HTTP, workflow runs (rows R5, R9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.model.argocd import ApplicationState
from bot.model.facts import Unknown
from bot.model.policy_after import ArgoCD


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationLook:
    """One application of the environment, with what is known of the commits that it speaks of."""

    application: ArgoCD
    state: ApplicationState | Unknown
    contains: Mapping[str, bool] = field(default_factory=dict)
    """Commit to whether it contains the merge; one that is not in it could not be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What one question over HTTP came to. `status` None: there was no answer, and `trouble` says why."""

    status: int | None
    body: bytes = b""
    took: timedelta = timedelta(0)
    trouble: str = ""
    blocked: bool = False
    """The address may not be asked at all (attack case 90): asking again cannot help."""
