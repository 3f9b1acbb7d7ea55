"""`probes.json` as the promotion gate reads it: nothing doubtful is taken for a pass (row A5, attack case 74)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.decide.alerts import AlertsRefused
from bot.decide.probes import read_results
from tests.decide.probes.repo import Repo


def test_what_was_written_is_read(repo: Repo):
    results = read_results(json.dumps(repo.json()).encode())
    assert (results.outcome, results.environment, results.errors, results.percent) == (
        "pass",
        "production",
        0,
        50.0,
    )
    assert results.files.keys() == results.sources.keys() == {"api.yml"}


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another version": lambda raw: raw.update(version=2),
    "another outcome": lambda raw: raw.update(outcome="fine"),
    "no bundle": lambda raw: raw.update(bundle=None),
    "a pass with errors": lambda raw: raw["counts"].update(errors=1),
    "another hash": lambda raw: raw["bundle"]["files"][0].update(sha256="0" * 64),
    "another digest": lambda raw: raw["bundle"].update(digest="sha256:0"),
    "a file twice": lambda raw: raw["bundle"].update(files=raw["bundle"]["files"] * 2),
    "another environment": lambda raw: raw.update(environment="staging"),
    "a flag that is a text": lambda raw: raw["bundle"].update(recording_rules_labelled="no"),
    "no counts": lambda raw: raw.pop("counts"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_case_74_results_that_contradict_themselves_are_refused(repo: Repo, change: str):
    raw = repo.json()
    CHANGES[change](raw)
    with pytest.raises(AlertsRefused, match=r"is not a probes\.json"):
        read_results(json.dumps(raw).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"version": 1, "version": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_result_is_refused(data: bytes):
    with pytest.raises(AlertsRefused):
        read_results(data)
