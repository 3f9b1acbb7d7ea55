"""`app.yml` asks for what GitHub knows, and for the events that are routed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.github.manifest import app_manifest
from bot.decide.routing import EVENTS

ROOT = Path(__file__).parents[2]
SENT_UNASKED = {"ping", "installation", "installation_repositories"}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "app.yml").read_text())
    return content


@pytest.fixture(scope="module")
def permissions() -> dict[str, Any]:
    """GitHub's own list of App permissions and their levels."""
    described = json.loads(gzip.decompress((ROOT / "tests/data/github/webhooks.json.gz").read_bytes()))
    found: dict[str, Any] = described["components"]["schemas"]["app-permissions"]["properties"]
    return found


def test_the_events_are_those_that_are_routed(manifest: dict[str, Any]) -> None:
    assert set(manifest["default_events"]) == EVENTS - SENT_UNASKED


def test_every_permission_is_one_that_github_knows(
    manifest: dict[str, Any], permissions: dict[str, Any]
) -> None:
    assert {
        name: level
        for name, level in manifest["default_permissions"].items()
        if level not in permissions.get(name, {}).get("enum", ())
    } == {}


def test_what_setup_registers_is_what_the_file_says(manifest: dict[str, Any]) -> None:
    url = manifest["url"]
    assert app_manifest(name=manifest["name"], url=url, redirect_url=f"{url}/setup") == manifest


def test_the_app_is_private(manifest: dict[str, Any]) -> None:
    assert manifest["public"] is False


def test_every_permission_and_event_has_its_reason() -> None:
    lines = (ROOT / "app.yml").read_text().splitlines()
    start = lines.index("default_permissions:")
    reasons = [
        (line, before)
        for before, line in zip(lines[start:], lines[start + 1 :], strict=False)
        if line.startswith("  ") and not line.startswith("  #")
    ]
    # check_suite shares the reason of check_run above it.
    assert [line for line, before in reasons if not before.lstrip().startswith("#")] == ["  - check_suite"]
