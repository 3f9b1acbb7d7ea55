"""Argo CD: how applications stand, and the one thing that is ever asked of it, to sync one at a revision."""

from bot.adapters.argocd.client import ArgoCD

__all__ = ["ArgoCD"]
