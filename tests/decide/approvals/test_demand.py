"""What the rules ask of people, and what an `/approve` is answered (rows P3, R4; attack cases 53, 56)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.decide.approvals import Demand, answer_approve, demand_for
from bot.model.approval_facts import Membership, RequiredOwners
from bot.model.facts import Unknown
from bot.model.policy import MergeRule
from bot.model.policy_after import Rollback
from bot.model.policy_gates import Approval
from tests.builders import policy
from tests.decide.approvals.people import ANA, BEN, DEMAND, NOBODY, OTHER, comment, judged, review

OWNERS = RequiredOwners(file="CODEOWNERS")
PLATFORM, ON_CALL = Approval(role="platform"), Approval(role="on-call")
RULES = policy()
DEV, STAGING = RULES.environments


def test_where_releases_merge_by_themselves_no_owner_is_asked() -> None:
    assert demand_for(RULES, DEV, OWNERS) == Demand(environment="dev", approvals=(), roles=RULES.roles)


@pytest.mark.parametrize("merge", [MergeRule.APPROVED, MergeRule.MANUAL])
def test_row_r4_elsewhere_roles_owners_or_at_least_somebody_approve(merge: MergeRule) -> None:
    assert demand_for(RULES, replace(STAGING, merge=merge), OWNERS) == Demand(
        environment="staging", approvals=(PLATFORM,), roles=RULES.roles, owners=OWNERS, anybody=True
    )


@pytest.mark.parametrize(
    ("expedited", "rollback", "asked"),
    [(None, True, PLATFORM), ((ON_CALL,), True, ON_CALL), ((ON_CALL,), False, PLATFORM)],
    ids=["as for a promotion", "expedited", "not for a promotion"],
)
def test_a_revert_needs_what_the_rules_say_for_it(expedited: Any, rollback: bool, asked: Approval) -> None:
    environment = replace(STAGING, rollback=Rollback(approvals=expedited))
    assert demand_for(RULES, environment, OWNERS, rollback=rollback).approvals == (asked,)


ONE_SRE = replace(DEMAND, approvals=(Approval(role="sre"),))
UNREAD = Membership(teams={ANA.id: Unknown(why="no answer")})


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        ({}, "Your approval counts: sre. Approved by ana (sre)."),
        ({"demand": DEMAND}, "Your approval counts: sre. Waits for: 1 of qa (ben, cho, dan may)."),
        (
            {"contributors": replace(NOBODY, requester=ANA)},
            "Your approval does not count: ana asked for this promotion, and does not approve it.",
        ),
        (
            {"membership": UNREAD},
            "Your approval is noted. Cannot verify membership of ana in Splattop/SRE: no answer.",
        ),
    ],
)
def test_case_53_an_approval_is_answered_with_what_it_does(known: dict[str, Any], answer: str) -> None:
    said = comment(ANA)
    found = judged(said, **{"demand": ONE_SRE, **known})
    assert answer_approve(found, ANA, said.comment_id) == answer


def test_case_56_an_approval_of_an_older_head_is_answered_with_head_moved() -> None:
    said = comment(ANA, head=OTHER)
    assert answer_approve(judged(said, demand=ONE_SRE), ANA, said.comment_id) == (
        "ana's approval does not hold: head moved, re-approve (it was given to bbbbbbb)"
    )


def test_an_approval_that_nobody_waits_for_is_noted() -> None:
    said = comment(BEN, minute=2)
    assert answer_approve(judged(review(ANA), said, demand=ONE_SRE), BEN, said.comment_id) == (
        "Your approval is noted. Approved by ana (sre)."
    )
