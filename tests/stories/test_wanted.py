"""A component of another source than the one that is meant is refused, and never read as "all of them"."""

from __future__ import annotations

from tests.stories.cast import Bot, Town
from tests.stories.terminal import Terminal

SECOND = """\
  - {repository: splattop/lib, workflow: .github/workflows/build.yml, components: {db: {image: ghcr.io/splattop/db}}}
roles:"""


def test_a_component_of_another_source_is_a_wrong_call(bot: Bot, town: Town, terminal: Terminal):
    rules = (town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml") or b"").decode()
    text = rules.replace("roles:", SECOND, 1)
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": text}, by="ana")
    bot.settles()
    token = town.github.user_token("ana")
    with terminal.expect_nothing_written():
        said = terminal.runs("promote", "--to", "staging", "--source", "app", "db", GITHUB_TOKEN=token)
    assert (said.code, said.err.strip()) == (
        2,
        "`db` is not a component of the source app (promotion/promotion-rules.yaml).",
    )
