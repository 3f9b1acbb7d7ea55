"""GitHub's OIDC tokens: which workflow run speaks to us (row C8)."""

from __future__ import annotations

from bot.adapters.oidc.tokens import RunTokens

__all__ = ["RunTokens"]
