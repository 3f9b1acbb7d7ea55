"""Killed, or left without an answer, at any write: the end is the same as without trouble, and nothing is doubled.

Attack cases 10, 18, 21, 22: the story is told once for each write that it takes, and for each kind of trouble.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bot.adapters.store.deployments import Deployments
from bot.adapters.store.promotions import Promotions
from bot.adapters.store.releases import Releases
from bot.model.ledger import LedgerEntry
from bot.sandbox.state import Comment, Pull
from tests.builders import values
from tests.stories.cast import Bot, Town
from tests.stories.trouble import (
    HOUR,
    TROUBLES,
    Killed,
    Trouble,
    answer_lost,
    killed_after,
    not_done,
    survives,
    trouble_at,
)

TRAVEL = 11
"""Writes of a release's way through dev to staging."""


def doubled_checks(town: Town) -> list[tuple[str, str, str | None]]:
    """Check runs that say the same twice on one commit. A finished one is not taken back: another follows."""
    runs = town.github.repo("splattop/config").check_runs.values()
    said = Counter((run.head_sha, run.name, run.conclusion) for run in runs)
    return [each for each, count in said.items() if count > 1]


def commits_ahead(town: Town, pull: Pull) -> int:
    """Commits of a pull request on the present base; -1 when it is behind."""
    base = town.github.sha("splattop/config", "main")
    assert base is not None
    ahead, behind = town.github.repo("splattop/config").git.ahead_behind(base, pull.head_sha)
    return -1 if behind else ahead


def merges(town: Town) -> list[int]:
    """What GitHub answered to the merge calls."""
    return [entry.status for entry in town.github.requests if entry.path.endswith("/merge")]


def entries(bot: Bot, event: str) -> list[LedgerEntry]:
    """Ledger rows of an event that say that something was done."""
    found = [row.entry for row in bot.store.ledger.rows(event=event)]
    return [each for each in found if each.decision == "done"]


def rows(bot: Bot, event: str) -> int:
    """Ledger rows of an event that say that something was done."""
    return [decision for decision, _ in bot.ledger(event)].count("done")


@pytest.mark.parametrize("number", range(1, TRAVEL + 1))
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
def test_cases_21_22_trouble_at_any_write_of_a_release_s_way_changes_nothing(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
):
    town.release(api="a")
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    assert [pull.title for pull in town.pulls("all")] == [
        "Promote api 7.0.0 to dev",
        "Promote api 7.0.0 to staging",
    ]
    dev, staging = town.pull("dev", "merged"), town.pull("staging")
    assert town.values("dev").encode() == values(api="a", api_tag="7.0.0")
    for pull, environment in ((dev, "dev"), (staging, "staging")):
        assert {label.name for label in pull.labels} == {"automation:release-bump", f"env:{environment}"}
        assert pull.comments == []
    assert town.check(dev) == ("completed", "success")
    assert town.check(staging) == ("completed", "action_required")
    assert doubled_checks(town) == []
    assert merges(town).count(200) <= 1
    branches = set(town.github.repo("splattop/config").git.refs())
    assert branches == {"heads/main", "heads/lockstep/staging/app", "notes/lockstep"}
    assert (rows(bot, "release_accepted"), rows(bot, "promotion_merged")) == (1, 1)

    with town.expect_no_writes():
        bot.sweeps()


def two_releases(bot: Bot, town: Town) -> Bot:
    """dev's pull request waits for CI and a newer release arrives: the next writes rewrite the branch."""
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    town.release(api="c")
    return bot


RENEWAL = 6
"""Writes of a renewal: the story comment, the tree, the commit, the branch, title and body with a queued check, the
verdicts."""


@pytest.mark.parametrize("number", range(1, RENEWAL + 1))
@pytest.mark.parametrize("trouble", [killed_after, answer_lost], ids=lambda each: each.__name__)
def test_trouble_at_any_write_of_a_renewed_pull_request_changes_nothing(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
):
    two_releases(bot, town)
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    pull = town.pull("dev")
    assert pull.title == "Promote api 8.0.0 to dev"
    assert town.values("dev", pull.head_ref).encode() == values(api="c", api_tag="8.0.0")
    assert commits_ahead(town, pull) == 1
    assert town.check(pull) == ("in_progress", None)
    assert doubled_checks(town) == []
    assert len(pull.comments) == 1
    assert "took the place of" in pull.comments[0].body
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    bot.settles()
    assert town.values("dev").encode() == values(api="c", api_tag="8.0.0")

    with town.expect_no_writes():
        bot.sweeps()


def asked_for(bot: Bot, town: Town) -> Comment:
    """staging waits for `/promote`, and ana writes it."""
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    by_hand = rules.replace(b"auto_promote: true", b"auto_promote: false")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": by_hand}, by="ana")
    bot.settles().waits(60)
    town.release(api="a")
    bot.settles()
    return town.github.comment(town.pull("dev", "merged"), "ana", "/promote staging")


COMMAND = 5
"""Writes of a `/promote`: the reaction, the pull request, its labels and check, the verdicts, the answer."""


@pytest.mark.parametrize("number", range(1, COMMAND + 1))
@pytest.mark.parametrize("trouble", [killed_after, answer_lost], ids=lambda each: each.__name__)
def test_trouble_at_any_write_of_a_command_obeys_and_answers_it_once(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
):
    comment = asked_for(bot, town)
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    assert [reaction.content for reaction in comment.reactions] == ["+1"]
    assert len([each for each in comment.issue.comments if "@ana" in each.body]) == 1
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
    assert doubled_checks(town) == []

    with town.expect_no_writes():
        bot.sweeps()


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
def test_trouble_when_telling_of_a_refused_artifact_tells_it_once(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble
):
    run = town.release(artifact={"component-tags.json": b"not json"})
    with trouble_at(monkeypatch, bot, 1, trouble):
        bot = survives(bot)
    told = town.github.repo("splattop/app").check_runs.values()
    assert [(each.head_sha, each.conclusion) for each in told] == [(run.head_sha, "failure")]
    assert [decision for decision, _ in bot.ledger("bad_component_tags")] == ["refused"]

    with town.expect_no_writes():
        bot.sweeps()


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
def test_trouble_when_closing_what_main_holds_already_closes_and_tells_it_once(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    mine = {"helm/values-dev.yaml": values(api="a", api_tag="7.0.0")}
    town.github.push("splattop/config", "main", mine, by="ana")
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    assert pull.state == "closed"
    assert len([each for each in pull.comments if "already holds" in each.body]) == 1
    assert "lockstep:superseded" in {label.name for label in pull.labels}
    assert "heads/lockstep/dev/app" not in town.github.repo("splattop/config").git.refs()

    bot.waits(60)  # ana's push past pull requests is reported
    with town.expect_no_writes():
        bot.sweeps()


def test_the_release_s_way_takes_as_many_writes_as_the_stories_above_put_trouble_at(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    town.release(api="a")
    with trouble_at(monkeypatch, bot, 0, not_done) as writes:
        bot.settles()
    assert writes.seen == TRAVEL


def test_a_renewal_takes_as_many_writes_as_the_stories_above_put_trouble_at(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    two_releases(bot, town)
    with trouble_at(monkeypatch, bot, 0, not_done) as writes:
        bot.settles()
    assert writes.seen == RENEWAL


def test_a_command_takes_as_many_writes_as_the_stories_above_put_trouble_at(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    asked_for(bot, town)
    with trouble_at(monkeypatch, bot, 0, not_done) as writes:
        bot.settles()
    assert writes.seen == COMMAND


RECORDS = [
    ("release_accepted", Releases, "accept"),
    ("promotion_merged", Promotions, "settled"),
    ("deployment", Deployments, "move"),
]
"""An event, and the call that puts the same on record."""


@pytest.mark.parametrize(("event", "family", "method"), RECORDS)
def test_case_100_a_worker_that_dies_between_an_act_s_row_and_its_record_doubles_no_row(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, event: str, family: type, method: str
):
    town.release(api="a")

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(family, method, dies)
        with pytest.raises(Killed):
            bot.settles()
    bot = bot.again()
    assert rows(bot, event) == 0, "the row is kept with its record, or not at all"
    bot.sweeps().waits(HOUR)
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert (rows(bot, "release_accepted"), rows(bot, "promotion_merged")) == (1, 1)
    assert [each.details["state"] for each in entries(bot, "deployment")] == ["merged", "live"]
