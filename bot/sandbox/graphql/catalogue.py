"""Loads every family of types once, so that the registry is full before the first query."""

from __future__ import annotations

import functools
import importlib

_FAMILIES = (
    "people",
    "query",
    "repository",
    "issues",
    "gitobjects",
    "pulls",
    "queue",
    "reviews",
    "talk",
    "checks",
    "deployments",
    "mutations.git",
    "mutations.pulls",
    "mutations.queue",
    "mutations.talk",
    "mutations.checks",
    "mutations.deployments",
)


@functools.cache
def load() -> None:
    """Import the families; each registers its fields on import."""
    for name in _FAMILIES:
        importlib.import_module(f"bot.sandbox.graphql.{name}")
