"""The source gate: the images' release, its branch, and whether its commit contains what runs now (case 42)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decide.gates.source import source
from bot.model.facts import Unknown
from bot.model.measurements import Compared, Relation, SourceReading
from bot.model.policy import Source
from bot.model.policy_gates import SourceGate
from bot.model.release import Release
from bot.model.verdict import Outcome
from tests.builders import NOW, digest, policy, release

ORIGIN = replace(policy().sources[0], hotfix_branches=("hotfix/**",))
NEW = release(9, api="a")
RUNNING = release(7, api="b").head_sha
LOST = Unknown(why="GitHub does not compare them (any more)")


def compared(relation: Relation) -> Compared:
    url = "https://github.com/splattop/app/compare/x"
    return Compared(base=RUNNING, head=NEW.head_sha, relation=relation, url=url, at=NOW)


def reading(
    found: Compared | Unknown | None, held: Release = NEW, letter: str = "a", component: str = "api"
) -> SourceReading:
    return SourceReading(component=component, digest=digest(letter), release=held, compared=found)


HOTFIX = replace(NEW, branch="hotfix/1.7.4")


@pytest.mark.parametrize(
    ("relation", "held", "outcome"),
    [
        (Relation.SAME, NEW, Outcome.PASS),
        (Relation.AHEAD, NEW, Outcome.PASS),
        (Relation.BEHIND, NEW, Outcome.BLOCK),
        (Relation.DIVERGED, NEW, Outcome.BLOCK),
        (Relation.AHEAD, HOTFIX, Outcome.PASS),
        (Relation.DIVERGED, HOTFIX, Outcome.PASS),
        (Relation.BEHIND, HOTFIX, Outcome.BLOCK),
    ],
)
def test_the_commit_contains_what_runs_now_or_is_a_hotfix_beside_it(
    relation: Relation, held: Release, outcome: Outcome
) -> None:
    assert source(SourceGate(), ORIGIN, [reading(compared(relation), held)]).verdict.outcome is outcome


@pytest.mark.parametrize(
    ("relation", "says"),
    [
        (Relation.BEHIND, "api: 0000000 is older than 0000000, which runs now; only a rollback goes back"),
        (
            Relation.DIVERGED,
            "api: 0000000 lacks commits of 0000000, which runs now; merge 0000000 into its branch and build again",
        ),
    ],
)
def test_case_42_a_commit_that_lacks_what_runs_says_what_to_do(relation: Relation, says: str) -> None:
    assert source(SourceGate(), ORIGIN, [reading(compared(relation))]).verdict.headline == says


def test_the_comparison_is_evidence_with_its_link() -> None:
    (row,) = source(SourceGate(), ORIGIN, [reading(compared(Relation.AHEAD))]).verdict.evidence
    assert (row.measured, row.needed, row.url, row.at) == (
        "0000000 contains 0000000",
        "contains 0000000",
        "https://github.com/splattop/app/compare/x",
        NOW,
    )


@pytest.mark.parametrize("relation", [Relation.BEHIND, Relation.DIVERGED])
def test_a_downgrade_that_the_rules_allow_passes_with_a_warning(relation: Relation) -> None:
    verdict = source(SourceGate(allow_downgrade=True), ORIGIN, [reading(compared(relation))]).verdict
    assert (verdict.outcome, len(verdict.reasons)) == (Outcome.PASS, 1)


@pytest.mark.parametrize(("allowed", "outcome"), [(False, Outcome.UNKNOWN), (True, Outcome.PASS)])
def test_a_history_that_cannot_be_read_is_unknown_where_it_counts(allowed: bool, outcome: Outcome) -> None:
    found = source(SourceGate(allow_downgrade=allowed), ORIGIN, [reading(LOST)])
    assert found.verdict.outcome is outcome


def test_what_came_from_no_accepted_release_cannot_be_gone_back_to() -> None:
    assert source(SourceGate(), ORIGIN, [reading(None)]).verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("origin", "held", "letter", "says"),
    [
        (ORIGIN, replace(NEW, branch="topic"), "a", "was built on `topic`, which app does not allow"),
        (ORIGIN, replace(NEW, branch=""), "a", "does not allow"),
        (replace(ORIGIN, branches=("release",)), NEW, "a", "was built on `main`"),
        (ORIGIN, NEW, "c", "did not hand over sha256:ccc"),
        (ORIGIN, replace(NEW, head_sha="f" * 40), "a", "did not hand over"),
    ],
    ids=["another branch", "no branch", "rules changed", "another digest", "another commit"],
)
def test_what_the_rules_of_today_do_not_allow_blocks(
    origin: Source, held: Release, letter: str, says: str
) -> None:
    verdict = source(SourceGate(), origin, [reading(compared(Relation.AHEAD), held, letter)]).verdict
    assert verdict.outcome is Outcome.BLOCK
    assert says in verdict.headline


def test_nothing_to_look_at_is_unknown() -> None:
    assert source(SourceGate(), ORIGIN, []).verdict.outcome is Outcome.UNKNOWN


def test_one_component_that_goes_back_holds_all() -> None:
    both = release(9, api="a", web="c")
    found = source(
        SourceGate(),
        ORIGIN,
        [reading(compared(Relation.AHEAD), both), reading(compared(Relation.BEHIND), both, "c", "web")],
    )
    assert found.verdict.headline.startswith("web: ")
