"""May a merge group be merged, and may a promotion go into the queue and stay there? As tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.decide.merge_group import Judged, decide_group, files_for
from bot.decide.names import queued_pull
from bot.decide.pull import PullFacts, decide_pull
from bot.model.action import DequeuePull, EnqueuePull, MergePull
from bot.model.facts import OwnCheck, QueueEntry, RepositoryFile, Unknown
from bot.model.snapshot import GroupMember, MergeGroup
from tests.builders import ANA, files, policy, promotion, release, values
from tests.decide.test_pull import OURS, facts

GROUP = "9" * 40
HELD = files(dev=values(api="a", api_tag="7.0.0"))
QUEUED: dict[str, Any] = {"needs_queue": True, "queued": QueueEntry(head_sha=GROUP)}


def judged(found: PullFacts | None = None, number: int = 12, head: str = OURS) -> Judged:
    found = found or facts(**QUEUED)
    member = GroupMember(number=number, head_sha=head)
    return Judged(member=member, facts=found, decision=decide_pull(found))


def somebodys(**more: Any) -> Judged:
    """Another person's pull request, number 31."""
    found = facts(number=31, author=ANA, head_ref="mine", labels=(), promotion=None, **QUEUED, **more)
    return judged(found, 31)


def group(
    there: dict[str, RepositoryFile | Unknown] | None = None, own: tuple[OwnCheck, ...] = ()
) -> MergeGroup:
    return MergeGroup(head_sha=GROUP, members=(), files=HELD if there is None else there, own_checks=own)


def runs(*members: Judged, of: MergeGroup | None = None) -> dict[str, tuple[str, str | None, str]]:
    wanted = decide_group("main", of or group(), members)
    assert {each.check.head_sha for each in wanted} <= {GROUP}
    return {
        each.check.name: (each.check.status, each.check.conclusion, each.check.summary) for each in wanted
    }


def conclusion(*members: Judged, of: MergeGroup | None = None) -> str | None:
    return runs(*members, of=of)["lockstep: main"][1]


def test_a_group_of_one_green_promotion_is_a_success_with_its_details():
    found = runs(judged())
    assert {name: conclusion for name, (_, conclusion, _) in found.items()} == {
        "lockstep: main": "success",
        "lockstep: main / config": "success",
    }


def test_a_pull_request_of_somebody_else_is_judged_as_outside_the_queue():
    assert conclusion(somebodys()) == "success"


HELD_BACK: list[tuple[str, dict[str, Any], str]] = [
    ("a hold", {"labels": ("lockstep:hold",)}, "lockstep:hold"),
    ("checks that are not there yet", {"checks": ()}, "helm-lint"),
    ("rules that are invalid", {"policy": None}, "rules file"),
    ("an approval that is missing", {"environment": "staging"}, "approval"),
]


@pytest.mark.parametrize(("why", "more", "says"), HELD_BACK, ids=[why for why, *_ in HELD_BACK])
def test_what_is_not_a_pass_is_a_failure_of_the_group(why: str, more: dict[str, Any], says: str):
    status, shown, summary = runs(judged(facts(**{**QUEUED, **more})))["lockstep: main"]
    assert (status, shown) == ("completed", "failure")
    assert says in summary


@pytest.mark.parametrize("more", [more for _, more, _ in HELD_BACK], ids=[why for why, *_ in HELD_BACK])
def test_what_stands_before_fails_the_whole_group(more: dict[str, Any]):
    assert conclusion(judged(facts(**{**QUEUED, **more})), somebodys()) == "failure"


@pytest.mark.parametrize(
    "there",
    [
        files(dev=values(api="e", api_tag="7.0.0")),
        files(dev=values(api="a", api_tag="9.9.9")),
        files(dev=b"web: {}\n"),
        {"helm/values-dev.yaml": Unknown(why="timeout")},
        {},
    ],
    ids=["another digest", "another tag", "no such component", "unreadable", "not read"],
)
def test_a_group_that_does_not_hold_what_is_promoted_fails(there: dict[str, RepositoryFile | Unknown]):
    assert conclusion(judged(), of=group(there)) == "failure"
    assert conclusion(judged(), somebodys(), of=group(there)) == "failure"


def test_case_76_a_head_that_is_not_the_one_in_the_group_fails():
    assert conclusion(judged(head="d" * 40)) == "failure"


def test_a_member_that_cannot_be_read_fails():
    gone = Judged(member=GroupMember(number=31, head_sha=OURS), facts=None, decision=None)
    assert conclusion(gone, judged()) == "failure"


def test_check_runs_that_stand_are_left_alone():
    wanted = decide_group("main", group(), [judged()])
    there = tuple(
        OwnCheck(
            id=str(place),
            name=each.check.name,
            status=each.check.status,
            conclusion=each.check.conclusion,
            title=each.check.title,
            summary=each.check.summary,
        )
        for place, each in enumerate(wanted)
    )
    assert decide_group("main", group(own=there), [judged()]) == ()


def last(found: PullFacts) -> type:
    return type(decide_pull(found).actions[-1])


def test_a_branch_with_a_queue_is_merged_through_it():
    action = decide_pull(facts(needs_queue=True)).actions[-1]
    assert isinstance(action, EnqueuePull)
    assert (action.number, action.node_id, action.expected_head) == (12, "PR_12", OURS)


def test_a_branch_without_a_queue_is_merged_as_ever():
    assert last(facts()) is MergePull


def test_what_is_queued_and_green_is_left_there():
    kinds = {type(each) for each in decide_pull(facts(**QUEUED)).actions}
    assert kinds.isdisjoint({EnqueuePull, DequeuePull, MergePull})


def test_what_is_queued_and_no_longer_green_is_taken_out():
    assert last(facts(**QUEUED, labels=("lockstep:hold",))) is DequeuePull


def test_somebody_elses_pull_request_is_never_taken_out():
    found = facts(author=ANA, promotion=None, policy=None, **QUEUED)
    assert DequeuePull not in {type(each) for each in decide_pull(found).actions}


@pytest.mark.parametrize("happened", [True, False])
def test_what_github_threw_out_is_not_put_back(happened: bool):
    found = decide_pull(facts(needs_queue=True, thrown_out=True, something_happened=happened))
    assert EnqueuePull not in {type(each) for each in found.actions}
    assert found.green


@pytest.mark.parametrize(
    ("branch", "number"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-12-{'a' * 40}", 12),
        (f"gh-readonly-queue/release/1.x/pr-7-{'a' * 40}", 7),
        (f"refs/heads/gh-readonly-queue/main/pr-0-{'a' * 40}", None),
        (f"refs/heads/gh-readonly-queue/main/pr-12-{'A' * 40}", None),
        (f"refs/heads/mine/gh-readonly-queue/main/pr-12-{'a' * 40}", None),
        ("refs/heads/main", None),
        (None, None),
        (12, None),
    ],
)
def test_the_branch_of_a_group_names_its_pull_request(branch: object, number: int | None):
    assert queued_pull(branch) == number


def test_the_files_of_the_promotions_environments_are_read():
    there = promotion("dev", OURS, release(7, api="a"))
    assert files_for(policy(), [there]) == {"helm/values-dev.yaml"}
    assert files_for(policy(), [replace(there, environment="gone")]) == frozenset()
    assert files_for(None, [there]) == frozenset()
