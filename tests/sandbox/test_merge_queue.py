"""The merge queue of the local GitHub: what goes in, what it builds, what it merges and what it throws out."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import CONFIG

ENQUEUE = """mutation($i: EnqueuePullRequestInput!) { enqueuePullRequest(input: $i) {
  mergeQueueEntry { position state headCommit { oid } pullRequest { number } } } }"""
DEQUEUE = (
    "mutation($i: DequeuePullRequestInput!) { dequeuePullRequest(input: $i) { mergeQueueEntry { id } } }"
)
QUEUE = """query { repository(owner: "splattop", name: "config") { mergeQueue(branch: "main") {
  configuration { mergingStrategy minimumEntriesToMerge }
  entries(first: 10) { nodes { position state baseCommit { oid } headCommit { oid } pullRequest { number } } } } } }"""


@pytest.fixture
def queue(scene):
    """A queue on main that requires one check."""
    scene.app.permissions["merge_queues"] = scene.installation.permissions["merge_queues"] = "read"
    scene.installation.events.append("merge_group")
    scene.github.protect("splattop/config", "main", ["helm-lint"])
    scene.github.webhooks.hold()
    return scene.github.merge_queue("splattop/config")


def green(scene, branch="bump", path="values.yaml"):
    scene.github.push("splattop/config", branch, {path: "a: 2\n"}, "ana")
    pull = scene.github.open_pull("splattop/config", branch, "ana")
    scene.github.check("splattop/config", pull.head_sha, "helm-lint")
    return pull


def ask(scene, text, **variables):
    return scene.bot().post("/graphql", {"query": text, "variables": variables}).json()


def groups(scene):
    """(action, reason, head) of each merge_group webhook."""
    found = [delivery.payload for delivery in scene.github.webhooks.take("merge_group")]
    return [(each["action"], each.get("reason"), each["merge_group"]["head_sha"]) for each in found]


def test_an_ordinary_merge_is_refused_when_there_is_a_queue(scene, queue):
    pull = green(scene)
    answer = scene.bot().put(f"{CONFIG}/pulls/{pull.number}/merge", {"sha": pull.head_sha})
    assert (answer.status_code, answer.json()["message"]) == (
        405,
        "Changes must be made through the merge queue",
    )


def test_what_is_green_on_the_group_is_merged_with_that_very_commit(scene, queue):
    pull = green(scene)
    entry = ask(scene, ENQUEUE, i={"pullRequestId": pull.node_id, "expectedHeadOid": pull.head_sha})
    shown = entry["data"]["enqueuePullRequest"]["mergeQueueEntry"]
    head = shown["headCommit"]["oid"]
    assert (shown["position"], shown["state"]) == (1, "AWAITING_CHECKS")
    assert groups(scene) == [("checks_requested", None, head)]
    scene.github.check("splattop/config", head, "helm-lint")
    assert pull.merged
    assert scene.github.sha("splattop/config", "main") == head
    assert groups(scene) == [("destroyed", "merged", head)]


def test_a_red_group_leaves_the_queue_and_what_stood_behind_is_built_anew(scene, queue):
    first, second = green(scene), green(scene, "other", "other.txt")
    for each in (first, second):
        ask(scene, ENQUEUE, i={"pullRequestId": each.node_id})
    red, behind = queue.entries[0].head_sha, queue.entries[1].head_sha
    scene.github.check("splattop/config", red, "helm-lint", "failure")
    assert [entry.pull for entry in queue.entries] == [second]
    assert not first.merged
    assert groups(scene)[-3:] == [
        ("destroyed", "dequeued", red),
        ("destroyed", "invalidated", behind),
        ("checks_requested", None, queue.entries[0].head_sha),
    ]


def test_each_entry_stands_on_the_one_before_and_a_minimum_is_merged_together(scene, queue):
    queue.minimum = 2
    first, second = green(scene), green(scene, "other", "other.txt")
    for each in (first, second):
        ask(scene, ENQUEUE, i={"pullRequestId": each.node_id})
    listed = ask(scene, QUEUE)["data"]["repository"]["mergeQueue"]["entries"]["nodes"]
    assert listed[1]["baseCommit"] == listed[0]["headCommit"]
    for entry in listed:
        assert not first.merged
        scene.github.check("splattop/config", entry["headCommit"]["oid"], "helm-lint")
    assert (first.merged, second.merged, queue.entries) == (True, True, [])


def test_a_push_takes_a_pull_request_out_of_the_queue(scene, queue):
    pull = green(scene)
    ask(scene, ENQUEUE, i={"pullRequestId": pull.node_id})
    scene.github.push("splattop/config", "bump", {"values.yaml": "a: 9\n"}, "ana")
    assert queue.entries == []
    assert [action for action, *_ in groups(scene)] == ["checks_requested", "destroyed"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda pull: setattr(pull, "draft", True), "not mergeable"),
        (lambda pull: setattr(pull, "head_sha", pull.base_sha), "Head branch was modified"),
    ],
)
def test_what_may_not_be_merged_is_not_queued(scene, queue, spoil, says):
    pull = green(scene)
    asked = {"pullRequestId": pull.node_id, "expectedHeadOid": pull.head_sha}
    spoil(pull)
    assert says in ask(scene, ENQUEUE, i=asked)["errors"][0]["message"]


def test_what_is_not_green_yet_is_not_queued(scene, queue):
    pull = scene.change()
    said = ask(scene, ENQUEUE, i={"pullRequestId": pull.node_id})["errors"][0]["message"]
    assert said == 'Pull request Required status check "helm-lint" is expected.'


def test_out_of_the_queue_by_hand(scene, queue):
    pull = green(scene)
    ask(scene, ENQUEUE, i={"pullRequestId": pull.node_id})
    ask(scene, DEQUEUE, i={"id": pull.node_id})
    assert queue.entries == []
    assert "not in the queue" in ask(scene, DEQUEUE, i={"id": pull.node_id})["errors"][0]["message"]
