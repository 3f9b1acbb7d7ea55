"""Keeping the release log (R9) and the operations log (R6): files that grow by one open pull request at most, renewed
with every release that was proven and every rollback that has ended; or, for releases, GitHub's release notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.deploying import operations_log
from bot.decide.deploying import release_log as words
from bot.decide.deploying.release_notes import notes
from bot.decide.opening import deletion, holds
from bot.errors import InstallationGone, Terminal, UserError
from bot.model.action import Action, OpenPull, RewritePull
from bot.model.deployment import Deployment
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.policy import Environment, Policy
from bot.model.ports import GitHub
from bot.model.rollback import RollbackRecord
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House, note_news

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
    """After `deployment` was proven or failed: publishes its notes, or brings the files up to what is on record. What
    hinders it never hinders a deployment: it is written down once. Raises Retryable and Stale, after which the same is
    tried again."""
    try:
        if environment.verify.release_log == "releases":
            _publish(house, subject, config, deployment)
        _keep(house, subject, github, config, policy)
    except InstallationGone:
        raise
    except (Terminal, UserError) as error:
        why = f"the release log could not be written: {error}"
        note_news(house, subject, "release_log", "failed", why, about="release log")


def _publish(house: House, subject: Subject, config: Repository, deployment: Deployment) -> None:
    """GitHub release notes need no pull request: one request for each release, and none when they are there."""
    action = notes(deployment, production=deployment.environment == PRODUCTION)
    if action is not None:
        carry_out(house, Cause(subject=subject), config, [action])


def _keep(house: House, subject: Subject, github: GitHub, config: Repository, policy: Policy) -> None:
    """The files of all environments in one pull request: however many releases and rollbacks, there is one."""
    releases = {each.verify.release_log for each in policy.environments} - {"off", "releases"}
    operations = {each.rollback.operations_log for each in policy.environments} - {"off"}
    paths = sorted(releases | operations)
    if not paths:
        return
    snapshot = github.environment(config, files=paths, branches=[words.BRANCH])
    wanted: dict[str, bytes] = {}
    lines: list[str] = []
    for path in sorted(releases):
        there = _text(snapshot.files.get(path), path)
        live = words.missing(there, _live(house, config, policy, path))
        if live:
            wanted[path] = words.content(there, live, config.url).encode()
            lines += [words.line(each) for each in live]
    for path in sorted(operations - releases):
        there = _text(snapshot.files.get(path), path)
        ended = operations_log.missing(there, _ended(house, config, policy, path))
        if ended:
            wanted[path] = operations_log.content(there, ended, config.url).encode()
            lines += [operations_log.line(each) for each in ended]
    if wanted:
        carry_out(house, Cause(subject=subject), config, _actions(snapshot, wanted, lines))


def _live(house: House, config: Repository, policy: Policy, path: str) -> list[Deployment]:
    """Everything that was proven in the environments that keep this file."""
    names = [each.name for each in policy.environments if each.verify.release_log == path]
    return [each for name in names for each in house.store.deployments.of(config.id, name) if each.live_at]


def _ended(house: House, config: Repository, policy: Policy, path: str) -> list[RollbackRecord]:
    """The rollbacks of the environments that keep this file."""
    names = [each.name for each in policy.environments if each.rollback.operations_log == path]
    return [each for name in names for each in house.store.rollbacks.of(config.id, name)]


def _actions(
    snapshot: EnvironmentSnapshot, wanted: Mapping[str, bytes], lines: Sequence[str]
) -> Sequence[Action]:
    """Opens the pull request, or renews the open one; nothing when it holds just that."""
    branch, pull = snapshot.branches.get(words.BRANCH), snapshot.pulls.get(words.BRANCH)
    because = f"{len(lines)} rows are not in {', '.join(wanted)}"
    message = f"{words.TITLE}\n\nAdds {len(lines)} rows.\n"
    if branch is not None and pull is not None:
        if holds(snapshot, words.BRANCH, wanted, wanted):
            return []
        return [
            RewritePull(
                because=because, number=pull.number, node_id=pull.node_id, branch=words.BRANCH,
                expected_head=branch.head.sha, base_sha=snapshot.base_sha, files=wanted, message=message,
                title=words.TITLE, body=words.body(lines), checks=(),
            )
        ]  # fmt: skip
    left_over: list[Action] = []
    if branch is not None:
        left_over = [deletion(branch, "its pull request is gone")]
    opened = OpenPull(
        because=because, branch=words.BRANCH, branch_sha=None, base_ref=snapshot.repository.default_branch,
        base_sha=snapshot.base_sha, files=wanted, message=message, title=words.TITLE,
        body=words.body(lines), labels=(), checks=(),
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
