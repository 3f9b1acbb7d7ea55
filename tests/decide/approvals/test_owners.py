"""Every touched path needs one of its owners (row R8, attack case 44)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.decide.approvals import required_owners
from bot.decide.codeowners import owners_for_change, parse
from bot.model.approval_facts import Membership, PathOwners, RequiredOwners, UnresolvedOwners
from bot.model.facts import Unknown
from bot.model.policy_gates import Approval
from bot.model.verdict import Outcome
from tests.decide.approvals.people import (
    ANA,
    BEN,
    CHO,
    DAN,
    DEMAND,
    EVE,
    NOBODY,
    TEAMS,
    answer,
    judged,
    review,
)

FILE = ".github/CODEOWNERS"
VALUES = PathOwners(path="helm/values.yaml", teams=("splattop/sre",))
ALERTS = PathOwners(path="ops/alerts.yml", users=("eve",), teams=("splattop/qa",))
OWNED = replace(DEMAND, approvals=(), anybody=True, owners=RequiredOwners(file=FILE, paths=(VALUES, ALERTS)))
TIMEOUT = Unknown(why="GitHub did not answer in time")


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        (
            [],
            (
                Outcome.WAIT,
                "Waits for: an owner of `helm/values.yaml` (ana, ben may), "
                "an owner of `ops/alerts.yml` (ben, cho, eve may)",
            ),
        ),
        ([review(ANA)], (Outcome.WAIT, "Waits for: an owner of `ops/alerts.yml` (ben, cho, eve may)")),
        ([review(ANA), review(EVE)], (Outcome.PASS, "Approved by ana (owner), eve (owner)")),
        ([review(BEN)], (Outcome.PASS, "Approved by ben (owner)")),
    ],
)
def test_every_path_needs_one_of_its_owners(voices: list[Any], expected: tuple[Outcome, str]) -> None:
    assert answer(judged(*voices, demand=OWNED)) == expected


def test_who_owns_nothing_here_is_told_so() -> None:
    found = judged(review(DAN), demand=OWNED)
    assert [each.why for each in found.excluded] == ["dan owns none of the touched paths."]


def test_paths_with_the_same_owners_are_told_together() -> None:
    second = replace(VALUES, path="helm/other.yaml", teams=("Splattop/SRE",))
    demand = replace(OWNED, owners=RequiredOwners(file=FILE, paths=(VALUES, second)))
    assert answer(judged(demand=demand)) == (
        Outcome.WAIT,
        "Waits for: an owner of `helm/values.yaml` and 1 more (ana, ben may)",
    )


def test_a_yes_counts_for_a_role_and_as_an_owner() -> None:
    demand = replace(OWNED, approvals=(Approval(role="qa"),))
    assert answer(judged(review(BEN), demand=demand)) == (Outcome.PASS, "Approved by ben (qa, owner)")


def test_roles_do_not_stand_in_for_owners() -> None:
    demand = replace(OWNED, approvals=(Approval(role="qa"),))
    assert answer(judged(review(CHO), demand=demand)) == (
        Outcome.WAIT,
        "Waits for: an owner of `helm/values.yaml` (ana, ben may)",
    )


def test_case_54_owners_do_not_approve_what_they_asked_for() -> None:
    found = judged(review(BEN), demand=OWNED, contributors=replace(NOBODY, requester=BEN))
    assert [each.why for each in found.excluded] == ["ben asked for this promotion, and does not approve it."]


def test_case_54_owners_do_not_approve_what_they_wrote_in_the_app() -> None:
    found = judged(review(BEN), demand=OWNED, contributors=replace(NOBODY, source_authors=(BEN,)))
    assert [each.why for each in found.excluded] == [
        "ben wrote commits that this promotes, and does not approve them."
    ]


def test_case_60_an_owner_team_that_cannot_be_read_is_unknown() -> None:
    membership = Membership(teams={**TEAMS, ANA.id: TIMEOUT})
    found = judged(review(ANA), review(EVE), demand=OWNED, membership=membership)
    assert answer(found) == (
        Outcome.UNKNOWN,
        "Cannot verify membership of ana in splattop/sre: GitHub did not answer in time",
    )


@pytest.mark.parametrize(
    ("unknown", "outcome"), [(False, Outcome.BLOCK), (True, Outcome.UNKNOWN)], ids=["wrong", "unread"]
)
def test_case_44_unresolved_owners_are_never_nobody(unknown: bool, outcome: Outcome) -> None:
    fault = UnresolvedOwners(path="helm/values.yaml", line=7, why="gone is nobody", unknown=unknown)
    demand = replace(OWNED, owners=RequiredOwners(file=FILE, paths=(ALERTS,), unresolved=(fault,)))
    assert answer(judged(review(EVE), demand=demand)) == (
        outcome,
        "owners unresolved: line 7 of .github/CODEOWNERS, for `helm/values.yaml`: gone is nobody",
    )


def test_case_44_a_path_with_no_owner_left_blocks() -> None:
    demand = replace(OWNED, owners=RequiredOwners(file=FILE, paths=(PathOwners(path="x"),)))
    assert judged(review(ANA), demand=demand).verdict.outcome is Outcome.BLOCK


TEXT = b"""\
* @ana
/helm/ @splattop/sre @Eve
/docs/
/mail/ ana@example.org
/bad/ @splattop/
"""
RESOLVED: dict[str, str | Unknown | None] = {
    "@ana": "ana",
    "@splattop/sre": "splattop/sre",
    "@eve": "eve",
    "ana@example.org": None,
}


def demanded(*paths: str, **resolved: str | Unknown | None) -> RequiredOwners:
    owners = owners_for_change(parse(TEXT, file=FILE), paths)
    return required_owners(
        FILE, owners, {**RESOLVED, **{f"@{name}": found for name, found in resolved.items()}}
    )


def test_codeowners_become_logins_and_teams() -> None:
    assert demanded("helm/values.yaml", "README", "docs/a") == RequiredOwners(
        file=FILE,
        paths=(
            PathOwners(path="helm/values.yaml", users=("eve",), teams=("splattop/sre",)),
            PathOwners(path="README", users=("ana",)),
        ),
    )


@pytest.mark.parametrize(
    ("path", "resolved", "line", "unknown"),
    [
        ("mail/x", {}, 4, False),
        ("helm/x", {"eve": None}, 2, False),
        ("helm/x", {"eve": TIMEOUT}, 2, True),
        ("bad/x", {}, 5, False),
    ],
    ids=["an address without an account", "no such user", "not answered", "invalid owner"],
)
def test_case_44_an_owner_who_cannot_be_found_leaves_the_path_unresolved(
    path: str, resolved: dict[str, Any], line: int, unknown: bool
) -> None:
    found = demanded(path, **resolved)
    assert ([(each.line, each.unknown) for each in found.unresolved], found.paths) == ([(line, unknown)], ())
