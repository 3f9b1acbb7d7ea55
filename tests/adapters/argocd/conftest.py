"""A local Argo CD whose every exchange is held to the API's shapes, and the client beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.adapters.argocd import ArgoCD as Client
from bot.adapters.outbound import Outbound
from bot.sandbox.argocd import ArgoCD
from tests.adapters.argocd.shapes import APPLICATION, ERROR, GET_PARAMETERS, SYNC_REQUEST, problems

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def argocd() -> Iterator[ArgoCD]:
    """The stand-in; what left the shapes of the API fails the test."""
    with ArgoCD.start(clock=lambda: NOW) as running:
        yield running
    for each in running.asked:
        if each.method == "POST":
            assert problems(each.body, SYNC_REQUEST) == []
            assert each.query == {}
        assert set(each.query) <= GET_PARAMETERS
        if each.answer is not None:
            assert problems(each.answer, APPLICATION if each.status == 200 else ERROR) == []


@pytest.fixture
def client(argocd: ArgoCD) -> Client:
    return Client(argocd.url, argocd.token, Outbound([argocd.url]), timeout=3)
