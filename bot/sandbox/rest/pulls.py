"""Pull requests, their files, commits, reviews and merges."""

from __future__ import annotations

from flask import Response, request

from bot.sandbox import actions
from bot.sandbox.errors import invalid
from bot.sandbox.represent import accounts, pulls, repos
from bot.sandbox.rest.common import actor, body, listed, needed, reply, repo, repository_routes, world
from bot.sandbox.state import Pull, Review

routes = repository_routes("pulls", "/pulls")


def _pull(number: int) -> Pull:
    return repo("pull_requests").pull(number)


def _show(pull: Pull, status: int = 200) -> Response:
    return reply(pulls.pull(world(), pull), status)


@routes.get("")
def list_pulls() -> Response:
    """GET …/pulls by ``state``, ``head`` (owner:branch), ``base``, ``sort``, ``direction``."""
    found, args = repo("pull_requests"), request.args
    state, head, base = args.get("state", "open"), args.get("head"), args.get("base")
    chosen = [p for p in found.pulls if state in (p.state, "all")]
    if head and ":" in head:
        chosen = [p for p in chosen if f"{p.head_repo.owner.login}:{p.head_ref}".lower() == head.lower()]
    if base:
        chosen = [p for p in chosen if p.base_ref == base]
    sort = args.get("sort", "created")
    newest = args.get("direction", "desc" if sort == "created" else "asc") == "desc"
    chosen.sort(
        key=lambda p: (p.updated_at, p.number) if sort == "updated" else (p.created_at, p.number),
        reverse=newest,
    )
    return listed(chosen, lambda p: pulls.pull_simple(world(), p))


@routes.post("")
def create_pull() -> Response:
    """POST …/pulls"""
    found, sent = repo("pull_requests", "write", "read"), body()
    title, head, base = needed(sent, "title", "head", "base")
    return _show(
        actions.open_pull(
            world(),
            actor(),
            found,
            title=title,
            head=head,
            base=base,
            body=sent.get("body"),
            draft=bool(sent.get("draft")),
            maintainer_can_modify=bool(sent.get("maintainer_can_modify", True)),
        ),
        201,
    )


@routes.get("/<int:number>")
def get_pull(number: int) -> Response:
    """GET …/pulls/{pull_number}"""
    return _show(_pull(number))


@routes.patch("/<int:number>")
def update_pull(number: int) -> Response:
    """PATCH …/pulls/{pull_number}"""
    sent = body()
    fields = {key: sent[key] for key in ("title", "body", "state", "base") if key in sent}
    if fields.get("state") not in (None, "open", "closed"):
        raise invalid("state is invalid", resource="PullRequest", field="state", code="invalid")
    return _show(actions.update_pull(world(), actor(), _pull(number), **fields))


@routes.get("/<int:number>/files")
def list_files(number: int) -> Response:
    """GET …/pulls/{pull_number}/files"""
    pull = _pull(number)
    base, head = pulls.compared(pull)
    return listed(pull.repo.git.diff(base, head), lambda d: repos.diff_entry(world(), pull.repo, head, d))


@routes.get("/<int:number>/commits")
def list_commits(number: int) -> Response:
    """GET …/pulls/{pull_number}/commits, oldest first"""
    pull = _pull(number)
    base, head = pulls.compared(pull)
    shas = pull.repo.git.log(head, hide=base)[::-1]
    return listed(shas, lambda sha: repos.commit(world(), pull.repo, sha))


@routes.get("/<int:number>/reviews")
def list_reviews(number: int) -> Response:
    """GET …/pulls/{pull_number}/reviews, oldest first"""
    pull = _pull(number)
    mine = [r for r in pull.reviews if r.state != "PENDING" or r.user is actor().account]
    return listed(mine, lambda r: pulls.review(world(), r))


@routes.post("/<int:number>/reviews")
def create_review(number: int) -> Response:
    """POST …/pulls/{pull_number}/reviews"""
    sent = body()
    made: Review = actions.review(
        world(),
        actor(),
        _pull(number),
        sent.get("event"),
        sent.get("body") or "",
        sent.get("commit_id"),
    )
    return reply(pulls.review(world(), made))


@routes.put("/<int:number>/reviews/<int:review>/dismissals")
def dismiss_review(number: int, review: int) -> Response:
    """PUT …/pulls/{pull_number}/reviews/{review_id}/dismissals"""
    (message,) = needed(body(), "message")
    found = actions.dismiss_review(world(), actor(), _pull(number), review, message)
    return reply(pulls.review(world(), found))


@routes.get("/<int:number>/requested_reviewers")
def requested(number: int) -> Response:
    """GET …/pulls/{pull_number}/requested_reviewers"""
    pull = _pull(number)
    users = [accounts.user(world(), a) for a in pull.requested_reviewers]
    teams = [accounts.team(world(), t, pull.repo) for t in pull.requested_teams]
    return reply({"users": users, "teams": teams})


@routes.post("/<int:number>/requested_reviewers")
def request_reviewers(number: int) -> Response:
    """POST …/pulls/{pull_number}/requested_reviewers"""
    sent = body()
    people, teams = sent.get("reviewers") or [], sent.get("team_reviewers") or []
    pull = actions.request_reviews(world(), actor(), _pull(number), people, teams)
    return reply(pulls.pull_simple(world(), pull), 201)


@routes.put("/<int:number>/merge")
def merge(number: int) -> Response:
    """PUT …/pulls/{pull_number}/merge"""
    sent = body()
    sha = actions.merge_pull(
        world(),
        actor(),
        _pull(number),
        sha=sent.get("sha"),
        method=sent.get("merge_method") or "merge",
        title=sent.get("commit_title"),
        message=sent.get("commit_message"),
    )
    return reply({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes.put("/<int:number>/update-branch")
def update_branch(number: int) -> Response:
    """PUT …/pulls/{pull_number}/update-branch"""
    pull = _pull(number)
    actions.update_branch(world(), actor(), pull, body().get("expected_head_sha"))
    url = f"{repos.html(world(), pull.repo)}/pull/{pull.number}"
    return reply({"message": "Updating pull request branch.", "url": url}, 202)
