"""Published releases."""

from __future__ import annotations

from bot.sandbox.access import require, who
from bot.sandbox.actions.refs import create_ref
from bot.sandbox.errors import invalid
from bot.sandbox.state import Actor, Release, Repository, World


def create_release(
    world: World,
    actor: Actor,
    repo: Repository,
    tag: str,
    target: str | None,
    name: str | None,
    body: str | None,
    *,
    prerelease: bool = False,
) -> Release:
    """A published release; the tag is created at the target unless it is there. 422 when the tag has one already."""
    require(world, actor, repo, "contents", "write")
    if tag in repo.releases:
        raise invalid("tag_name already exists", resource="Release", field="tag_name", code="already_exists")
    if repo.git.ref(f"tags/{tag}") is None:
        sha = repo.git.resolve(target or repo.default_branch)
        if sha is None:
            raise invalid(
                "target_commitish is invalid", resource="Release", field="target_commitish", code="invalid"
            )
        create_ref(world, actor, repo, f"refs/tags/{tag}", sha)
    made = Release(
        repo=repo,
        tag=tag,
        target=target or repo.default_branch,
        name=name,
        body=body,
        prerelease=prerelease,
        author=who(actor),
        created_at=world.clock.now(),
    )
    world.register("RE", made)
    repo.releases[tag] = made
    return made
