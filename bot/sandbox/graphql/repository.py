"""Repositories, refs and comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import (
    Context,
    GitBlob,
    GitCommit,
    GitObject,
    GitRef,
    GitTree,
    Unsupported,
    git_id,
    git_object,
)
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.issues import filter_pulls
from bot.sandbox.graphql.page import Listing
from bot.sandbox.state import Pull, Repository

type_names(Repository, "Repository")
type_names(GitRef, "Ref")

REPOSITORY = Fields("Repository")
REPOSITORY.attributes(
    id="node_id",
    databaseId="id",
    name="name",
    nameWithOwner="full_name",
    owner="owner",
    isPrivate="private",
    description="description",
    parent="parent",
    createdAt="created_at",
    updatedAt="pushed_at",
    pushedAt="pushed_at",
    deleteBranchOnMerge="delete_branch_on_merge",
    autoMergeAllowed="allow_auto_merge",
)
REPOSITORY.values(isArchived=False, isDisabled=False, isLocked=False, isTemplate=False, isMirror=False)
REPOSITORY.add("isFork", lambda r, _c, _: r.parent is not None)
REPOSITORY.add("isEmpty", lambda r, _c, _: not r.git.refs("heads/"))
REPOSITORY.add("isInOrganization", lambda r, _c, _: r.owner.kind == "Organization")
REPOSITORY.add("visibility", lambda r, _c, _: "PRIVATE" if r.private else "PUBLIC")
REPOSITORY.add("url", lambda r, c, _: c.web(r.full_name))
REPOSITORY.add("resourcePath", lambda r, _c, _: f"/{r.full_name}")
REPOSITORY.add("mergeCommitAllowed", lambda r, _c, _: "merge" in r.merge_methods)
REPOSITORY.add("squashMergeAllowed", lambda r, _c, _: "squash" in r.merge_methods)
REPOSITORY.add("rebaseMergeAllowed", lambda r, _c, _: "rebase" in r.merge_methods)


@REPOSITORY.field("viewerPermission")
def viewer_permission(repo: Repository, context: Context, _args: dict[str, Any]) -> str | None:
    """A person's role; null for an App, whose rights are not a role."""
    account = context.actor.account
    if context.actor.installation is not None or account is None:
        return None
    role = context.world.role(account.login, repo)
    return None if role == "none" else role.upper()


@REPOSITORY.field("defaultBranchRef")
def default_branch(repo: Repository, _context: Context, _args: dict[str, Any]) -> GitRef | None:
    """The default branch, null in an empty repository."""
    return _ref(repo, f"heads/{repo.default_branch}")


@REPOSITORY.field("ref")
def ref(repo: Repository, context: Context, args: dict[str, Any]) -> GitRef | None:
    """`refs/heads/x`, `heads/x` or `x` (branch first, then tag); null when there is none."""
    context.reads(repo, "contents")
    name = args["qualifiedName"].removeprefix("refs/")
    return _ref(repo, name) or _ref(repo, f"heads/{name}") or _ref(repo, f"tags/{name}")


def _ref(repo: Repository, name: str) -> GitRef | None:
    return GitRef(repo, name) if "/" in name and repo.git.ref(name) else None


@REPOSITORY.connection("refs")
def refs(repo: Repository, context: Context, args: dict[str, Any]) -> list[GitRef]:
    """Refs under `refPrefix` (with a slash at the end), by name; `query` is part of the short name."""
    context.reads(repo, "contents")
    prefix = args["refPrefix"].removeprefix("refs/")
    if not prefix.endswith("/"):
        raise Refused(200, f"refPrefix must end with a slash: {args['refPrefix']!r}", kind="UNPROCESSABLE")
    query = (args.get("query") or "").lower()
    found = [GitRef(repo, n) for n in repo.git.refs(prefix) if query in n.removeprefix(prefix).lower()]
    backwards = args.get("direction") == "DESC" or (args.get("orderBy") or {}).get("direction") == "DESC"
    return found[::-1] if backwards else found


@REPOSITORY.field("object")
def git_object_of(repo: Repository, context: Context, args: dict[str, Any]) -> GitObject | None:
    """An object by sha or by expression (`main`, `<sha>`, `HEAD:path`, `branch:path`); null when it is not there."""
    context.reads(repo, "contents")
    if args.get("oid"):
        return git_object(repo, args["oid"])
    expression = args.get("expression")
    if not expression:
        raise Refused(200, "object needs an oid or an expression", kind="UNPROCESSABLE")
    revision, colon, path = expression.partition(":")
    if any(mark in revision for mark in "^~@"):
        raise Unsupported(f"the local GitHub does not support Repository.object(expression: {expression!r})")
    name = f"refs/heads/{repo.default_branch}" if revision == "HEAD" else revision
    sha = repo.git.resolve(name)
    if sha is None:
        return None if colon else git_object(repo, revision)
    if not colon:
        return GitCommit(repo, sha)
    entry = repo.git.entry(sha, path)
    if entry is None or entry.kind == "commit":
        return None
    return GitTree(repo, entry.sha, entry.path, sha) if entry.kind == "tree" else GitBlob(repo, entry.sha)


REF = Fields("Ref")
REF.attributes(repository="repo")
REF.add("id", lambda r, _c, _: git_id(r))
REF.add("name", lambda r, _c, _: r.name.partition("/")[2])
REF.add("prefix", lambda r, _c, _: f"refs/{r.name.partition('/')[0]}/")
REF.add("target", lambda r, _c, _: git_object(r.repo, r.target) or GitCommit(r.repo, r.target))


@REF.connection("associatedPullRequests")
def ref_pulls(ref: GitRef, context: Context, args: dict[str, Any]) -> list[Pull]:
    """Pull requests whose head is this branch."""
    context.reads(ref.repo, "pull_requests")
    mine = [p for p in ref.repo.pulls if p.head_repo is ref.repo and f"heads/{p.head_ref}" == ref.name]
    return filter_pulls(mine, args)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two commits of a repository, base and head."""

    repo: Repository
    base: str
    head: str

    @property
    def counts(self) -> tuple[int, int]:
        """Commits that only the head has, and that only the base has."""
        return self.repo.git.ahead_behind(self.base, self.head)


@REF.field("compare")
def compare(ref: GitRef, _context: Context, args: dict[str, Any]) -> Compared | None:
    """This ref as base against `headRef`; null when there is no such head or no common history."""
    head = ref.repo.git.resolve(args["headRef"])
    if head is None or ref.repo.git.merge_base(ref.target, head) is None:
        return None
    return Compared(ref.repo, ref.target, head)


COMPARISON = Fields("Comparison")
COMPARISON.add("id", lambda x, _c, _: f"CMP_{x.base}_{x.head}")
COMPARISON.add("aheadBy", lambda x, _c, _: x.counts[0])
COMPARISON.add("behindBy", lambda x, _c, _: x.counts[1])
COMPARISON.add("baseTarget", lambda x, _c, _: GitCommit(x.repo, x.base))
COMPARISON.add("headTarget", lambda x, _c, _: GitCommit(x.repo, x.head))


@COMPARISON.field("status")
def comparison_status(compared: Compared, _context: Context, _args: dict[str, Any]) -> str:
    """IDENTICAL, AHEAD, BEHIND or DIVERGED, seen from the head."""
    ahead, behind = compared.counts
    if ahead and behind:
        return "DIVERGED"
    return "AHEAD" if ahead else "BEHIND" if behind else "IDENTICAL"


@COMPARISON.connection("commits")
def comparison_commits(compared: Compared, _context: Context, _args: dict[str, Any]) -> Listing:
    """Commits that only the head has, oldest first."""
    shas = reversed(compared.repo.git.log(compared.head, hide=compared.base))
    return Listing(items=[GitCommit(compared.repo, sha) for sha in shas])
