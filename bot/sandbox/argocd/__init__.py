"""A local Argo CD for the stories and the trial: the part of its HTTP API that Lockstep uses, over real HTTP.

    with ArgoCD.start(clock=now) as argocd:
        app = argocd.application("splattop-dev")
        argocd.deploys(app, "0a1b…", images=["ghcr.io/splattop/api:1.7.3@sha256:…"])

Shapes and statuses are those of version 3; `tests/adapters/argocd` holds it to them.
"""

from bot.sandbox.argocd.applications import Application
from bot.sandbox.argocd.server import ArgoCD

__all__ = ["Application", "ArgoCD"]
