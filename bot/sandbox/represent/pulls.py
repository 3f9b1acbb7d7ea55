"""Issues, pull requests, comments, labels, reviews and reactions as JSON."""

from __future__ import annotations

from collections import Counter

from bot.sandbox.actions.issues import REACTIONS
from bot.sandbox.actions.merging import conflicts, mergeable_state
from bot.sandbox.represent import repos
from bot.sandbox.represent.accounts import Json, app, association, stamp, team, user
from bot.sandbox.state import Comment, Issue, Label, Pull, Reaction, Repository, Review, World


def label(world: World, repo: Repository, label: Label) -> Json:
    """GitHub's ``label``."""
    return {
        "id": label.id,
        "node_id": label.node_id,
        "url": f"{repos.api(world, repo)}/labels/{label.name}",
        "name": label.name,
        "color": label.color,
        "default": False,
        "description": label.description,
    }


def reaction(world: World, reaction: Reaction) -> Json:
    """GitHub's ``reaction``."""
    return {
        "id": reaction.id,
        "node_id": reaction.node_id,
        "user": user(world, reaction.user),
        "content": reaction.content,
        "created_at": stamp(reaction.created_at),
    }


def _rollup(url: str, reactions: list[Reaction]) -> Json:
    count = Counter(r.content for r in reactions)
    made: Json = {name: count[name] for name in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **made}


def issue(world: World, issue: Issue, *, webhook: bool = False) -> Json:
    """GitHub's ``issue``; a pull request carries ``pull_request``."""
    root, page = repos.api(world, issue.repo), repos.html(world, issue.repo)
    url = f"{root}/issues/{issue.number}"
    kind = "pull" if isinstance(issue, Pull) else "issues"
    made: Json = {
        "id": issue.id,
        "node_id": issue.node_id,
        "url": url,
        "repository_url": root,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{page}/{kind}/{issue.number}",
        "number": issue.number,
        "state": issue.state,
        "title": issue.title,
        "body": issue.body,
        "user": user(world, issue.user),
        "labels": [label(world, issue.repo, one) for one in issue.labels],
        "assignee": user(world, issue.assignees[0]) if issue.assignees else None,
        "assignees": [user(world, a) for a in issue.assignees],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(issue.comments),
        "closed_at": stamp(issue.closed_at),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "author_association": association(issue.user, issue.repo),
        "state_reason": issue.state_reason,
        "reactions": _rollup(url, issue.reactions),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": app(world, issue.app, webhook=webhook) if issue.app else None,
    }
    if isinstance(issue, Pull):
        web = f"{page}/pull/{issue.number}"
        made["draft"] = issue.draft
        made["pull_request"] = {
            "url": f"{root}/pulls/{issue.number}",
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "merged_at": stamp(issue.merged_at),
        }
    return made


def comment(world: World, comment: Comment) -> Json:
    """GitHub's ``issue-comment``."""
    repo, number = comment.issue.repo, comment.issue.number
    url = f"{repos.api(world, repo)}/issues/comments/{comment.id}"
    kind = "pull" if isinstance(comment.issue, Pull) else "issues"
    return {
        "id": comment.id,
        "node_id": comment.node_id,
        "url": url,
        "html_url": f"{repos.html(world, repo)}/{kind}/{number}#issuecomment-{comment.id}",
        "issue_url": f"{repos.api(world, repo)}/issues/{number}",
        "body": comment.body,
        "user": user(world, comment.user),
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "author_association": association(comment.user, repo),
        "performed_via_github_app": app(world, comment.app) if comment.app else None,
        "reactions": _rollup(url, comment.reactions),
    }


def review(world: World, review: Review, *, webhook: bool = False) -> Json:
    """GitHub's ``pull-request-review``; webhooks write the state in lower case."""
    pull = review.pull
    url = f"{repos.api(world, pull.repo)}/pulls/{pull.number}"
    page = f"{repos.html(world, pull.repo)}/pull/{pull.number}#pullrequestreview-{review.id}"
    made: Json = {
        "id": review.id,
        "node_id": review.node_id,
        "user": user(world, review.user),
        "body": review.body,
        "state": review.state.lower() if webhook else review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(review.user, pull.repo),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit_id,
    }
    if review.submitted_at:
        made["submitted_at"] = stamp(review.submitted_at)
    return made


def _side(world: World, repo: Repository, ref: str, sha: str) -> Json:
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(world, repo.owner),
        "repo": repos.repository(world, repo),
    }


def pull_simple(world: World, pull: Pull, *, webhook: bool = False) -> Json:
    """GitHub's ``pull-request-simple`` (lists, reviews' webhooks)."""
    root, page = repos.api(world, pull.repo), repos.html(world, pull.repo)
    url, issue_url = f"{root}/pulls/{pull.number}", f"{root}/issues/{pull.number}"
    web = f"{page}/pull/{pull.number}"
    links = {
        "self": url,
        "html": web,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{pull.head_sha}",
    }
    return {
        "url": url,
        "id": pull.id,
        "node_id": pull.node_id,
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue_url,
        "number": pull.number,
        "state": "closed" if pull.merged else pull.state,
        "locked": False,
        "title": pull.title,
        "user": user(world, pull.user),
        "body": pull.body,
        "created_at": stamp(pull.created_at),
        "updated_at": stamp(pull.updated_at),
        "closed_at": stamp(pull.closed_at),
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": user(world, pull.assignees[0]) if pull.assignees else None,
        "assignees": [user(world, a) for a in pull.assignees],
        "requested_reviewers": [user(world, a) for a in pull.requested_reviewers],
        "requested_teams": [team(world, t, pull.repo, webhook=webhook) for t in pull.requested_teams],
        "labels": [label(world, pull.repo, one) for one in pull.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": _side(world, pull.head_repo, pull.head_ref, pull.head_sha),
        "base": _side(world, pull.repo, pull.base_ref, pull.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": association(pull.user, pull.repo),
        "auto_merge": pull.auto_merge,
        "active_lock_reason": None,
    }


def compared(pull: Pull) -> tuple[str, str]:
    """What the pull request's diff compares: merge base (or base) and head."""
    base = pull.base_sha
    if not pull.merged:
        base = pull.repo.git.ref(f"heads/{pull.base_ref}") or base
    return pull.repo.git.merge_base(base, pull.head_sha) or base, pull.head_sha


def pull(world: World, pull: Pull, *, webhook: bool = False, inline: bool = False) -> Json:
    """GitHub's ``pull-request``; in webhooks mergeability is not known yet, as on GitHub.

    ``inline``: teams as the older webhooks (labeled, synchronize …) show them.
    """
    base, head = compared(pull)
    diffs = pull.repo.git.diff(base, head)
    known = not webhook and pull.state == "open"
    clean = not conflicts(world, pull) if known else None
    made = pull_simple(world, pull, webhook=inline)
    if not inline:
        made["requested_teams"] = [_team_simple(t) for t in made["requested_teams"]]
    return {
        **made,
        "merged": pull.merged,
        "mergeable": clean,
        "rebaseable": clean,
        "mergeable_state": mergeable_state(world, pull) if known else "unknown",
        "merged_by": user(world, pull.merged_by) if pull.merged_by else None,
        "comments": len(pull.comments),
        "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(pull.repo.git.log(head, hide=base)),
        "additions": sum(d.additions for d in diffs),
        "deletions": sum(d.deletions for d in diffs),
        "changed_files": len(diffs),
    }


def _team_simple(full: Json) -> Json:
    return {key: value for key, value in full.items() if key != "parent"}


def minimal(world: World, pull: Pull) -> Json:
    """GitHub's ``pull-request-minimal`` (in check runs and workflow runs)."""

    def side(repo: Repository, ref: str, sha: str) -> Json:
        return {
            "ref": ref,
            "sha": sha,
            "repo": {"id": repo.id, "url": repos.api(world, repo), "name": repo.name},
        }

    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{repos.api(world, pull.repo)}/pulls/{pull.number}",
        "head": side(pull.head_repo, pull.head_ref, pull.head_sha),
        "base": side(pull.repo, pull.base_ref, pull.base_sha),
    }


def at_head(world: World, repo: Repository, sha: str) -> list[Json]:
    """Open pull requests whose head is this commit (same repository only, as on GitHub)."""
    found = [p for p in repo.pulls if p.state == "open" and p.head_sha == sha and p.head_repo is repo]
    return [minimal(world, p) for p in found]
