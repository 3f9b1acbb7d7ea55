"""Between the verdict and the merge the base changes: everything is read again, and nothing is merged (case 77).

And where commands are heard at all: on pull requests, in comments, and nowhere else (case 72).
"""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from bot.sandbox import actions
from bot.sandbox.state import Account, Pull
from tests.builders import digest, values
from tests.stories.cast import RULES, SECRET, Bot, Town

RULES_FILE = "promotion/promotion-rules.yaml"
FREEZE = """\
freeze:
  - {name: holidays, from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", environments: [dev]}
"""


def merges(town: Town) -> list[int]:
    """What GitHub answered to the merge calls."""
    return [entry.status for entry in town.github.requests if entry.path.endswith("/merge")]


def while_shown(town: Town, files: dict[str, str]) -> None:
    """Somebody pushes to main at the moment when the bot shows the verdict that leads to the merge."""
    town.github.faults.before(
        lambda _call: town.github.push("splattop/config", "main", files, by="ana"), operation="updateCheckRun"
    )


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        (RULES + FREEZE, ("completed", "failure")),
        (
            RULES.replace("required_checks: [helm-lint]", "required_checks: [helm-lint, more]", 1),
            ("in_progress", None),
        ),
        (RULES.replace("coverage: off", "coverage: {min_percent: 70}", 1), ("completed", "failure")),
        ("version: 1\nsources: nonsense\n", ("completed", "failure")),
    ],
    ids=[
        "a freeze is set",
        "one more check is required",
        "a gate is switched on",
        "the rules become invalid",
    ],
)
def test_case_77_rules_edited_between_verdict_and_merge_are_read_again_and_nothing_is_merged(
    bot: Bot, town: Town, rules: str, outcome: tuple[str, str | None]
):
    while_shown(town, {RULES_FILE: rules})
    town.release(api="a")
    bot.settles().waits(30).sweeps()
    assert merges(town) == []
    assert town.check(town.pull("dev")) == outcome
    assert [decision for decision, _ in bot.ledger("rules_changed")] == ["done"]
    with town.expect_no_writes():
        bot.sweeps()
    town.github.push("splattop/config", "main", {RULES_FILE: RULES}, by="ana")
    bot.settles().sweeps()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_case_77_codeowners_that_appear_between_verdict_and_merge_are_asked(bot: Bot, town: Town):
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.release(api="a")
    bot.settles()
    pull = town.pull("staging")
    while_shown(town, {".github/CODEOWNERS": "helm/ @cho\n"})
    town.github.review(pull, by="ana")
    bot.settles().sweeps()
    assert not pull.merged
    assert "an owner of `helm/values-staging.yaml`" in str(
        town.checks(pull)["lockstep: main / approvals"].output["title"]
    )
    town.github.review(pull, by="cho")
    bot.settles()
    assert pull.merged


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """Staging's pull request waits for the platform team."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.release(api="a")
    bot.settles()
    town.github.advance(60)
    return town.pull("staging")


@pytest.mark.parametrize("surface", ["body", "title", "commit", "review", "another's body"])
def test_case_72_commands_outside_comments_are_not_heard(bot: Bot, town: Town, staging: Pull, surface: str):
    said = "/hold reason: not here\n/approve"
    if surface == "body":
        town.github.edit_pull(staging, "cho", body=f"{staging.body}\n\n{said}")
    elif surface == "title":
        town.github.edit_pull(staging, "cho", title="/hold")
    elif surface == "commit":
        town.github.push("splattop/config", "main", {"README.md": "# x\n"}, by="ana", message=said)
    elif surface == "review":
        town.github.review(staging, by="cho", event="COMMENT", body=said)
    else:
        town.github.push("splattop/config", "docs", {"x": "y"}, by="ana", message=said)
        town.github.open_pull("splattop/config", "docs", by="ana", title="Docs", body=said)
    bot.settles()
    assert bot.store.holds.active(town.github.repo("splattop/config").id) == ()
    assert bot.ledger("command_hold") + bot.ledger("command_approve") == []
    assert [each.body for each in staging.comments if "lockstep:answer" in each.body] == []


def test_case_72_a_comment_in_a_review_thread_is_not_heard(bot: Bot, town: Town, staging: Pull):
    """The App does not subscribe to these; one that comes all the same, rightly signed, leads nowhere."""
    cho = town.github.user("cho")
    payload = {
        "action": "created",
        "comment": {"id": 7, "node_id": "PRRC_7", "body": "/approve\n/hold", "user": account(cho)},
        "pull_request": {"number": staging.number, "head": {"sha": staging.head_sha}},
        "repository": {"id": staging.repo.id, "full_name": "splattop/config", "owner": account(cho)},
        "installation": {"id": next(iter(town.github.world.installations))},
        "sender": account(cho),
    }
    body = json.dumps(payload).encode()
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sent = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request_review_comment",
        "X-GitHub-Delivery": "7b0c6f4e-2c5e-4c0e-9d0a-3f1b2a4c5d6e",
        "X-Hub-Signature-256": f"sha256={signed}",
    }
    with town.expect_no_writes():
        assert bot.client.post("/webhook", data=body, headers=sent).status_code == 202
        assert bot.drains() == 0
    assert bot.ledger("command_hold") + bot.ledger("command_approve") == []


def account(of: Account) -> dict[str, object]:
    return {"id": of.id, "login": of.login, "type": "User"}


def test_case_72_a_command_on_a_plain_issue_is_not_heard(bot: Bot, town: Town, staging: Pull):
    issue = town.github.open_issue("splattop/config", "Please", "/promote staging", by="cho")
    with town.expect_no_writes():
        town.github.comment(issue, "cho", "/hold\n/promote staging\n/override coverage reason: x\n/status")
        bot.settles()
    assert [
        row.entry.event for row in bot.store.ledger.rows() if row.entry.event.startswith("command_")
    ] == []
    assert bot.store.holds.active(staging.repo.id) == ()


def test_case_72_a_merged_promotion_takes_no_approval_and_no_override(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="ana")
    bot.settles()
    assert staging.merged
    town.github.advance(60)
    town.github.comment(staging, "ana", "/override coverage reason: x\n/approve")
    bot.settles()
    assert bot.store.overrides.of(staging.repo.id, staging.number) == ()
    assert [each.via.value for each in bot.store.approvals.records(staging.repo.id, staging.number)] == [
        "review"
    ]


def test_case_72_a_draft_is_obeyed_and_not_merged_until_it_is_ready(bot: Bot, town: Town, staging: Pull):
    draft(town, staging, True)
    town.github.comment(staging, "ana", "/approve")
    bot.settles().sweeps()
    assert [decision for decision, _ in bot.ledger("command_approve")] == ["done"]
    assert "Is a draft" in str(town.checks(staging)["lockstep: main"].output)
    assert not staging.merged
    assert merges(town)[1:] == []
    draft(town, staging, False)
    bot.settles()
    assert staging.merged


def draft(town: Town, pull: Pull, value: bool) -> None:
    """Somebody converts it to a draft, or says that it is ready."""
    with town.github.world.lock:
        actions.set_draft(town.github.world, town.github.as_user("cho"), pull, value)


def test_case_72_a_closed_pull_request_takes_no_approval(bot: Bot, town: Town, staging: Pull):
    town.github.close(staging, by="cho")
    bot.settles()
    town.github.comment(staging, "ana", "/approve")
    bot.settles().sweeps()
    assert not staging.merged
    assert bot.store.approvals.records(town.github.repo("splattop/config").id, staging.number) == ()


def test_case_72_fifty_commands_are_cut_after_ten_and_each_is_authorised_alone(
    bot: Bot, town: Town, staging: Pull
):
    lines = ["/hold", "/override coverage reason: x", "/unhold", *["/status"] * 47]
    town.github.comment(staging, "cho", "\n".join(lines))
    bot.settles()
    rows = [each.entry for each in bot.store.ledger.rows() if each.entry.event.startswith("command_")]
    names = [row.event.removeprefix("command_") for row in rows]
    assert names[:3] == ["hold", "override", "unhold"]
    assert len(names) == 10
    assert {row.actor_id for row in rows} == {town.github.user("cho").id}
    assert bot.store.holds.active(town.github.repo("splattop/config").id) == ()
    with town.expect_no_writes():
        bot.sweeps()


def test_case_78_a_fork_s_pull_request_that_imitates_ours_is_not_merged(bot: Bot, town: Town):
    """The same branch name, title, labels and words, from a fork of somebody who may read and not push here."""
    town.github.user("eve")
    town.github.grant("eve", "splattop/config", "read")
    town.github.fork("splattop/config", "eve")
    files = {"helm/values-dev.yaml": values(api="f", api_tag="6.6.6")}
    town.github.push("eve/config", "lockstep/dev/app", files, by="eve", message="Promote api 6.6.6 to dev")
    fake = town.github.open_pull(
        "splattop/config",
        "eve:lockstep/dev/app",
        by="eve",
        title="Promote api 6.6.6 to dev",
        body="<!-- lockstep:story -->\nRelease: 1\nSource-Run: x\n",
    )
    town.github.label(fake, "ana", "automation:release-bump", "env:dev")
    town.github.run_ci("splattop/config", fake.head_sha)
    bot.settles().sweeps()
    assert not fake.merged
    assert merges(town) == []
    assert town.check(fake) == ("completed", "failure")
    with town.expect_no_writes():
        bot.sweeps()
    town.release(api="a")
    bot.settles()
    assert town.pull("dev", "merged").head_ref == "lockstep/dev/app"
    assert digest("a") in town.values("dev")
    assert not fake.merged


def test_case_78_a_person_s_pull_request_with_our_hidden_marks_stays_a_person_s(bot: Bot, town: Town):
    branch = "promote/dev"
    files = {"helm/values-dev.yaml": values(api="f", api_tag="6.6.6")}
    town.github.push("splattop/config", branch, files, by="ana")
    body = "<!-- lockstep:story -->\n<!-- lockstep:answer:1 -->\nRelease: 1\nSource-Run: x\n"
    fake = town.github.open_pull(
        "splattop/config", branch, by="ana", title="Promote api 6.6.6 to dev", body=body
    )
    town.github.label(fake, "ana", "automation:release-bump", "env:dev")
    town.github.run_ci("splattop/config", fake.head_sha)
    bot.settles().sweeps()
    assert not fake.merged
    assert merges(town) == []
