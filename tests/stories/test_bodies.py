"""What a promotion's pull request and commit tell people and tools (row R3; the contract's bodies and commits)."""

from __future__ import annotations

from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.test_commands import ASKED
from tests.stories.test_rollback import moves

FOLD = "<details><summary>Full digests and files</summary>"


def test_the_body_tells_from_what_to_what_with_compare_links_and_the_commits_in_between(bot: Bot, town: Town):
    moves(bot, town, api="a", web="c")
    before = str(town.github.sha("splattop/app", "main"))
    between = town.github.push(
        "splattop/app", "main", {"api.py": "fixed"}, by="dev", message="Fix the checkout\n\nAt last."
    )
    town.release(api="b")
    bot.settles()
    pull = town.pull("staging")
    after = str(town.github.sha("splattop/app", "main"))
    app = f"{town.github.base_url}/splattop/app"
    assert pull.title == "Promote api 8.0.0 to staging"
    assert {each.name for each in pull.labels} == {"automation:release-bump", "env:staging"}
    short = f"`7.0.0` `{digest('a')[:19]}` | `8.0.0` `{digest('b')[:19]}`"
    assert (
        f"| **api** | {short} | [{before[:7]}…{after[:7]}]({app}/compare/{before[:7]}...{after[:7]}) |"
        in pull.body
    )
    assert f"- [{between[:7]}]({app}/commit/{between}) Fix the checkout\n" in pull.body
    assert f"- [{after[:7]}]({app}/commit/{after}) Ship it\n" in pull.body
    assert before not in pull.body
    shown, fold, folded = pull.body.partition(FOLD)
    assert fold
    assert digest("b") not in shown
    assert f"`{digest('a')}` → `{digest('b')}`" in folded
    assert f"| dev | `8.0.0` `{digest('b')[:19]}` |" in folded
    assert f"| staging ← | `7.0.0` `{digest('a')[:19]}` |" in folded


def test_the_commit_is_verified_and_its_trailers_tell_where_it_comes_from(bot: Bot, town: Town):
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": ASKED}, by="ana")
    bot.settles().waits(60)
    run = town.release(api="a")
    bot.settles()
    merged = town.pull("dev", "merged")
    town.github.comment(merged, "ana", "/promote")
    bot.settles()
    git = town.github.repo("splattop/config").git
    web, ana = town.github.base_url, town.github.user("ana").id
    built = {"Release": f"app@{run.id}.1", "Source-Run": f"{web}/splattop/app/actions/runs/{run.id}"}
    asked = town.pull("staging")
    assert trailers(git.commit(merged.head_sha).message) == {
        **built,
        "Promoted-From": f"splattop/app@{run.head_sha}",
        "Requested-By": "lockstep",
    }
    assert trailers(git.commit(asked.head_sha).message) == {
        **built,
        "Promoted-From": f"dev@{merged.merge_commit_sha}",
        "Requested-By": f"@ana ({ana})",
    }
    # Verified by GitHub: it signs what an App writes through its API without naming an author.
    signed = town.github.repo("splattop/config").verified
    assert [each.number for each in (merged, asked) if each.head_sha not in signed] == []


def trailers(message: str) -> dict[str, str]:
    """Those of a commit message, as `git interpret-trailers` reads them: its last paragraph."""
    last = message.strip().rpartition("\n\n")[2].splitlines()
    return {name: value for name, _, value in (line.partition(": ") for line in last)}
