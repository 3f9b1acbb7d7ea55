"""One application of the local Argo CD, and how it is written as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Application:
    """What Argo CD knows of an application; change it as the story goes, or by the verbs of `ArgoCD`."""

    name: str
    namespace: str = "argocd"
    project: str = "default"
    repositories: list[str] = field(default_factory=lambda: ["https://github.com/splattop/config.git"])
    """One address a source."""
    target: str = "main"
    automated: bool = False
    sync: str = "OutOfSync"
    revisions: list[str] = field(default_factory=list)
    """What it was compared with last, one commit a source."""
    health: str = "Missing"
    health_message: str = ""
    health_since: datetime | None = None
    images: list[str] = field(default_factory=list)
    asked: Json | None = None
    """The operation that was asked for and has not begun."""
    operation: Json | None = None
    """The operation that runs, or ran last: `status.operationState`."""
    history: list[Json] = field(default_factory=list)
    conditions: list[Json] = field(default_factory=list)
    reconciled_at: datetime | None = None

    def json(self) -> Json:
        """As Argo CD answers; what is empty is left out, as Go does."""
        sources = [
            {"repoURL": each, "path": "helm", "targetRevision": self.target} for each in self.repositories
        ]
        single = len(sources) == 1
        spec: Json = {
            "project": self.project,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": self.name},
            **({"source": sources[0]} if single else {"sources": sources}),
        }
        if self.automated:
            spec["syncPolicy"] = {"automated": {"selfHeal": True}}
        sync: Json = {"status": self.sync}
        if self.revisions:
            sync |= {"revision": self.revisions[0]} if single else {"revisions": self.revisions}
        health: Json = {"status": self.health}
        health |= {"message": self.health_message} if self.health_message else {}
        health |= {"lastTransitionTime": stamp(self.health_since)} if self.health_since else {}
        status: Json = {"sync": sync, "health": health, "summary": {}}
        if self.images:
            status["summary"] = {"images": self.images}
        if self.reconciled_at:
            status["reconciledAt"] = stamp(self.reconciled_at)
        for key, value in (
            ("operationState", self.operation),
            ("history", self.history),
            ("conditions", self.conditions),
        ):
            if value:
                status[key] = value
        made: Json = {
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
            "status": status,
        }
        return made | ({"operation": self.asked} if self.asked else {})


def stamp(at: datetime) -> str:
    """A time as Kubernetes writes it: UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
