"""Every webhook that the local GitHub sends is one that GitHub describes, headers and payload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from bot.sandbox import actions
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import App
from tests.contract.recorder import ContractRecorder
from tests.contract.small_github import EVENTS, PERMISSIONS

SENT = [
    "check_run completed",
    "check_run created",
    "check_run requested_action",
    "check_run rerequested",
    "check_suite completed",
    "check_suite requested",
    "check_suite rerequested",
    "deployment created",
    "deployment_protection_rule requested",
    "deployment_status created",
    "installation created",
    "installation deleted",
    "installation suspend",
    "installation unsuspend",
    "installation_repositories added",
    "installation_repositories removed",
    "issue_comment created",
    "issue_comment deleted",
    "issue_comment edited",
    "pull_request closed",
    "pull_request converted_to_draft",
    "pull_request edited",
    "pull_request labeled",
    "pull_request opened",
    "pull_request ready_for_review",
    "pull_request reopened",
    "pull_request review_requested",
    "pull_request synchronize",
    "pull_request unlabeled",
    "pull_request_review dismissed",
    "pull_request_review submitted",
    "push",
    "status",
    "workflow_run completed",
    "workflow_run in_progress",
    "workflow_run requested",
]


@pytest.fixture(scope="module")
def deliveries() -> Iterator[dict[str, list[str]]]:
    """Violations by event and action, of a story in which everything happens at least once."""
    with Sandbox.start() as github:
        found: dict[str, list[str]] = defaultdict(list)
        _tell(github)
        for delivery in github.webhooks.take():
            recorder = ContractRecorder()
            recorder.on_webhook(delivery.headers, delivery.body)
            name = f"{delivery.event} {delivery.action}" if delivery.action else delivery.event
            found[name] += [f"{v.pointer}: {v.message}" for v in recorder.violations]
        yield dict(found)


def _tell(github: Sandbox) -> None:
    app = github.app(7, permissions=PERMISSIONS, events=EVENTS)
    github.org("octo", admins=["ana"])
    github.team("octo/platform", members=["ben"])
    for name in ("octo/app", "octo/config", "octo/more"):
        github.repository(name)
    github.grant("octo/platform", "octo/config", "write")
    installation = github.install(app, "octo", ["octo/app", "octo/config"])
    github.finish_run(
        github.rerun(github.finish_run(github.start_run("octo/app", ".github/workflows/b.yml")))
    )
    _tell_pull(github, app)
    _tell_merge_of_a_fork(github)
    github.add_repositories(installation, ["octo/more"])
    github.remove_repositories(installation, ["octo/more"])
    github.suspend(installation)
    github.suspend(installation, suspended=False)
    github.uninstall(installation)


def _tell_pull(github: Sandbox, app: App) -> None:
    world, bot = github.world, github.as_app("octo/config", "lockstep")
    first = github.push("octo/config", "topic", {"a.txt": "1\n"}, by="ben")
    pull = github.open_pull("octo/config", head="topic", by="ben", title="A change")
    github.push("octo/config", "topic", {"a.txt": "2\n", "b.bin": b"\0"}, by="ben")
    github.push("octo/config", "topic", {"a.txt": "3\n"}, by="ben", parent=first, force=True)
    github.edit_pull(pull, "ben", title="Another change", body="Because")
    github.label(pull, "ana", "env:dev", "lockstep:hold")
    github.unlabel(pull, "ana", "lockstep:hold")
    for draft in (True, False):
        actions.set_draft(world, bot, pull, draft)
    actions.request_reviews(world, bot, pull, ["ana"], ["platform"])
    review = github.review(pull, "ana", "APPROVE")
    github.dismiss(review, "ana")
    comment = github.comment(pull, "ana", "/promote")
    github.edit_comment(comment, "ana", "/help")
    github.delete_comment(comment, "ana")
    again = [{"label": "Again", "description": "Run it again", "identifier": "again"}]
    config = github.repo("octo/config")
    run = actions.create_check_run(
        world, bot, config, name="lockstep: main", head_sha=pull.head_sha, actions=again
    )
    actions.update_check_run(world, bot, run, conclusion="failure")
    github.press(run, "again", "ana")
    actions.rerequest_check_suite(world, github.as_user("ana"), run.suite)
    github.rerequest(run, "ana")
    github.status("octo/config", pull.head_sha, "ci/legacy")
    deployment = actions.create_deployment(world, bot, config, ref="topic", environment="dev")
    actions.set_deployment_status(world, bot, deployment, "success")
    github.deploys(
        github.start_run("octo/config", ".github/workflows/d.yml", sha=pull.head_sha), "production", app
    )
    github.close(pull, "ben")
    github.reopen(pull, "ben")


def _tell_merge_of_a_fork(github: Sandbox) -> None:
    fork = github.fork("octo/config", "eve")
    github.grant("eve", "octo/config", "read")
    github.push(fork, "patch", {"eve.txt": "1\n"}, by="eve")
    pull = github.open_pull("octo/config", head="eve:patch", by="eve")
    github.merge(pull, "ana")
    github.push("octo/config", "gone", {"x": "1"}, by="ben")
    github.delete_branch("octo/config", "gone", "ben")


def test_the_story_sends_everything_and_nothing_else(deliveries: dict[str, list[str]]) -> None:
    assert sorted(deliveries) == SENT


@pytest.mark.parametrize("name", SENT)
def test_the_webhook_is_one_that_github_describes(deliveries: dict[str, list[str]], name: str) -> None:
    assert sorted(set(deliveries[name])) == []
