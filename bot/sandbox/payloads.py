"""Webhook payloads, built at the moment of the event from the state as it is then.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.represent import checks, pulls, repos
from bot.sandbox.represent.accounts import Json, installation, organization, stamp, team, user
from bot.sandbox.state import Event, Repository, World

ZERO = "0" * 40
# These actions carry the API's own pull request; the others an older shape that differs in the teams.
_WHOLE = ("closed", "converted_to_draft", "edited", "opened", "ready_for_review", "reopened")


def build(world: World, event: Event) -> Json:
    """The payload without its ``installation``, which differs per App."""
    made: Json = {"action": event.action} if event.action else {}
    made |= _BUILDERS[event.name](world, event)
    if event.repo is not None:
        made["repository"] = repos.repository(world, event.repo)
        if event.repo.owner.kind == "Organization":
            made["organization"] = organization(world, event.repo.owner)
    made["sender"] = user(world, event.sender)
    return made


def _check_run(world: World, event: Event) -> Json:
    made: Json = {"check_run": checks.check_run(world, event.subject["check_run"], webhook=True)}
    if "requested_action" in event.subject:
        made["requested_action"] = event.subject["requested_action"]
    return made


def _check_suite(world: World, event: Event) -> Json:
    return {"check_suite": checks.check_suite(world, event.subject["suite"], webhook=True)}


def _workflow_run(world: World, event: Event) -> Json:
    run = event.subject["run"]
    return {"workflow_run": checks.run(world, run), "workflow": checks.workflow(world, run.workflow)}


def _pull_request(world: World, event: Event) -> Json:
    pull, subject = event.subject["pull"], event.subject
    shown = pulls.pull(world, pull, webhook=True, inline=event.action not in _WHOLE)
    made: Json = {"number": pull.number, "pull_request": shown}
    made |= {key: subject[key] for key in ("before", "after", "changes", "reason") if key in subject}
    if "label" in subject:
        made["label"] = pulls.label(world, pull.repo, subject["label"])
    if "reviewer" in subject:
        made["requested_reviewer"] = user(world, subject["reviewer"])
    if "team" in subject:
        made["requested_team"] = team(world, subject["team"], pull.repo, webhook=True)
    return made


def _merge_group(world: World, event: Event) -> Json:
    subject = event.subject
    group: Json = dict(subject["group"])
    if event.repo is not None:
        group["head_commit"] = repos.simple_commit(event.repo, group["head_sha"])
    return {"merge_group": group} | {key: subject[key] for key in ("reason",) if key in subject}


def _review(world: World, event: Event) -> Json:
    return {
        "review": pulls.review(world, event.subject["review"], webhook=True),
        "pull_request": pulls.pull_simple(world, event.subject["pull"], webhook=True),
    }


def _comment(world: World, event: Event) -> Json:
    made: Json = {
        "issue": pulls.issue(world, event.subject["issue"], webhook=True),
        "comment": pulls.comment(world, event.subject["comment"]),
    }
    if "changes" in event.subject:
        made["changes"] = event.subject["changes"]
    return made


def _status(world: World, event: Event) -> Json:
    status = event.subject["status"]
    repo: Repository = status.repo
    heads = repo.git.refs("heads/")
    on = [name for name, tip in heads.items() if repo.git.is_ancestor(status.sha, tip)]
    root = repos.api(world, repo)
    return {
        "id": status.id,
        "sha": status.sha,
        "name": repo.full_name,
        "avatar_url": f"{world.base_url}/avatars/{status.creator.id}",
        "target_url": status.target_url,
        "context": status.context,
        "description": status.description,
        "state": status.state,
        "commit": repos.commit(world, repo, status.sha),
        "branches": [
            {
                "name": name.removeprefix("heads/"),
                "commit": {"sha": heads[name], "url": f"{root}/commits/{heads[name]}"},
                "protected": name.removeprefix("heads/") in repo.protections,
            }
            for name in on[:10]
        ],
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
    }


def _push(world: World, event: Event) -> Json:
    repo, subject = event.repo, event.subject
    if repo is None:
        return {}
    before, after = subject["before"], subject["after"]
    gone, new = after == ZERO, before == ZERO
    listed: list[str] = []
    if not gone and repo.git.has(after):
        hide = before if not new else repo.git.ref(f"heads/{repo.default_branch}")
        listed = repo.git.log(after, hide=hide)[:20][::-1] if hide else [after]
    commits = [_commit(world, repo, sha) for sha in listed]
    head = None if gone or not repo.git.has(after) else _commit(world, repo, after)
    return {
        "ref": subject["ref"],
        "before": before,
        "after": after,
        "pusher": {"name": event.sender.login, "email": event.sender.email},
        "created": new,
        "deleted": gone,
        "forced": subject["forced"],
        "base_ref": None,
        "compare": f"{repos.html(world, repo)}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": head,
    }


def _commit(world: World, repo: Repository, sha: str) -> Json:
    made = repos.simple_commit(repo, sha)
    raw = repo.git.commit(sha)
    diffs = repo.git.diff(str(raw.parent_ids[0]) if raw.parent_ids else None, sha)
    return {
        **made,
        "distinct": True,
        "url": f"{repos.html(world, repo)}/commit/{sha}",
        "added": [d.path for d in diffs if d.status == "added"],
        "removed": [d.path for d in diffs if d.status == "removed"],
        "modified": [d.path for d in diffs if d.status not in ("added", "removed")],
    }


def _deployment(world: World, event: Event) -> Json:
    made: Json = {"deployment": checks.deployment(world, event.subject["deployment"], webhook=True)}
    if event.name == "deployment_status":
        status, deployment = event.subject["status"], event.subject["deployment"]
        made["deployment_status"] = checks.deployment_status(world, deployment, status, webhook=True)
    return made | {"workflow": None, "workflow_run": None}


def _gate(world: World, event: Event) -> Json:
    """Only GitHub Actions asks so; the callback address is the run's own."""
    made = event.subject["request"]
    run = made.run
    heads = [each for each in run.repo.pulls if each.state == "open" and each.head_sha == run.head_sha]
    return {
        "environment": made.environment,
        "event": run.event,
        "sha": run.head_sha,
        "ref": f"refs/heads/{run.head_branch}",
        "deployment_callback_url": f"{repos.api(world, run.repo)}/actions/runs/{run.id}/deployment_protection_rule",
        "deployment": checks.deployment(world, made.deployment, webhook=True),
        "pull_requests": [pulls.pull(world, each, webhook=True) for each in heads],
    }


def brief(repo: Repository) -> Json:
    """A repository as installation events list it."""
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def _installation(world: World, event: Event) -> Json:
    subject = event.subject
    made: Json = {"installation": installation(world, subject["installation"])}
    if event.name == "installation_repositories":
        made |= {
            "repository_selection": made["installation"]["repository_selection"],
            "repositories_added": [brief(r) for r in subject.get("added", [])],
            "repositories_removed": [brief(r) for r in subject.get("removed", [])],
            "requester": None,
        }
        return made
    return made | {"repositories": [brief(r) for r in subject["repositories"]], "requester": None}


def _dispatch(world: World, event: Event) -> Json:
    """Its ``action`` is the ``event_type``; ``branch`` is the default one."""
    branch = event.repo.default_branch if event.repo is not None else ""
    return {"branch": branch, "client_payload": event.subject["client_payload"]}


def _plain(world: World, event: Event) -> Json:
    """Events whose subject is JSON already (``ping``, ``repository``, ``membership``)."""
    return dict(event.subject)


_BUILDERS: dict[str, Any] = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "workflow_run": _workflow_run,
    "pull_request": _pull_request,
    "merge_group": _merge_group,
    "pull_request_review": _review,
    "issue_comment": _comment,
    "status": _status,
    "push": _push,
    "repository_dispatch": _dispatch,
    "deployment": _deployment,
    "deployment_status": _deployment,
    "deployment_protection_rule": _gate,
    "installation": _installation,
    "installation_repositories": _installation,
    "ping": _plain,
    "repository": _plain,
    "membership": _plain,
}
