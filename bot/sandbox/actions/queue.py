"""The merge queue: entries on temporary branches, checks asked for, merged when green, taken out when red.

Each entry's temporary commit merges its pull request onto the entry before it, so the last commit of several that are
merged together holds them all. Who is asked for checks hears `merge_group`; the queue follows what happens by itself.
https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.access import require, who
from bot.sandbox.actions.merging import HEAD_MODIFIED, blocked, conflicts, merge_commit
from bot.sandbox.actions.refs import move, shut
from bot.sandbox.actions.required import check_state
from bot.sandbox.errors import Refused, invalid
from bot.sandbox.state import Account, Actor, Event, MergeQueue, Protection, Pull, QueueEntry, World

MERGER = "github-merge-queue[bot]"
"""Who merges what the queue merges."""


def enqueue(world: World, actor: Actor, pull: Pull, expected_head: str | None = None) -> QueueEntry:
    """Put a pull request at the end of its base branch's queue; 422 when it may not be merged or is in there."""
    require(world, actor, pull.repo, "contents", "write")
    require(world, actor, pull.repo, "pull_requests", "write")
    queue = pull.repo.queues.get(pull.base_ref)
    if queue is None:
        raise invalid("The merge queue is not enabled for this branch")
    if expected_head is not None and expected_head != pull.head_sha:
        raise invalid(HEAD_MODIFIED)
    if queue.entry(pull) is not None:
        raise invalid("Pull request is already in the queue")
    if pull.state != "open" or pull.draft or conflicts(world, pull):
        raise invalid("Pull request is not mergeable")
    problem = blocked(world, pull)
    if problem is not None:
        raise invalid(f"Pull request {problem}")
    entry = QueueEntry(pull=pull, enqueuer=who(actor), enqueued_at=world.clock.now())
    world.register("MQE", entry)
    queue.entries.append(entry)
    world.emit("pull_request", "enqueued", pull.repo, entry.enqueuer, pull=pull)
    advance(world, queue)
    return entry


def dequeue(world: World, actor: Actor, pull: Pull) -> QueueEntry:
    """Take a pull request out; 422 when it is not in the queue."""
    require(world, actor, pull.repo, "contents", "write")
    require(world, actor, pull.repo, "pull_requests", "write")
    queue = pull.repo.queues.get(pull.base_ref)
    entry = queue.entry(pull) if queue else None
    if queue is None or entry is None:
        raise invalid("Pull request is not in the queue")
    _remove(world, queue, entry, who(actor), "MANUAL", "dequeued")
    advance(world, queue)
    return entry


def follow(world: World, event: Event) -> None:
    """What happens elsewhere and concerns a queue: pushes, closed and drafted pull requests, checks that ended."""
    if event.repo is None:
        return
    for queue in event.repo.queues.values():
        if queue.busy:
            continue
        subject = event.subject
        pull = subject.get("pull")
        entry = queue.entry(pull) if event.name == "pull_request" and pull else None
        gone = ("synchronize", "closed", "converted_to_draft", "edited")
        if entry is not None and event.action in gone:
            if event.action != "edited" or entry.pull.base_ref != queue.branch:
                _remove(world, queue, entry, event.sender, "BRANCH_PROTECTIONS", "dequeued")
                advance(world, queue)
        elif (event.name, subject.get("ref")) == ("push", f"refs/heads/{queue.branch}") or event.name in (
            "check_run",
            "status",
        ):
            advance(world, queue)


def advance(world: World, queue: MergeQueue) -> None:
    """Build what is to be built, take out what is red, merge what is green, until nothing is left to do."""
    if queue.busy:
        return
    while _step(world, queue):
        pass


def _step(world: World, queue: MergeQueue) -> bool:
    if _build(world, queue):
        return True
    green: list[QueueEntry] = []
    for entry in queue.entries[: queue.maximum]:
        state = _state(queue, entry)
        if state == "failure":
            _remove(world, queue, entry, _merger(world), "CI_FAILURE", "dequeued")
            return True
        if state != "success":
            break
        green.append(entry)
    if len(green) < max(queue.minimum, 1):
        return False
    _merge(world, queue, green)
    return True


def _state(queue: MergeQueue, entry: QueueEntry) -> str:
    """``success``, ``failure`` or ``expected`` of what the branch requires, on the entry's temporary commit."""
    rules = queue.repo.protections.get(queue.branch, Protection())
    if entry.head_sha is None:
        return "expected"
    states = {check_state(queue.repo, entry.head_sha, context, app) for context, app in rules.checks}
    return next((state for state in ("failure", "expected") if state in states), "success")


def _build(world: World, queue: MergeQueue) -> bool:
    """Build the first entry that lacks its commit or stands on another base; whether there was one."""
    base = queue.repo.git.ref(f"heads/{queue.branch}")
    for entry in queue.entries[: queue.build]:
        if base is None or entry.base_sha != base:
            queue.busy = True
            _destroy(world, entry, "invalidated")
            try:
                entry.base_sha = base or ""
                entry.head_sha = merge_commit(world, _merger(world), entry.pull, entry.base_sha, queue.method)
            except Refused:
                entry.base_sha = entry.head_sha = None
                _remove(world, queue, entry, _merger(world), "MERGE_CONFLICT", "dequeued")
                return True
            move(world, queue.repo, entry.ref, None, entry.head_sha, _merger(world))
            queue.busy = False
            world.emit("merge_group", "checks_requested", queue.repo, _merger(world), group=_group(entry))
            return True
        base = entry.head_sha
    return False


def _merge(world: World, queue: MergeQueue, entries: Sequence[QueueEntry]) -> None:
    """Move the branch to the last entry's commit: everything up to it is merged at once."""
    queue.busy, by, tip = True, _merger(world), entries[-1].head_sha
    for entry in entries:
        pull = entry.pull
        pull.merged_at, pull.merged_by, pull.merge_commit_sha = world.clock.now(), by, entry.head_sha
        pull.state = "merged"  # so that the push below does not close it a second time
    name = f"heads/{queue.branch}"
    move(world, queue.repo, name, queue.repo.git.ref(name), tip, by)
    for entry in entries:
        queue.busy = True
        shut(world, entry.pull, by)
        _remove(world, queue, entry, by, "MERGE", "merged")
        if queue.repo.delete_branch_on_merge and entry.pull.head_repo is queue.repo:
            move(world, queue.repo, f"heads/{entry.pull.head_ref}", entry.pull.head_sha, None, by)


def _remove(
    world: World, queue: MergeQueue, entry: QueueEntry, by: Account, reason: str, destroyed: str
) -> None:
    """``reason`` as `pull_request.dequeued` says it, ``destroyed`` as `merge_group.destroyed` does."""
    queue.busy = True
    queue.entries.remove(entry)
    _destroy(world, entry, destroyed)
    world.emit("pull_request", "dequeued", queue.repo, by, pull=entry.pull, reason=reason)
    queue.busy = False


def _destroy(world: World, entry: QueueEntry, reason: str) -> None:
    if entry.head_sha is None:
        return
    group = _group(entry)
    world.emit("merge_group", "destroyed", entry.pull.repo, _merger(world), group=group, reason=reason)
    move(world, entry.pull.repo, entry.ref, entry.head_sha, None, _merger(world))
    entry.base_sha = entry.head_sha = None


def _group(entry: QueueEntry) -> dict[str, str]:
    """What `merge_group` tells, as it is at this moment: the entry may be gone before the webhook is written."""
    return {
        "head_sha": entry.head_sha or "",
        "head_ref": f"refs/{entry.ref}",
        "base_sha": entry.base_sha or "",
        "base_ref": f"refs/heads/{entry.pull.base_ref}",
    }


def _merger(world: World) -> Account:
    found = world.accounts.get(MERGER)
    if found is None:
        found = world.accounts[MERGER] = world.register("BOT", Account(login=MERGER, kind="Bot"))
    return found
