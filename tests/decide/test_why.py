"""Why something runs: when the record carries it, when it does not, and when that cannot be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decide.why import Check, Running, WhyFacts, answer
from bot.decide.why_page import page
from bot.model.evidence import EvidenceRecord
from bot.model.facts import Unknown
from bot.model.image import ImageAt
from bot.model.ledger import LedgerEntry, LedgerRow
from bot.model.release import PromotionState
from tests.builders import NOW, digest, promotion, release

RECORD = EvidenceRecord(
    judged=None,
    merged={
        "sha": "d" * 40,
        "head_sha": "c" * 40,
        "at": "2026-05-04T12:00:00Z",
        "by": None,
        "by_lockstep": False,
        "standing": "green",
        "not_green": [],
    },
)


def row(sha256: str = RECORD.sha256) -> LedgerRow:
    details = {"sha256": sha256, "record": RECORD.to_json()}
    entry = LedgerEntry(at=NOW, event="evidence", decision="done", details=details)
    return LedgerRow(seq=7, entry=entry, previous_hash=bytes(32), hash=bytes(32))


def facts(**more: object) -> WhyFacts:
    image = ImageAt(repository=None, tag=None, digest=digest("a"), line=3)
    merged = promotion("dev", "c" * 40, release(7, api="a"), state=PromotionState.MERGED)
    plain = WhyFacts(
        environment="dev",
        component="api",
        running=Running(file="helm/values-dev.yaml", image=image),
        promotions=(merged,),
        row=row(),
        note=RECORD.to_bytes(),
    )
    return replace(plain, **more)


def checked(found: tuple[Check, ...]) -> dict[str, bool | None]:
    return {each.what: each.ok for each in found}


def test_what_the_record_says_and_git_confirms_is_0() -> None:
    found = answer(facts())
    assert (found.code, checked(found.checks)) == (0, {"ledger": True, "Git note": True})


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"note": Unknown(why="GitHub did not answer")}, "Git note"),
        ({"message": Unknown(why="GitHub did not answer")}, "merge commit"),
    ],
)
def test_what_cannot_be_read_is_3_and_never_counts_as_confirmed(more: dict, what: str) -> None:
    found = answer(facts(**more))
    assert (found.code, checked(found.checks)[what]) == (3, None)
    assert f"? {what}: " in page(found)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"row": row("sha256:" + "0" * 64)}, "ledger"),
        ({"note": b"{}\n"}, "Git note"),
        ({"note": b"\xff"}, "Git note"),
        ({"note": None}, "Git note"),
        ({"message": "Merge\n\nEvidence: sha256:" + "0" * 64}, "merge commit"),
    ],
)
def test_what_does_not_agree_is_1(more: dict, what: str) -> None:
    found = answer(facts(**more))
    assert (found.code, checked(found.checks)[what]) == (1, False)


def test_what_is_wrong_beats_what_cannot_be_read() -> None:
    assert answer(facts(note=None, message=Unknown(why="silence"))).code == 1


def test_a_merge_without_a_record_is_1_and_named() -> None:
    found = answer(facts(row=None, note=None))
    assert found.code == 1
    assert "there is no evidence record of that merge" in found.sentence


def test_words_from_outside_stay_on_their_line() -> None:
    image = ImageAt(repository=None, tag="1\n\x1b[2Jforged", digest=digest("b"), line=3)
    shown = page(answer(facts(running=Running(file="values.yaml", image=image))))
    assert "\x1b" not in shown
    assert "\nforged" not in shown
