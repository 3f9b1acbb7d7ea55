"""The debt gate: every relation between a fix and what is promoted, word by word (row B5, attack case 83)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.decide.gates.debt import Owed, debt
from bot.model.facts import Unknown
from bot.model.hotfix import Debt
from bot.model.image import ComponentTag
from bot.model.measurements import Compared, Relation
from bot.model.verdict import Outcome
from tests.builders import CONFIG, NOW, digest

FIX, HEAD = "f1" * 20, "bead" * 10
URL = "https://github.com/splattop/app/compare/f1...bead"
LOST = Unknown(why="GitHub does not compare them (any more)")
SLOW = Unknown(why="GitHub answered 502", passing=True)
MAY = (
    "; merge f1f1f1f into its branch and build again, or say why it may go without, such as that it came back as "
    "another commit (squash, rebase, cherry-pick): `/override debt reason: <words>`"
)


def owed(found: Relation | Unknown, component: str = "api", **gates: str) -> Owed:
    values: dict[str, Any] = {
        "config_repository_id": CONFIG.id, "environment": "staging", "component": component, "hotfix_id": 1,
        "tag": ComponentTag(tag="7.0.1", sha="", digest=digest("b")), "source": "app", "fix_sha": FIX,
        "pull_number": 12, "gates": gates, "since": NOW,
    }  # fmt: skip
    compared = (
        found
        if isinstance(found, Unknown)
        else Compared(base=FIX, head=HEAD, relation=found, url=URL, at=NOW)
    )
    return Owed(debt=Debt(**values), head=HEAD, compared=compared)


@pytest.mark.parametrize(
    ("found", "gates", "outcome", "says"),
    [
        (Relation.SAME, {}, Outcome.PASS, "Every hotfix that runs there has flowed back"),
        (Relation.AHEAD, {}, Outcome.PASS, "Every hotfix that runs there has flowed back"),
        (
            Relation.BEHIND,
            {},
            Outcome.BLOCK,
            f"api: beadbea lacks the hotfix f1f1f1f that runs in staging since #12{MAY}",
        ),
        (
            Relation.DIVERGED,
            {},
            Outcome.BLOCK,
            f"api: beadbea lacks the hotfix f1f1f1f that runs in staging since #12{MAY}",
        ),
        (
            Relation.DIVERGED,
            {"soak": "12 min of 24 h", "coverage": "42%"},
            Outcome.BLOCK,
            f"api: beadbea lacks the hotfix f1f1f1f that runs in staging since #12 (#12 skipped coverage, soak){MAY}",
        ),
        (
            LOST,
            {},
            Outcome.UNKNOWN,
            f"api: whether beadbea contains the hotfix f1f1f1f could not be read: {LOST.why}",
        ),
        (
            SLOW,
            {},
            Outcome.UNKNOWN,
            f"api: whether beadbea contains the hotfix f1f1f1f could not be read: {SLOW.why}",
        ),
    ],
    ids=[
        "the fix itself",
        "contains it",
        "older",
        "beside it",
        "with skipped gates",
        "history gone",
        "no answer",
    ],
)
def test_case_83_only_a_commit_that_contains_the_fix_passes(
    found: Relation | Unknown, gates: dict[str, str], outcome: Outcome, says: str
) -> None:
    verdict = debt([owed(found, **gates)]).verdict
    assert (verdict.gate, verdict.outcome, verdict.headline) == ("debt", outcome, says)


@pytest.mark.parametrize(("found", "again"), [(LOST, False), (SLOW, True), (Relation.DIVERGED, False)])
def test_only_what_github_did_not_answer_is_asked_again_soon(found: Relation | Unknown, again: bool) -> None:
    assert debt([owed(found)]).ask_again is again


@pytest.mark.parametrize(
    ("found", "measured"),
    [(Relation.AHEAD, "beadbea contains f1f1f1f"), (Relation.BEHIND, "beadbea lacks f1f1f1f")],
)
def test_the_comparison_is_evidence_with_its_link(found: Relation, measured: str) -> None:
    (row,) = debt([owed(found)]).verdict.evidence
    assert (row.measured, row.needed, row.url) == (measured, "contains f1f1f1f, the hotfix of #12", URL)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (Relation.AHEAD, Relation.AHEAD, Outcome.PASS),
        (Relation.AHEAD, Relation.DIVERGED, Outcome.BLOCK),
        (Relation.DIVERGED, LOST, Outcome.UNKNOWN),
        (LOST, Relation.AHEAD, Outcome.UNKNOWN),
    ],
)
def test_every_debt_counts(first: Relation | Unknown, second: Relation | Unknown, outcome: Outcome) -> None:
    verdict = debt([owed(first), owed(second, "web")]).verdict
    assert verdict.outcome is outcome


def test_the_second_that_holds_is_a_reason() -> None:
    verdict = debt([owed(Relation.DIVERGED), owed(Relation.BEHIND, "web")]).verdict
    assert (verdict.headline[:4], [each[:4] for each in verdict.reasons]) == ("api:", ["web:"])
