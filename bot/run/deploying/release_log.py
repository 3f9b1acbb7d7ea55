"""Keeping the release log (R9): as a file by one open pull request at most, renewed with every release that was proven
healthy; or as GitHub's release notes."""

from __future__ import annotations

from bot.decide.deploying import release_log as words
from bot.decide.deploying.release_notes import notes
from bot.errors import InstallationGone, Terminal, UserError
from bot.model.action import Action, DeleteBranch, OpenPull, RewritePull
from bot.model.deployment import Deployment
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.policy import Environment, Policy
from bot.model.ports import GitHub
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House, is_news, note

PRODUCTION = "production"
"""Whose releases GitHub is to show as the latest."""


def keep(
    house: House,
    subject: Subject,
    github: GitHub,
    config: Repository,
    policy: Policy,
    environment: Environment,
    deployment: Deployment,
) -> None:
    """Publishes the notes of `deployment`, which was proven, or brings the file of `environment`'s log up to what is on
    record. What hinders it never hinders a deployment: it is written down once. Raises Retryable and Stale, after which
    the same is tried again."""
    path = environment.verify.release_log
    if path == "off":
        return
    try:
        if path == "releases":
            _publish(house, subject, config, deployment)
        else:
            _keep(house, subject, github, config, policy, path)
    except InstallationGone:
        raise
    except (Terminal, UserError) as error:
        why = f"the release log ({path}) could not be written: {error}"
        if is_news(house, subject, "release log", why):
            note(house, subject, "release_log", "failed", why)


def _publish(house: House, subject: Subject, config: Repository, deployment: Deployment) -> None:
    """GitHub release notes need no pull request: one request for each release, and none when they are there."""
    action = notes(deployment, production=deployment.environment == PRODUCTION)
    if action is not None:
        carry_out(house, Cause(subject=subject), config, [action])


def _keep(
    house: House, subject: Subject, github: GitHub, config: Repository, policy: Policy, path: str
) -> None:
    snapshot = github.environment(config, files=[path], branches=[words.BRANCH])
    there = _text(snapshot.files.get(path), path)
    rows = words.missing(there, _live(house, config, policy, path))
    if not rows:
        return
    wanted = words.content(there, rows, config.url).encode()
    carry_out(house, Cause(subject=subject), config, _actions(snapshot, path, wanted, rows))


def _live(house: House, config: Repository, policy: Policy, path: str) -> list[Deployment]:
    """Everything that was proven in the environments that keep this file."""
    names = [each.name for each in policy.environments if each.verify.release_log == path]
    return [each for name in names for each in house.store.deployments.of(config.id, name) if each.live_at]


def _actions(
    snapshot: EnvironmentSnapshot, path: str, wanted: bytes, rows: tuple[Deployment, ...]
) -> list[Action]:
    """Opens the pull request, or renews the open one; nothing when it holds just that."""
    branch, pull = snapshot.branches.get(words.BRANCH), snapshot.pulls.get(words.BRANCH)
    because, message = (
        f"{len(rows)} releases are not in {path}",
        f"{words.TITLE}\n\nAdds {len(rows)} releases.\n",
    )
    held = snapshot.branch_files.get(words.BRANCH, {}).get(path)
    if branch is not None and pull is not None:
        if isinstance(held, RepositoryFile) and held.data == wanted:
            return []
        return [
            RewritePull(
                because=because, number=pull.number, node_id=pull.node_id, branch=words.BRANCH,
                expected_head=branch.head.sha, base_sha=snapshot.base_sha, files={path: wanted}, message=message,
                title=words.TITLE, body=words.body(rows), checks=(),
            )
        ]  # fmt: skip
    left_over: list[Action] = []
    if branch is not None:
        left_over = [
            DeleteBranch(
                because="its pull request is gone", branch=words.BRANCH, expected_head=branch.head.sha
            )
        ]
    opened = OpenPull(
        because=because, branch=words.BRANCH, branch_sha=None, base_ref=snapshot.repository.default_branch,
        base_sha=snapshot.base_sha, files={path: wanted}, message=message, title=words.TITLE,
        body=words.body(rows), labels=(), checks=(),
    )  # fmt: skip
    return [*left_over, opened]


def _text(found: RepositoryFile | Unknown | None, path: str) -> str:
    """The file's text, empty when it is not there yet. Raises UserError when it cannot be read."""
    if isinstance(found, RepositoryFile) and found.is_regular:
        return found.data.decode("utf-8", "replace")
    if found is None or (isinstance(found, Unknown) and found.absent):
        return ""
    why = found.why if isinstance(found, Unknown) else "it is no plain file"
    raise UserError(f"{path} cannot be read: {why}")
