"""Between the verdict and the merge the base changes: everything is read again, and nothing is merged (case 77).

And where commands are heard at all: on pull requests, in comments, and nowhere else (case 72).
"""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town

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


def test_case_72_a_draft_is_not_merged_and_a_closed_pull_request_takes_no_approval(
    bot: Bot, town: Town, staging: Pull
):
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
    assert len(names) <= 10
    assert {row.actor_id for row in rows} == {town.github.user("cho").id}
    assert bot.store.holds.active(town.github.repo("splattop/config").id) == ()
    with town.expect_no_writes():
        bot.sweeps()


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
