"""Hotfixes, as tables: by which rules they go, what may be skipped, who confirms, what waits for them (R7, B5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.decide.checks import check_runs
from bot.decide.hotfix import as_hotfix, concurrency, confirmation, goes_apart, laid, takes_hotfixes
from bot.decide.hotfix.debts import says
from bot.decide.hotfix.wording import about
from bot.decide.pull import decide_pull
from bot.model.door import Door
from bot.model.hotfix import Confirmation, Debt, Hotfix
from bot.model.image import ComponentTag
from bot.model.policy import Concurrency, Environment, MergeRule
from bot.model.policy_after import Hotfix as Rules
from bot.model.policy_gates import Approval, Role
from bot.model.release import PromotionKind
from bot.model.verdict import Outcome, Verdict, Waiting
from tests.builders import ANA, CONFIG, NOW, digest, policy, promotion, release
from tests.decide.test_pull import OURS, facts, merges, summary

HELD = release(7, api="a")


def staging(**more: Any) -> Environment:
    """The builders' staging with these rules for hotfixes."""
    found = policy().environment("staging")
    assert found is not None
    return replace(found, hotfix=Rules(**more))


@pytest.mark.parametrize(
    ("merge", "becomes"),
    [
        (MergeRule.AUTO, MergeRule.APPROVED),
        (MergeRule.APPROVED, MergeRule.APPROVED),
        (MergeRule.MANUAL, MergeRule.MANUAL),
    ],
)
def test_no_hotfix_is_merged_without_a_person(merge: MergeRule, becomes: MergeRule) -> None:
    assert as_hotfix(replace(staging(entrance=True), merge=merge)).merge is becomes


@pytest.mark.parametrize(
    ("rules", "takes", "comes_from", "soaks"),
    [
        ({"entrance": True}, True, None, False),
        ({"comes_from": "dev"}, True, "dev", True),
        ({"entrance": True, "comes_from": "dev"}, True, None, False),
        ({}, False, None, True),
    ],
    ids=["entrance", "behind one", "both", "no way of its own"],
)
def test_where_a_hotfix_comes_from(
    rules: dict[str, Any], takes: bool, comes_from: str | None, soaks: bool
) -> None:
    there = replace(staging(**rules), soak=timedelta(hours=1))
    found = as_hotfix(there)
    assert (takes_hotfixes(there), found.comes_from, found.soak is not None, found.auto_promote) == (
        takes, comes_from, soaks, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expedited", "who"),
    [(None, ["platform"]), ((Approval(role="oncall", count=1),), ["oncall"]), ((), [])],
    ids=["as for a promotion", "an expedited role", "nobody named"],
)
def test_whose_approval_a_hotfix_needs(expedited: tuple[Approval, ...] | None, who: list[str]) -> None:
    assert [each.role for each in as_hotfix(staging(approvals=expedited)).approvals] == who


@pytest.mark.parametrize(
    ("branch", "entrance", "apart"),
    [
        ("hotfix/login", True, True),
        ("hotfix/login", False, False),
        ("main", True, False),
        ("topic", True, False),
    ],
)
def test_a_release_goes_apart_only_when_there_is_an_entrance(
    branch: str, entrance: bool, apart: bool
) -> None:
    rules = policy()
    source = replace(rules.sources[0], hotfix_branches=("hotfix/**",))
    here = replace(rules, environments=(rules.environments[0], staging(entrance=entrance)))
    assert goes_apart(here, source, replace(HELD, branch=branch)) is apart


@pytest.mark.parametrize(
    ("comes_from", "held", "newer", "pace"),
    [
        (None, ["hotfix/a"], ["hotfix/a"], Concurrency.LATEST),
        (None, ["hotfix/a"], ["hotfix/b"], Concurrency.PINNED),
        (None, ["hotfix/a"], ["hotfix/a", "hotfix/b"], Concurrency.PINNED),
        (None, ["hotfix/a"], [], Concurrency.PINNED),
        ("staging", ["hotfix/a"], ["hotfix/b"], Concurrency.LATEST),
    ],
    ids=["the same branch", "another branch", "both", "nothing newer", "behind the entrance"],
)
def test_what_a_newer_hotfix_does_to_an_open_one(
    comes_from: str | None, held: list[str], newer: list[str], pace: Concurrency
) -> None:
    def built(branches: list[str]) -> list[Any]:
        return [replace(HELD, branch=each) for each in branches]

    there = replace(staging(), comes_from=comes_from, concurrency=Concurrency.PINNED)
    assert concurrency(there, built(held), built(newer)) is pace


def given(**digests: str) -> Confirmation:
    return Confirmation(by=ANA, at=NOW, digests={name: digest(letter) for name, letter in digests.items()})


ASKS = "staging takes a hotfix only when a person has confirmed it: `/sync`"


@pytest.mark.parametrize(
    ("word", "outcome", "headline"),
    [
        (None, Outcome.WAIT, ASKS),
        (given(api="a"), Outcome.PASS, "Confirmed by ana (2026-05-04 12:00 UTC)"),
        (given(api="b"), Outcome.WAIT, f"The digests changed since the last one. {ASKS}"),
        (given(api="a", web="c"), Outcome.WAIT, f"The digests changed since the last one. {ASKS}"),
        (given(), Outcome.WAIT, f"The digests changed since the last one. {ASKS}"),
    ],
    ids=["nobody yet", "these digests", "another digest", "one component more", "none of it"],
)
def test_a_confirmation_counts_for_exactly_these_digests(
    word: Confirmation | None, outcome: Outcome, headline: str
) -> None:
    verdict = confirmation(staging(confirm=True), HELD.components, word)
    assert verdict is not None
    assert (verdict.outcome, verdict.headline) == (outcome, headline)


def test_where_nobody_has_to_confirm_nothing_is_asked() -> None:
    assert confirmation(staging(confirm=False), HELD.components, None) is None


def test_a_confirmation_that_is_awaited_waits_for_a_person_and_says_both_ways() -> None:
    verdict = confirmation(staging(confirm=True), HELD.components, None)
    assert verdict is not None
    assert verdict.waiting is Waiting.PERSON
    assert verdict.reasons == (
        "Say `/sync` in a comment, or press *Confirm* on this check run; it is given to exactly these digests.",
    )


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("may", [True, False])
def test_a_gate_that_holds_is_debt_only_where_the_rules_let_it_be_skipped(
    outcome: Outcome, may: bool
) -> None:
    said = Verdict(gate="coverage", outcome=outcome, headline="42%, needed: 70%")
    found = laid([said], ["coverage"] if may else ["soak"])
    skipped = may and outcome in (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WAIT)
    assert found.skipped == ((said,) if skipped else ())
    (counts,) = found.verdicts
    assert (counts.outcome, counts.headline, counts.set_aside) == (
        (Outcome.PASS, "Skipped debt: 42%, needed: 70%", True) if skipped else (outcome, said.headline, False)
    )


def test_a_skipped_gate_does_not_look_like_one_that_passed() -> None:
    said = Verdict(gate="coverage", outcome=Outcome.BLOCK, headline="42%")
    (run,) = check_runs("main", OURS, laid([said], ["coverage"]).verdicts, ())
    assert "| ⚠️ | coverage | Skipped debt: 42% |" in run.summary


def test_an_ordinary_promotion_waits_for_each_open_hotfix_of_its_component() -> None:
    rival = promotion("dev", OURS, HELD, pull_number=14, kind=PromotionKind.HOTFIX)
    decided = decide_pull(facts(rivals=(rival,)))
    assert merges(decided) == []
    assert summary(decided) == (
        "completed",
        "action_required",
        "#14 brings a hotfix of api to dev first; this waits until it is merged or closed",
    )


@pytest.mark.parametrize(
    ("gates", "sentence"),
    [
        ({}, "`staging` owes api the hotfix f1f1f1f of #12, until an ordinary promotion contains it"),
        (
            {"soak": "12 min", "coverage": "42%"},
            "`staging` owes api the hotfix f1f1f1f of #12, until an ordinary promotion contains it; skipped: "
            "`coverage`, `soak`",
        ),
    ],
)
def test_a_debt_in_one_sentence(gates: dict[str, str], sentence: str) -> None:
    debt = Debt(
        config_repository_id=CONFIG.id, environment="staging", component="api", hotfix_id=1, source="app",
        tag=ComponentTag(tag="7.0.1", sha="", digest=digest("b")), fix_sha="f1" * 20, pull_number=12, gates=gates,
        since=NOW,
    )  # fmt: skip
    assert says(debt) == sentence


def declared(**more: Any) -> Hotfix:
    values: dict[str, Any] = {
        "installation_id": 77, "config_repository_id": CONFIG.id, "source": "app", "source_repository_id": 601,
        "release_id": HELD.id, "fix_sha": HELD.head_sha, "branch": "hotfix/login", "components": HELD.components,
        "declared_at": NOW,
    }  # fmt: skip
    return Hotfix(**{**values, **more})


@pytest.mark.parametrize(
    ("rules", "hotfix", "rivals", "commits", "there"),
    [
        ({"confirm": False}, declared(), {}, 1, "**Hotfix** to staging: built on `hotfix/login`."),
        ({}, declared(by=ANA, via=Door.COMMENT), {}, 1, "`ana` made it one of `app@1007.1`."),
        ({"role": "oncall"}, declared(), {}, 1, "**On call** (`oncall`): @splattop/oncall, @dan"),
        ({}, declared(), {}, 3, "It brings **3 commits** beside what runs in staging"),
        ({"skip_gates": ("soak",)}, declared(), {}, 1, "These gates do not hold it: `soak`."),
        ({}, declared(), {"api": 14}, 1, "It goes before #14, which waits for it."),
        (
            {"confirm": True},
            declared(),
            {},
            1,
            "a person's confirmation: `/sync`, or *Confirm* on the check run.",
        ),
    ],
)
def test_what_the_body_of_a_hotfix_says(
    rules: dict[str, Any], hotfix: Hotfix, rivals: dict[str, int], commits: int, there: str
) -> None:
    roles = {"oncall": Role(teams=("splattop/oncall",), users=("dan",))}
    assert there in about(staging(**rules), roles, [hotfix], rivals, commits)
