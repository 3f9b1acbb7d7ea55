"""The application over a store in memory."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.web.app import create_app
from bot.web.board import board
from bot.web.setup import done
from bot.web.status import status
from tests.web.board_store import BoardStore
from tests.web.fakes import NOW, FakeStore, StatusStore, make_settings


@pytest.fixture
def fake() -> FakeStore:
    return FakeStore()


@pytest.fixture
def app(fake: FakeStore) -> Flask:
    settings = make_settings(allowed_accounts=frozenset({"splattop"}))
    return create_app(
        settings=settings,
        store=fake,
        clock=lambda: NOW,
        rooms=[
            board(BoardStore(), "https://github.com", lambda: NOW),
            status(StatusStore(), lambda: NOW),
            done(settings.app_id, "https://github.com"),
        ],
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
