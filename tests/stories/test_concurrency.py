"""A newer release while a pull request is open: newest wins in dev, pinned in staging (row B4)."""

from __future__ import annotations

from tests.builders import digest, values
from tests.stories.cast import Bot, Town


def test_in_dev_the_newer_release_takes_over_the_open_pull_request(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    first = town.pull("dev")
    town.release(api="c")
    bot.settles()
    assert town.pull("dev").number == first.number
    assert town.pull("dev").title == "Promote api 8.0.0 to dev"
    assert digest("c") in town.values("dev", first.head_ref)

    with town.expect_no_writes():
        bot.sweeps()


def test_the_rewritten_branch_is_one_verified_commit_on_the_base(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    town.release(api="c")
    bot.settles()
    pull = town.pull("dev")
    git = town.github.repo("splattop/config").git
    parents = [str(sha) for sha in git.commit(pull.head_sha).parent_ids]
    assert parents == [town.github.sha("splattop/config", "main")]


def test_the_superseded_release_is_named_on_the_pull_request_with_links(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    first = town.release(api="a")
    bot.settles()
    second = town.release(api="c")
    bot.settles()
    (story,) = [c.body for c in town.pull("dev").comments if "lockstep:story" in c.body]
    assert f"[app@{second.id}.1]" in story
    assert f"took the place of app@{first.id}.1" in story


def test_in_staging_the_open_pull_request_keeps_what_is_under_review(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    under_review = town.pull("staging")
    head = under_review.head_sha
    town.release(api="c")
    bot.settles()
    assert (town.pull("staging").number, town.pull("staging").head_sha) == (under_review.number, head)
    assert digest("c") in town.values("dev")


def test_staging_tells_which_release_waits(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    second = town.release(api="c")
    bot.settles()
    (story,) = [c.body for c in town.pull("staging").comments if "lockstep:story" in c.body]
    assert f"[app@{second.id}.1]" in story
    assert "waits: staging is pinned" in story

    with town.expect_no_writes():
        bot.sweeps()


def test_the_waiting_release_is_proposed_when_the_open_one_is_merged(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    town.release(api="c")
    bot.settles()
    town.github.merge(town.pull("staging"), by="ana")
    bot.settles()
    assert town.pull("staging").title == "Promote api 8.0.0 to staging"
    assert town.values("staging").encode() == values(api="a", api_tag="7.0.0")


def test_what_a_person_closed_is_not_opened_again_by_itself(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    town.github.close(town.pull("staging"), by="ana")
    bot.settles().sweeps()
    assert [pull.title for pull in town.pulls("open")] == []


def test_a_component_that_only_an_earlier_release_brought_arrives_too(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    town.release(web="c")
    bot.settles()
    assert town.pull("dev").title == "Promote api 7.0.0, web 8.0.0 to dev"


def test_an_empty_difference_opens_no_pull_request(bot: Bot, town: Town):
    town.github.push(
        "splattop/config", "main", {"helm/values-dev.yaml": values(api="a", api_tag="7.0.0")}, by="ana"
    )
    bot.settles().waits(60)  # ana's push past pull requests is reported
    with town.expect_no_writes():
        town.release(api="a")
        bot.settles()
    assert town.pulls("all") == []


def test_a_pull_request_that_main_has_overtaken_is_closed_with_its_reason(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    number = town.pull("dev").number
    town.github.push(
        "splattop/config", "main", {"helm/values-dev.yaml": values(api="a", api_tag="7.0.0")}, by="ana"
    )
    bot.settles()
    closed = town.pull("dev", "closed")
    assert closed.number == number
    assert "lockstep:superseded" in {label.name for label in closed.labels}


def test_a_conflict_with_main_is_mended_with_the_same_content(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    moved = values(api="d", api_tag="6.5.0").replace(b"replicas: 2", b"replicas: 5")
    town.github.push("splattop/config", "main", {"helm/values-dev.yaml": moved}, by="ana")
    bot.settles()
    pull = town.pull("dev")
    wanted = values(api="a", api_tag="7.0.0").replace(b"replicas: 2", b"replicas: 5")
    assert town.values("dev", pull.head_ref).encode() == wanted


def test_two_sources_that_write_the_same_file_both_get_through(bot: Bot, town: Town):
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    split = rules.replace(
        b"      web: {image: ghcr.io/splattop/web}\n",
        b"  - repository: splattop/site\n    workflow: .github/workflows/build.yml\n"
        b"    components:\n      web: {image: ghcr.io/splattop/web}\n",
    )
    town.github.repository("splattop/site")
    town.github.grant("dev", "splattop/site", "write")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": split}, by="ana")
    bot.settles()
    town.release(api="a")
    sha = town.github.sha("splattop/site", "main")
    run = town.github.start_run(
        "splattop/site", ".github/workflows/build.yml", branch="main", sha=sha, by="dev"
    )
    town.finished(run, web="c")
    bot.settles()
    assert digest("a") in town.values("dev")
    assert digest("c") in town.values("dev")
