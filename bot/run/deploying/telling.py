"""Telling of a deployment: the story on its pull request, and GitHub's Deployment; quiet when nothing is new."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import checks
from bot.decide.deploying import wording
from bot.decide.story import told
from bot.errors import InstallationGone, Terminal
from bot.model.action import MirrorDeployment, Receipt, SetCheck
from bot.model.deployment import Deployment
from bot.model.policy import Environment
from bot.model.policy_after import Sync
from bot.model.ports import GitHub
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House, note_news


def tell(
    house: House,
    subject: Subject,
    github: GitHub,
    deployment: Deployment,
    environment: Environment | None,
    waits: Sequence[str] = (),
) -> None:
    """Brings the pull request's story and GitHub's Deployment up to what is on record; asks GitHub only for news.

    `waits` are sentences about what is waited for, told once each.
    """
    says = [*wording.lines(deployment), *(wording.waiting(deployment, each) for each in waits)]
    key = f"told:{subject}"
    before = house.store.marks.get(key) or []
    untold = [each for each in says if each not in before]
    behind = deployment.github_state != deployment.state.value
    if not untold and not behind:
        return
    snapshot = github.pull(subject.repository, subject.number, files=())
    if snapshot is None:
        return
    comments = told(
        snapshot.pull, snapshot.comments, untold, f"{deployment.state.value} in {deployment.environment}"
    )
    buttons = _button(deployment, environment, snapshot, waits)

    def keep(_: Sequence[Receipt]) -> None:
        house.store.marks.put(key, [*before, *untold][-200:])

    if not carry_out(house, Cause(subject=subject), snapshot.repository, [*comments, *buttons], keep):
        keep(())
    if behind:
        _mirror(house, subject, deployment, snapshot, environment)


def _button(
    deployment: Deployment, environment: Environment | None, snapshot: PullSnapshot, waits: Sequence[str]
) -> Sequence[SetCheck]:
    """The check run with the sync button: where a person's word is asked for, and afterwards how it went on."""
    syncs = any(each.sync is not Sync.OFF for each in environment.argocd) if environment else False
    check = wording.shown(deployment, snapshot.pull, waits, syncs=syncs)
    if check is None:
        return ()
    posted = any(each.name == check.name for each in snapshot.own_checks)
    if not posted and not check.actions:
        return ()
    return checks.changes(
        [check], snapshot.own_checks, f"{deployment.state.value} in {deployment.environment}"
    )


def _mirror(
    house: House,
    subject: Subject,
    deployment: Deployment,
    snapshot: PullSnapshot,
    environment: Environment | None,
) -> None:
    """Without the permission the deployment goes on all the same: said once, and not tried again for this state."""
    action = wording.mirrored(deployment, snapshot.pull, url=environment.url or "" if environment else "")
    if action is None:
        return

    def keep(receipts: Sequence[Receipt]) -> None:
        github_id = int(receipts[0].result["deployment"])
        house.store.deployments.note(deployment, github_id=github_id, github_state=deployment.state.value)

    try:
        carry_out(house, Cause(subject=subject), snapshot.repository, [action], keep)
    except InstallationGone:
        raise
    except Terminal as error:
        _not_mirrored(house, subject, deployment, action, error)


def _not_mirrored(
    house: House, subject: Subject, deployment: Deployment, action: MirrorDeployment, error: Terminal
) -> None:
    why = (
        f"GitHub's Deployment of {action.environment} is not kept: {error}; the App needs deployments: write"
    )
    number = deployment.pull_number
    note_news(house, subject, "mirror_deployment", "skipped", why, about="mirror", pull_number=number)
    house.store.deployments.note(deployment, github_state=deployment.state.value)
