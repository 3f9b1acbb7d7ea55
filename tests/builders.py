"""Values for tests, each with everything filled in, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.adapters.rules import load_policy
from bot.decide.environment import EnvironmentFacts
from bot.decide.names import branch_name
from bot.model.facts import Actor, Commit, Mergeable, Pull, PullState, Repository, RepositoryFile, Unknown
from bot.model.image import ComponentTag
from bot.model.policy import Policy
from bot.model.release import Promotion, PromotionState, Release
from bot.model.snapshot import Branch, EnvironmentSnapshot, History

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BOT = Actor(id=9001, login="lockstep[bot]", is_bot=True)
ANA = Actor(id=11, login="ana")
CONFIG = Repository(id=501, node_id="R_501", full_name="splattop/config", default_branch="main")
BASE = "b" * 40

RULES = """\
version: 1
sources:
  - repository: splattop/app
    workflow: .github/workflows/build.yml
    components:
      api: {image: ghcr.io/splattop/api}
      web: {image: ghcr.io/splattop/web}
roles:
  platform: {teams: [splattop/platform]}
environments:
  dev:
    values: [{file: helm/values-dev.yaml, path: "{component}.image"}]
    merge: auto
    concurrency: latest
    required_checks: [helm-lint]
    gates: {image: off, source: off}
    approvals: []
  staging:
    from: dev
    values: [{file: helm/values-staging.yaml, path: "{component}.image"}]
    merge: approved
    concurrency: pinned
    gates: {image: off, source: off}
    approvals: [{role: platform, count: 1}]
"""


def digest(letter: str) -> str:
    """A canonical digest that a reader can tell apart: `digest("a")`."""
    return "sha256:" + letter * 64


def policy(text: str = RULES) -> Policy:
    """The policy of a rules file that must be valid."""
    result = load_policy({"promotion/promotion-rules.yaml": text.encode()}, sha=BASE)
    assert result.policy is not None, [str(error) for error in result.errors]
    return result.policy


def values(api: str = "0", web: str = "1", api_tag: str = "1.0.0", web_tag: str = "2.0.0") -> bytes:
    """A values file whose components run the digests of these letters."""
    return f"""\
# kept by the platform team
api:
  image:
    repository: ghcr.io/splattop/api
    tag: "{api_tag}"
    digest: {digest(api)}
  replicas: 2
web:
  image:
    repository: ghcr.io/splattop/web
    tag: "{web_tag}"
    digest: {digest(web)}
""".encode()


def file(path: str, data: bytes, mode: int = 0o100644) -> RepositoryFile:
    """A file at a commit."""
    return RepositoryFile(path=path, oid="0" * 40, mode=mode, data=data)


def files(**by_environment: bytes) -> dict[str, RepositoryFile | Unknown]:
    """`files(dev=…, staging=…)`: the values files by their paths."""
    paths = {name: f"helm/values-{name}.yaml" for name in by_environment}
    return {paths[name]: file(paths[name], data) for name, data in by_environment.items()}


def release(number: int, **components: str) -> Release:
    """Run `number`'s release: `release(7, api="a")` hands over api with the digest of a's."""
    sha = f"{number:040x}"
    return Release(
        id=f"app@{1000 + number}.1",
        installation_id=77,
        source="app",
        source_repository_id=601,
        repository="splattop/app",
        run_id=1000 + number,
        run_attempt=1,
        run_number=number,
        run_url=f"https://github.com/splattop/app/actions/runs/{1000 + number}",
        head_sha=sha,
        branch="main",
        event="push",
        artifact_sha256="f" * 64,
        components={
            name: ComponentTag(tag=f"{number}.0.0", sha=sha[:12], digest=digest(letter))
            for name, letter in components.items()
        },
        accepted_at=NOW,
    )


def known(*releases: Release) -> dict[str, Release]:
    """Digest to the newest release that brought it."""
    ordered = sorted(releases, key=lambda each: each.order)
    return {tag.digest: each for each in ordered for tag in each.components.values()}


def commit(
    sha: str,
    *,
    message: str = "Promote",
    parents: tuple[str, ...] = (BASE,),
    author: Actor = BOT,
    verified: bool = True,
) -> Commit:
    """A commit of the bot's, signed by GitHub, unless told otherwise."""
    return Commit(sha=sha, message=message, parents=parents, author=author, verified=verified)


def pull(environment: str, head_sha: str, **more: Any) -> Pull:
    """An open promotion pull request of the bot's, number 12."""
    fields: dict[str, Any] = {
        "number": 12,
        "node_id": "PR_12",
        "url": "https://github.com/splattop/config/pull/12",
        "title": "",
        "body": "",
        "state": PullState.OPEN,
        "draft": False,
        "author": BOT,
        "base_ref": "main",
        "base_sha": BASE,
        "head_ref": branch_name(environment, "app"),
        "head_sha": head_sha,
        "head_repository_id": CONFIG.id,
        "labels": ("automation:release-bump", f"env:{environment}"),
        "mergeable": Mergeable.MERGEABLE,
        "behind": False,
        "commits": 1,
        "changed_files": (f"helm/values-{environment}.yaml",),
        "files_complete": True,
        "created_at": NOW,
    }
    return Pull(**{**fields, **more})


def promotion(environment: str, head_sha: str, held: Release, **more: Any) -> Promotion:
    """The record of pull request 12, holding what a release brought."""
    fields: dict[str, Any] = {
        "installation_id": 77,
        "config_repository_id": CONFIG.id,
        "environment": environment,
        "source": "app",
        "pull_number": 12,
        "branch": branch_name(environment, "app"),
        "head_sha": head_sha,
        "components": held.components,
        "release_ids": (held.id,),
        "requested_by_id": None,
        "requested_by_login": None,
        "state": PromotionState.OPEN,
        "opened_at": NOW,
    }
    return Promotion(**{**fields, **more})


def environment_facts(
    name: str,
    there: Mapping[str, RepositoryFile | Unknown],
    *,
    open_pull: Pull | None = None,
    branch: Commit | None = None,
    branch_files: Mapping[str, RepositoryFile | Unknown] | None = None,
    rules: str = RULES,
    **more: Any,
) -> EnvironmentFacts:
    """Facts about an environment; without more, nothing is pending and nothing is open."""
    ruling = policy(rules)
    environment = ruling.environment(name)
    assert environment is not None
    where = branch_name(name, "app")
    snapshot = EnvironmentSnapshot(
        taken_at=NOW,
        repository=CONFIG,
        base_sha=BASE,
        files=there,
        branches={where: Branch(name=where, head=branch)} if branch else {},
        branch_files={where: branch_files or {}} if branch else {},
        pulls={where: open_pull} if open_pull else {},
    )
    fields: dict[str, Any] = {
        "policy": ruling,
        "environment": environment,
        "source": ruling.sources[0],
        "snapshot": snapshot,
        "bot_id": BOT.id,
        "pending": (),
        "known": {},
        "record": None,
        "declined": None,
        "requests": (),
        "history": History(commits=(), complete=True),
        "web_url": "https://github.com",
    }
    return EnvironmentFacts(**{**fields, **more})
