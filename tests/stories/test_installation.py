"""What the installation covers, and what changes when it does."""

from __future__ import annotations

from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town


def selected(town: Town):
    """The installation, on selected repositories: the app and the config repository."""
    (installation,) = town.github.world.installations.values()
    installation.repository_ids = {town.github.repo(name).id for name in ("splattop/app", "splattop/config")}
    return installation


def test_a_repository_that_is_added_later_can_be_a_source(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    town.github.repository("splattop/site")
    town.github.grant("dev", "splattop/site", "write")
    town.github.add_repositories(selected(town), ["splattop/site"])
    rules = RULES.replace(
        "      web: {image: ghcr.io/splattop/web}\n",
        "  - repository: splattop/site\n    workflow: .github/workflows/build.yml\n"
        "    components:\n      web: {image: ghcr.io/splattop/web}\n",
    )
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    bot.settles()
    sha = town.github.sha("splattop/site", "main")
    run = town.github.start_run(
        "splattop/site", ".github/workflows/build.yml", branch="main", sha=sha, by="dev"
    )
    town.finished(run, web="c")
    bot.settles()
    assert digest("c") in town.values("dev")


def test_rules_that_are_added_later_make_a_config_repository(bot: Bot, town: Town):
    town.github.repository("splattop/other-config", {"helm/values-dev.yaml": town.values("dev")})
    town.github.grant("ana", "splattop/other-config", "write")
    town.github.add_repositories(selected(town), ["splattop/other-config"])
    bot.settles()
    town.github.ci_for("splattop/other-config", ["helm-lint"])
    rules = RULES[: RULES.index("  staging:")]
    town.github.push("splattop/other-config", "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    bot.settles()
    town.release(api="a")
    bot.settles()
    (merged,) = town.github.pulls("splattop/other-config", "merged")
    assert merged.title == "Promote api 7.0.0 to dev"


def test_case_18_tokens_name_the_repositories_that_the_rules_name(bot: Bot, town: Town):
    town.github.repository("splattop/payroll")
    town.release(api="a")
    bot.settles()
    named = [
        token.repository_ids for token in town.github.world.tokens.values() if token.installation is not None
    ]
    payroll = town.github.repo("splattop/payroll").id
    assert all(ids is not None and payroll not in ids for ids in named[-1:])


def test_an_uninstalled_app_leaves_its_work_alone(bot: Bot, town: Town):
    town.release(api="a")
    (installation,) = town.github.world.installations.values()
    town.github.uninstall(installation)
    with town.expect_no_writes():
        bot.settles()
