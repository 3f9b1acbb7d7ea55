"""Repositories, commits, files and refs as JSON."""

from __future__ import annotations

import base64
from datetime import UTC
from typing import Any
from urllib.parse import quote

import pygit2

from bot.sandbox.gitstore import Entry, FileDiff, person_of
from bot.sandbox.represent.accounts import Json, stamp, user
from bot.sandbox.state import Account, Repository, World

_URLS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "blobs": "/git/blobs{/sha}",
    "trees": "/git/trees{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
}


def api(world: World, repo: Repository) -> str:
    """The repository's API address."""
    return f"{world.base_url}/repos/{repo.full_name}"


def html(world: World, repo: Repository) -> str:
    """The repository's page."""
    return f"{world.base_url}/{repo.full_name}"


def minimal(world: World, repo: Repository) -> Json:
    """GitHub's ``minimal-repository`` with what is required of it."""
    root = api(world, repo)
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(world, repo.owner),
        "html_url": html(world, repo),
        "description": repo.description,
        "fork": repo.parent is not None,
        "url": root,
        **{f"{name}_url": root + path for name, path in _URLS.items()},
    }


def repository(world: World, repo: Repository) -> Json:
    """GitHub's ``repository``; also right inside webhooks and pull requests."""
    page = html(world, repo)
    still_open = sum(issue.state == "open" for issue in repo.issues.values())
    return {
        **minimal(world, repo),
        "git_url": page.replace("http:", "git:") + ".git",
        "ssh_url": f"git@127.0.0.1:{repo.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "size": 1,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": False,
        "has_downloads": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": still_open,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "forks": 0,
        "open_issues": still_open,
        "watchers": 0,
        "default_branch": repo.default_branch,
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.pushed_at),
        "pushed_at": stamp(repo.pushed_at),
    }


def merging(repo: Repository) -> Json:
    """How the repository merges: present in full repositories and in ``base.repo`` of pull requests."""
    return {
        "allow_squash_merge": "squash" in repo.merge_methods,
        "allow_merge_commit": "merge" in repo.merge_methods,
        "allow_rebase_merge": "rebase" in repo.merge_methods,
        "allow_auto_merge": repo.allow_auto_merge,
        "delete_branch_on_merge": repo.delete_branch_on_merge,
        "allow_update_branch": False,
        "use_squash_pr_title_as_default": False,
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "merge_commit_message": "PR_TITLE",
        "merge_commit_title": "MERGE_MESSAGE",
    }


def full(world: World, repo: Repository, permissions: Json | None = None) -> Json:
    """GitHub's ``full-repository``."""
    made = {**repository(world, repo), **merging(repo), "network_count": 0, "subscribers_count": 0}
    if repo.owner.kind == "Organization":
        made["organization"] = user(world, repo.owner)
    if repo.parent is not None:
        made["parent"] = made["source"] = repository(world, repo.parent)
    if permissions:
        made["permissions"] = permissions
    return made


def _iso(signature: pygit2.Signature) -> str:
    return stamp(person_of(signature).at.astimezone(UTC)) or ""


def _git_person(signature: pygit2.Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": _iso(signature)}


def author_of(world: World, signature: pygit2.Signature) -> Account | None:
    """The account behind a commit's author, by e-mail, as GitHub matches it."""
    for account in world.accounts.values():
        noreply = f"{account.id}+{account.login}@users.noreply.github.com"
        if signature.email in (account.email, noreply):
            return account
    return None


def verification(repo: Repository, sha: str, at: str) -> Json:
    """Signed by GitHub when it was made through the API by an App, else unsigned."""
    signed = sha in repo.verified
    return {
        "verified": signed,
        "reason": "valid" if signed else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----" if signed else None,
        "payload": f"commit {sha}" if signed else None,
        "verified_at": at if signed else None,
    }


def git_commit(world: World, repo: Repository, sha: str) -> Json:
    """GitHub's ``git-commit``."""
    commit, root = repo.git.commit(sha), api(world, repo)
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{root}/git/commits/{sha}",
        "html_url": f"{html(world, repo)}/commit/{sha}",
        "author": _git_person(commit.author),
        "committer": _git_person(commit.committer),
        "tree": {"url": f"{root}/git/trees/{commit.tree_id}", "sha": str(commit.tree_id)},
        "message": commit.message,
        "parents": _parents(world, repo, commit, "git/commits"),
        "verification": verification(repo, sha, _iso(commit.committer)),
    }


def _parents(world: World, repo: Repository, commit: pygit2.Commit, kind: str = "commits") -> list[Json]:
    root, page = api(world, repo), html(world, repo)
    return [
        {"sha": str(p), "url": f"{root}/{kind}/{p}", "html_url": f"{page}/commit/{p}"}
        for p in commit.parent_ids
    ]


def commit(world: World, repo: Repository, sha: str, *, files: bool = False) -> Json:
    """GitHub's ``commit``; ``files`` adds the difference to the first parent and its sums."""
    raw, root = repo.git.commit(sha), api(world, repo)
    inner = git_commit(world, repo, sha)
    author, committer = author_of(world, raw.author), author_of(world, raw.committer)
    made: Json = {
        "sha": sha,
        "node_id": f"C_{sha}",
        "commit": {
            "author": inner["author"],
            "committer": inner["committer"],
            "message": raw.message,
            "tree": {"sha": inner["tree"]["sha"], "url": inner["tree"]["url"]},
            "url": inner["url"],
            "comment_count": 0,
            "verification": inner["verification"],
        },
        "url": f"{root}/commits/{sha}",
        "html_url": inner["html_url"],
        "comments_url": f"{root}/commits/{sha}/comments",
        "author": user(world, author) if author else None,
        "committer": user(world, committer) if committer else None,
        "parents": _parents(world, repo, raw),
    }
    if files:
        diffs = repo.git.diff(str(raw.parent_ids[0]) if raw.parent_ids else None, sha)
        added, removed = sum(d.additions for d in diffs), sum(d.deletions for d in diffs)
        made["stats"] = {"total": added + removed, "additions": added, "deletions": removed}
        made["files"] = [diff_entry(world, repo, sha, d) for d in diffs]
    return made


def simple_commit(repo: Repository, sha: str) -> Json:
    """GitHub's ``simple-commit`` (in workflow runs and check suites)."""
    raw = repo.git.commit(sha)
    return {
        "id": sha,
        "tree_id": str(raw.tree_id),
        "message": raw.message,
        "timestamp": _iso(raw.committer),
        "author": {"name": raw.author.name, "email": raw.author.email},
        "committer": {"name": raw.committer.name, "email": raw.committer.email},
    }


def diff_entry(world: World, repo: Repository, sha: str, diff: FileDiff) -> Json:
    """GitHub's ``diff-entry``."""
    path = quote(diff.path)
    made: Json = {
        "sha": diff.sha,
        "filename": diff.path,
        "status": diff.status,
        "additions": diff.additions,
        "deletions": diff.deletions,
        "changes": diff.additions + diff.deletions,
        "blob_url": f"{html(world, repo)}/blob/{sha}/{path}",
        "raw_url": f"{html(world, repo)}/raw/{sha}/{path}",
        "contents_url": f"{api(world, repo)}/contents/{path}?ref={sha}",
    }
    if diff.patch is not None:
        made["patch"] = diff.patch
    if diff.previous is not None:
        made["previous_filename"] = diff.previous
    return made


def content(world: World, repo: Repository, ref: str, entry: Entry, *, listed: bool = False) -> Json:
    """A file, directory entry, symlink or submodule of the contents API."""
    root, page = api(world, repo), html(world, repo)
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.kind, "file")
    if entry.mode == "120000":
        kind = "symlink"
    url = f"{root}/contents/{entry.path}?ref={ref}"
    git = f"{root}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.sha}"
    web = f"{page}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{entry.path}"
    made: Json = {
        "name": entry.path.rsplit("/", 1)[-1],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": web,
        "git_url": git,
        "download_url": f"{page}/raw/{ref}/{entry.path}" if kind in ("file", "symlink") else None,
        "type": "file" if listed and kind == "submodule" else kind,
        "_links": {"self": url, "git": git, "html": web},
    }
    if listed:
        return made
    if kind == "file":
        data = repo.git.blob(entry.sha)
        small = len(data) <= 1_000_000  # larger ones come as raw only, as on GitHub
        text = base64.encodebytes(data).decode() if small else ""
        made |= {"content": text, "encoding": "base64" if small else "none"}
    elif kind == "symlink":
        made["target"] = repo.git.blob(entry.sha).decode(errors="replace")
    elif kind == "submodule":
        made["submodule_git_url"] = "https://example.invalid/submodule.git"
    return made


def ref(world: World, repo: Repository, name: str, sha: str) -> Json:
    """GitHub's ``git-ref`` for ``heads/main``."""
    kind = repo.git.repo[sha].type_str
    root = api(world, repo)
    return {
        "ref": f"refs/{name}",
        "node_id": f"REF_{repo.id}_{name}",
        "url": f"{root}/git/refs/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{root}/git/{kind}s/{sha}"},
    }


def tree(world: World, repo: Repository, sha: str, *, recursive: bool) -> Json:
    """GitHub's ``git-tree``."""
    root = api(world, repo)
    entries: list[Json] = []
    for e in repo.git.entries(sha, recursive=recursive):
        item: Json = {"path": e.path, "mode": e.mode, "type": e.kind, "sha": e.sha}
        if e.kind != "commit":
            item["url"] = f"{root}/git/{e.kind}s/{e.sha}"
        if e.size is not None:
            item["size"] = e.size
        entries.append(item)
    real = repo.git.tree_of(sha)
    return {"sha": real, "url": f"{root}/git/trees/{real}", "tree": entries, "truncated": False}


def branch(world: World, repo: Repository, name: str, sha: str) -> Json:
    """GitHub's ``branch-with-protection``."""
    root = api(world, repo)
    return {
        "name": name,
        "commit": commit(world, repo, sha),
        "_links": {"self": f"{root}/branches/{name}", "html": f"{html(world, repo)}/tree/{name}"},
        "protected": name in repo.protections,
        "protection": protection(world, repo, name, brief=True),
        "protection_url": f"{root}/branches/{name}/protection",
    }


def protection(world: World, repo: Repository, name: str, *, brief: bool = False) -> dict[str, Any]:
    """GitHub's ``branch-protection``."""
    rules = repo.protections.get(name)
    url = f"{api(world, repo)}/branches/{name}/protection"
    made: Json = {"enabled": True} if brief and rules else {"enabled": False} if brief else {"url": url}
    contexts = rules.checks if rules else []
    if contexts or brief:
        made["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "contexts_url": f"{url}/required_status_checks/contexts",
            "contexts": [context for context, _ in contexts],
            "checks": [{"context": context, "app_id": app} for context, app in contexts],
            "strict": bool(rules and rules.strict),
        }
    if rules and rules.reviews:
        made["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": rules.dismiss_stale,
            "require_code_owner_reviews": False,
            "required_approving_review_count": rules.reviews,
        }
    return made
