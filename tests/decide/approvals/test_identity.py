"""What an approval is given to, as a value that stays the same while the content does (row B1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.decide.approvals import content_identity, evidence_class
from bot.model.approval_facts import ContentIdentity
from bot.model.facts import RepositoryFile, Unknown
from bot.model.image import ComponentTag
from bot.model.verdict import Evidence, Outcome, Verdict
from tests.decide.approvals.people import CONTENT

API = ComponentTag(tag="1.7.3", sha="a" * 40, digest="sha256:" + "1" * 64)
FILE = RepositoryFile(path="values.yaml", oid="0", mode=0o100644, data=b"image: x\n")
GATES = (("tests", "passed"),)


def identity(**known: Any) -> ContentIdentity | Unknown:
    """An identity of one component and one file."""
    fields: dict[str, Any] = {
        "base_ref": "main",
        "components": {"api": API},
        "changed_files": ("values.yaml",),
        "head_files": {"values.yaml": FILE},
        "gates": GATES,
    }
    return content_identity(**{**fields, **known})


def key(**known: Any) -> str:
    found = identity(**known)
    assert isinstance(found, ContentIdentity)
    return found.key


def other(**known: Any) -> Mapping[str, RepositoryFile]:
    fields: dict[str, Any] = {"path": "values.yaml", "oid": "0", "mode": 0o100644, "data": FILE.data}
    return {"values.yaml": RepositoryFile(**{**fields, **known})}


@pytest.mark.parametrize(
    "change",
    [
        {"base_ref": "release"},
        {"components": {}},
        {"components": {"api": ComponentTag(tag="1.7.3", sha="a" * 40, digest="sha256:" + "2" * 64)}},
        {"head_files": other(data=b"image: y\n")},
        {"head_files": other(mode=0o100755)},
        {"head_files": {"values.yaml": None}},
        {"changed_files": ("values.yaml", "b"), "head_files": {"values.yaml": FILE, "b": FILE}},
        {"gates": (("tests", "failed"),)},
    ],
    ids=["base", "component", "digest", "bytes", "mode", "deleted", "another file", "evidence"],
)
def test_every_change_of_content_changes_the_key(change: dict[str, Any]) -> None:
    assert key(**change) != key()


@pytest.mark.parametrize(
    "same",
    [
        {"head_files": other(oid="1")},
        {"changed_files": ("values.yaml", "values.yaml")},
        {"components": {"api": ComponentTag(tag="other", sha="b" * 40, digest=API.digest)}},
    ],
    ids=["Git's own id", "named twice", "another tag of the digest"],
)
def test_what_is_no_content_leaves_the_key(same: dict[str, Any]) -> None:
    assert key(**same) == key()


def test_the_order_of_components_does_not_matter() -> None:
    web = ComponentTag(tag="1", sha="a" * 40, digest="sha256:" + "3" * 64)
    assert key(components={"api": API, "web": web}) == key(components={"web": web, "api": API})


def test_the_key_is_the_same_in_every_version() -> None:
    assert CONTENT.key == "v1:9a4a0c57cd1cb13fd4c596bae734a4e3c8be8ee3d2706548dd152c0d9b0a8237"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "values.yaml cannot be read: it was not read"),
        ({"values.yaml": Unknown(why="too large")}, "values.yaml cannot be read: too large"),
    ],
)
def test_a_file_that_cannot_be_read_makes_the_identity_unknown(files: dict[str, Any], why: str) -> None:
    assert identity(head_files=files) == Unknown(why=why)


def test_an_identity_comes_back_from_the_store_as_it_was() -> None:
    assert ContentIdentity.from_json(CONTENT.to_json()) == CONTENT


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"base": "main"}', "null"])
def test_a_damaged_identity_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        ContentIdentity.from_json(text)


def verdict(gate: str, outcome: Outcome, measured: str = "1") -> Verdict:
    shown = Evidence(measured=measured, needed="2", source="here")
    return Verdict(gate=gate, outcome=outcome, headline="…", evidence=(shown,))


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        (Outcome.PASS, "passed"),
        (Outcome.BLOCK, "failed"),
        (Outcome.SKIP, "skipped"),
        (Outcome.WAIT, "open"),
        (Outcome.UNKNOWN, "open"),
    ],
)
def test_evidence_is_a_class_of_answers(outcome: Outcome, shown: str) -> None:
    assert evidence_class([verdict("slo", outcome)]) == (("slo", shown),)


def test_a_measured_value_may_move_within_its_class() -> None:
    assert evidence_class([verdict("slo", Outcome.PASS, "99.9")]) == evidence_class(
        [verdict("slo", Outcome.PASS, "99.8")]
    )


def test_an_overridden_gate_is_a_class_of_its_own() -> None:
    assert evidence_class([verdict("slo", Outcome.PASS)], {"slo"}) == (("slo", "overridden"),)


@pytest.mark.parametrize("gate", ["soak", "freeze", "required checks", "approvals", "content"])
def test_clocks_and_questions_that_are_no_gates_are_left_out(gate: str) -> None:
    assert evidence_class([verdict(gate, Outcome.WAIT)]) == ()
