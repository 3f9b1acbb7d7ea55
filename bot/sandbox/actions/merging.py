"""Can it merge, may it merge, and the merge itself: real three-way merges over real objects."""

from __future__ import annotations

from bot.sandbox.access import require, who
from bot.sandbox.actions.pulls import can_write
from bot.sandbox.actions.refs import move, person, shut, web_flow
from bot.sandbox.actions.required import check_state, missing_checks
from bot.sandbox.errors import Refused, invalid
from bot.sandbox.state import Account, Actor, Pull, World

NOT_MERGEABLE = "Pull Request is not mergeable"
HEAD_MODIFIED = "Head branch was modified. Review and try the merge again."
QUEUE_ONLY = "Changes must be made through the merge queue"
BASE_MODIFIED = "Base branch was modified. Review and try the merge again."
_OFF = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}


def conflicts(world: World, pull: Pull) -> list[str]:
    """Paths that do not merge (empty: mergeable), by a real merge of the two tips; remembered per pair."""
    base = pull.repo.git.ref(f"heads/{pull.base_ref}") or pull.base_sha
    key = (base, pull.head_sha)
    if key not in world.mergeable:
        world.mergeable[key] = list(pull.repo.git.merge(base, pull.head_sha).conflicts)
    return world.mergeable[key]


def approvals(world: World, pull: Pull) -> int:
    """Approving reviews that count: the latest decisive one of each person who may write."""
    latest: dict[str, str] = {}
    for review in pull.reviews:
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED") and can_write(
            world, review.user.login, pull.repo
        ):
            latest[review.user.login] = review.state
    if "CHANGES_REQUESTED" in latest.values():
        return 0
    return sum(state == "APPROVED" for state in latest.values())


def blocked(world: World, pull: Pull) -> str | None:
    """Why branch protection holds the pull request, in GitHub's words, or None."""
    rules = pull.repo.protections.get(pull.base_ref)
    if rules is None:
        return None
    if approvals(world, pull) < rules.reviews:
        plural = "s" if rules.reviews > 1 else ""
        verb = "are" if rules.reviews > 1 else "is"
        needed = f"At least {rules.reviews} approving review{plural} {verb} required"
        return f"{needed} by reviewers with write access."
    problem = missing_checks(pull.repo, rules, pull.head_sha)
    if problem is None and rules.strict and pull.base_ref not in pull.repo.queues and behind(pull):
        return "Head branch is not up to date with the base branch."
    return problem


def behind(pull: Pull) -> bool:
    """Whether the base has commits that the head lacks."""
    base = pull.repo.git.ref(f"heads/{pull.base_ref}") or pull.base_sha
    return not pull.repo.git.is_ancestor(base, pull.head_sha)


def mergeable_state(world: World, pull: Pull) -> str:
    """clean | dirty | blocked | behind | unstable | draft | unknown, as GitHub's REST says it."""
    if pull.state != "open":
        return "unknown"
    if conflicts(world, pull):
        return "dirty"
    if pull.draft:
        return "draft"
    rules = pull.repo.protections.get(pull.base_ref)
    if rules and rules.strict and pull.base_ref not in pull.repo.queues and behind(pull):
        return "behind"
    if blocked(world, pull):
        return "blocked"
    names = {r.name for r in pull.repo.check_runs.values() if r.head_sha == pull.head_sha}
    names |= {s.context for s in pull.repo.statuses if s.sha == pull.head_sha}
    green = all(check_state(pull.repo, pull.head_sha, name) == "success" for name in names)
    return "clean" if green else "unstable"


def merge_pull(
    world: World,
    actor: Actor,
    pull: Pull,
    *,
    sha: str | None = None,
    method: str = "merge",
    title: str | None = None,
    message: str | None = None,
) -> str:
    """Merge; the merge commit's sha. 405 and 409 with GitHub's sentences.

    https://docs.github.com/rest/pulls/pulls#merge-a-pull-request
    """
    require(world, actor, pull.repo, "contents", "write")
    if method not in _OFF:
        raise invalid("merge_method is not a member of [merge, squash, rebase]")
    if method not in pull.repo.merge_methods:
        raise Refused(405, _OFF[method])
    if pull.state != "open":
        raise Refused(405, NOT_MERGEABLE)
    if pull.draft:
        raise Refused(405, "Pull Request is still a draft")
    if sha is not None and sha != pull.head_sha:
        raise Refused(409, HEAD_MODIFIED)
    if conflicts(world, pull):
        raise Refused(405, NOT_MERGEABLE)
    problem = blocked(world, pull)
    if problem is None and pull.base_ref in pull.repo.queues:
        problem = QUEUE_ONLY
    if problem:
        raise Refused(405, problem)
    base = pull.repo.git.ref(f"heads/{pull.base_ref}") or pull.base_sha
    merged = merge_commit(world, who(actor), pull, base, method, title, message)
    _finish(world, actor, pull, merged)
    return merged


def merge_commit(
    world: World,
    by: Account,
    pull: Pull,
    base: str,
    method: str,
    title: str | None = None,
    message: str | None = None,
) -> str:
    """The commit that merges a pull request onto ``base``, which no ref points at yet; 405 when they conflict."""
    git = pull.repo.git
    tree = git.merge(base, pull.head_sha).tree
    if method == "rebase":
        tip = git.rebase(base, pull.head_sha, person(world, by))
        if tip is None:
            raise Refused(405, NOT_MERGEABLE)
        return tip
    if tree is None:
        raise Refused(405, NOT_MERGEABLE)
    label = f"{pull.head_repo.owner.login}/{pull.head_ref}"
    if method == "merge":
        headline = title or f"Merge pull request #{pull.number} from {label}"
        body = pull.title if message is None else message
        parents = [base, pull.head_sha]
    else:
        headline = title or f"{pull.title} (#{pull.number})"
        first = git.log(pull.head_sha, hide=base)[-1]
        body = git.commit(first).message.partition("\n\n")[2] if message is None else message
        parents = [base]
    text = f"{headline}\n\n{body}".rstrip() if body else headline
    author = pull.user if method == "squash" else by
    made = git.write_commit(tree, parents, text, person(world, author), web_flow(world))
    pull.repo.verified.add(made)
    return made


def _finish(world: World, actor: Actor, pull: Pull, merged: str) -> None:
    by = who(actor)
    before = pull.repo.git.ref(f"heads/{pull.base_ref}")
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = world.clock.now(), by, merged
    pull.state = "merged"  # so that the push below does not close it a second time
    move(world, pull.repo, f"heads/{pull.base_ref}", before, merged, by)
    shut(world, pull, by)
    if pull.repo.delete_branch_on_merge and pull.head_repo is pull.repo:
        move(world, pull.repo, f"heads/{pull.head_ref}", pull.head_sha, None, by)


def update_branch(world: World, actor: Actor, pull: Pull, expected_head: str | None = None) -> str:
    """Merge the base into the head branch; 422: head elsewhere, conflict, not behind."""
    require(world, actor, pull.repo, "pull_requests", "write")
    require(world, actor, pull.head_repo, "contents", "write")
    if expected_head is not None and expected_head != pull.head_sha:
        raise invalid("expected head sha didn't match current head ref.")
    if not behind(pull):
        raise invalid("There are no new commits on the base branch.")
    git = pull.repo.git
    base = git.ref(f"heads/{pull.base_ref}") or pull.base_sha
    tree = git.merge(pull.head_sha, base).tree
    if tree is None:
        raise invalid("merge conflict between base and head")
    text = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    made = git.write_commit(tree, [pull.head_sha, base], text, person(world, who(actor)), web_flow(world))
    pull.head_repo.verified.add(made)
    move(world, pull.head_repo, f"heads/{pull.head_ref}", pull.head_sha, made, who(actor))
    return made
