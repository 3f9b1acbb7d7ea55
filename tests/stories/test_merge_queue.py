"""A base branch with a merge queue: promotions go through it, and what it builds is judged like what it is made of."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from bot.sandbox.actions.refs import person
from bot.sandbox.state import MergeQueue, Pull, QueueEntry
from tests.builders import digest, values
from tests.stories.cast import SECRET, Bot, Town

SUMMARY = "lockstep: main"


@pytest.fixture
def queue(town: Town) -> MergeQueue:
    """main takes changes only through its merge queue, where our check run and CI are required; CI waits to be run."""
    town.github.protect("splattop/config", "main", checks=[SUMMARY, "helm-lint"])
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    return town.github.merge_queue("splattop/config")


def queued(bot: Bot, town: Town, queue: MergeQueue, **components: str) -> Pull:
    """A promotion to dev that is green and in the queue."""
    town.release(**components)
    bot.settles()
    pull = town.pull("dev")
    town.github.run_ci("splattop/config", pull.head_sha)
    bot.settles()
    assert pull in [entry.pull for entry in queue.entries]
    return pull


def somebodys(bot: Bot, town: Town, files: dict[str, str | bytes]) -> Pull:
    """Another pull request, green by CI and by Lockstep."""
    town.github.push("splattop/config", "mine", files, by="ana")
    pull = town.github.open_pull("splattop/config", "mine", by="ana")
    town.github.run_ci("splattop/config", pull.head_sha)
    bot.settles()
    return pull


def group(town: Town, queue: MergeQueue, pull: Pull) -> dict[str, str | None]:
    """Conclusions of our check runs on a pull request's merge group."""
    entry = queue.entry(pull)
    assert entry is not None
    assert entry.head_sha is not None
    found = town.github.checks("splattop/config", entry.head_sha)
    return {name: run.conclusion for name, run in found.items() if name.startswith("lockstep")}


def ci(town: Town, queue: MergeQueue, pull: Pull, conclusion: str = "success") -> None:
    """CI ends on a pull request's merge group."""
    entry = queue.entry(pull)
    assert entry is not None
    assert entry.head_sha is not None
    town.github.run_ci("splattop/config", entry.head_sha, conclusion)


def told(bot: Bot, payload: Mapping[str, Any]) -> int:
    """A `merge_group` event that is signed with our secret, whoever wrote it; the receiver's answer."""
    body = json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Event": "merge_group",
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    return bot.client.post("/webhook", data=body, headers=headers).status_code


def swapped(town: Town, entry: QueueEntry, data: bytes) -> str:
    """The entry's temporary branch, with another commit in which dev's values are these."""
    repo = town.github.repo("splattop/config")
    assert entry.base_sha is not None
    author = person(town.github.world, entry.enqueuer)
    sha = town.github.commit_on(repo.git, entry.base_sha, {"helm/values-dev.yaml": data}, "Group", author)
    repo.git.set_ref(entry.ref, sha)
    return sha


def test_a_green_promotion_goes_through_the_queue_and_merges(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    assert group(town, queue, pull) == {
        SUMMARY: "success",
        f"{SUMMARY} / config": "success",
        f"{SUMMARY} / guards": "success",
    }
    assert not pull.merged

    ci(town, queue, pull)
    bot.settles()
    assert pull.merged
    assert digest("a") in town.values("dev")
    assert bot.ledger("enqueue_pull")[-1][0] == "done"
    assert bot.ledger("promotion_merged") == [("done", "Promote api 7.0.0 to dev")]
    with town.expect_no_writes():
        bot.sweeps()


def test_what_is_queued_is_not_queued_again(bot: Bot, town: Town, queue: MergeQueue):
    queued(bot, town, queue, api="a")
    with town.expect_no_writes():
        bot.sweeps()
        bot.again().sweeps()


def test_a_replayed_event_is_quiet(bot: Bot, town: Town, queue: MergeQueue):
    queued(bot, town, queue, api="a")
    asked = [each for each in town.github.webhooks.log if each.event == "merge_group"]
    town.github.webhooks.redeliver(asked[-1])
    with town.expect_no_writes():
        bot.settles()


def test_a_hold_set_while_it_is_queued_takes_it_out_again_and_lifting_it_puts_it_back(
    bot: Bot, town: Town, queue: MergeQueue
):
    pull = queued(bot, town, queue, api="a")
    entry = queue.entry(pull)
    assert entry is not None
    built = str(entry.head_sha)
    town.github.label(pull, "ana", "lockstep:hold")
    bot.settles()
    assert queue.entries == []
    assert town.github.checks("splattop/config", built)[SUMMARY].conclusion == "failure"
    assert town.check(pull) == ("completed", "action_required")
    with town.expect_no_writes():
        bot.sweeps()

    town.github.advance(1)  # a hold is not set and taken back in one second
    town.github.unlabel(pull, "ana", "lockstep:hold")
    bot.settles()
    assert [each.pull for each in queue.entries] == [pull]


def test_a_group_that_is_red_by_another_check_is_not_queued_again(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    ci(town, queue, pull, "failure")
    bot.settles()
    assert queue.entries == []
    assert town.check(pull) == ("completed", "action_required")
    assert "took it out of the merge queue" in str(town.checks(pull)[SUMMARY].output["title"])
    with town.expect_no_writes():
        bot.sweeps()


def test_what_was_thrown_out_is_queued_again_on_a_new_base(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    ci(town, queue, pull, "failure")
    bot.settles()
    town.github.push("splattop/config", "main", {"README.md": "mended\n"}, by="ana", bypass=True)
    bot.settles()
    town.github.run_ci("splattop/config", pull.head_sha)
    bot.settles()
    assert [each.pull for each in queue.entries] == [pull]


def test_what_was_thrown_out_is_queued_again_when_somebody_says_retry(
    bot: Bot, town: Town, queue: MergeQueue
):
    pull = queued(bot, town, queue, api="a")
    ci(town, queue, pull, "failure")
    bot.settles()
    # Within one second the queue would make the very commit again that CI has failed.
    town.github.advance(2)
    town.github.comment(pull, "ana", "/retry")
    bot.settles()
    assert [each.pull for each in queue.entries] == [pull]


def test_case_76_a_head_that_moves_while_it_is_queued_is_not_merged(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    town.github.push("splattop/config", pull.head_ref, {"evil.txt": "x"}, by="ana")
    bot.settles()
    assert queue.entries == []
    assert not pull.merged
    assert town.check(pull) == ("completed", "failure")


def test_case_77_rules_that_change_while_it_is_queued_are_read_again(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    town.github.push(
        "splattop/config", "main", {"promotion/promotion-rules.yaml": "version: 2\n"}, by="ana", bypass=True
    )
    bot.settles()
    assert queue.entries == []
    assert not pull.merged


def test_two_pull_requests_of_one_group_merge_together(bot: Bot, town: Town, queue: MergeQueue):
    queue.minimum = 2
    pull = queued(bot, town, queue, api="a")
    other = somebodys(bot, town, {"README.md": "# better\n"})
    town.github.enqueue(other, by="ana")
    bot.settles()
    assert group(town, queue, other)[SUMMARY] == "success"
    ci(town, queue, pull)
    ci(town, queue, other)
    bot.settles()
    assert (pull.merged, other.merged) == (True, True)


def test_a_group_that_holds_other_images_than_the_promotion_fails(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    other = somebodys(bot, town, {"helm/values-dev.yaml": values(web="f", web_tag="6.6.6")})
    town.github.enqueue(other, by="ana")
    entry = queue.entry(other)
    assert entry is not None
    # As when the lines of the two touch and the other's win: Git merged it, and nobody saw it.
    entry.head_sha = swapped(town, entry, values(api="e", api_tag="9.9.9"))
    bot.settles()
    assert group(town, queue, pull)[SUMMARY] == "success"
    assert group(town, queue, other)[SUMMARY] == "failure"
    shown = town.github.checks("splattop/config", entry.head_sha)[SUMMARY].output
    assert "9.9.9 instead of 7.0.0" in str(shown["summary"])


def test_a_forged_event_about_a_strange_commit_does_nothing(bot: Bot, town: Town, queue: MergeQueue):
    pull = queued(bot, town, queue, api="a")
    asked = next(each for each in town.github.webhooks.log if each.event == "merge_group")
    payload = json.loads(asked.body)
    strange = town.github.push("splattop/config", "strange", {"x": "y"}, by="ana")
    bot.settles()
    payload["merge_group"]["head_sha"] = strange
    payload["merge_group"]["head_ref"] = f"refs/heads/gh-readonly-queue/main/pr-{pull.number}-{strange}"
    with town.expect_no_writes():
        assert told(bot, payload) == 202
        bot.settles()
    assert town.github.checks("splattop/config", strange) == {}
