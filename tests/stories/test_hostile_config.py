"""What stands in the config repository and is meant to hurt: rules and values files that lead elsewhere, or that no
parser survives (attack cases 38, 49 and 50). Nothing is opened or read on their word, the check fails with the line,
the ledger has one row, and what comes after them is worked on as ever."""

from __future__ import annotations

import json
import time
from urllib.parse import unquote

import pytest

from bot.sandbox.door import HttpRequest
from tests.adapters.rules.test_hostile_bytes import ALIASES, MERGES
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_ledger_rows import only

RULES_FILE = "promotion/promotion-rules.yaml"
LINE = f"{RULES_FILE}:"


def pushed(town: Town, rules: str) -> str:
    return town.github.push("splattop/config", "main", {RULES_FILE: rules}, by="ana")


def expect_mended(bot: Bot, town: Town) -> None:
    """A following valid delivery is processed normally."""
    pushed(town, RULES)
    town.release(api="b")
    bot.settles().waits(60)
    assert digest("b") in town.values("dev")


HURT = {
    "unparsable": "version: 1\nsources: [\n",
    "a key twice": RULES.replace("version: 1\n", "version: 1\nversion: 1\n"),
    "an unknown field": RULES.replace("    merge: auto\n", "    merge: auto\n    marge: auto\n"),
    "alias bomb": ALIASES,
    "merge-key bomb": MERGES,
}


@pytest.mark.parametrize("hurt", HURT)
def test_case_49_rules_that_cannot_be_read_fail_with_their_line_and_nothing_of_before_counts(
    bot: Bot, town: Town, hurt: str
):
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    assert town.check(staging, "lockstep: main / config") == ("completed", "success")
    head = pushed(town, HURT[hurt])
    town.github.review(staging, "ana")
    began = time.monotonic()
    bot.settles().waits(60)
    town.release(api="c")
    bot.settles()
    assert time.monotonic() - began < 60

    assert town.check(staging) == ("completed", "failure")
    assert not staging.merged
    shown = town.checks(staging)["lockstep: main / config"].output
    assert LINE in shown["title"] + shown["summary"]
    assert town.pulls("open") == [staging]
    assert digest("c") not in town.values("dev")
    row = only(bot, "rules_invalid")
    assert row.reason.startswith(LINE)
    assert row.repository_id == town.github.repo("splattop/config").id
    assert row.head_sha == head
    assert row.delivery_id
    with town.expect_no_writes():
        bot.sweeps()
    expect_mended(bot, town)
    pushed(town, HURT[hurt])
    bot.settles().waits(60)
    assert len(bot.ledger("rules_invalid")) == 2


@pytest.mark.parametrize(
    "path",
    [
        "../x.yaml",
        "/etc/x.yaml",
        ".github/workflows/ci.yml",
        ".git/config",
        "%2e%2e/x.yaml",
        "-flag",
        "helm/a\0.yaml",
    ],
)
def test_case_50_a_path_that_leads_elsewhere_makes_the_rules_invalid_and_is_never_asked_for(
    bot: Bot, town: Town, path: str
):
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    pushed(town, RULES.replace("{file: helm/values-dev.yaml,", f"{{file: {json.dumps(path)},"))
    asked: list[HttpRequest] = []
    town.github.on_exchange(lambda request, _: asked.append(request))
    town.release(api="c")
    bot.settles().waits(60)
    town.github.label(staging, "ana", "seen")
    bot.settles().sweeps()
    assert asked
    variable = json.dumps(path).encode()  # as GraphQL asks for a file
    assert [each for each in asked if variable in each.body or path in unquote(each.path)] == []
    assert town.check(staging) == ("completed", "failure")
    assert town.pulls("open") == [staging]
    assert only(bot, "rules_invalid").reason.startswith(LINE)


@pytest.mark.parametrize(
    "repository",
    [
        "ghcr.io.evil.tld/splattop/api",
        "ghcr.io@evil/splattop/api",
        "ghcr.io/splattop-evil/api",
        "ghcr.io:8443/splattop/api",
        "ghсr.io/splattop/api",
    ],
    ids=["another domain", "user", "another organisation", "port", "Cyrillic"],
)
def test_case_38_a_values_file_with_a_look_alike_is_not_bumped(bot: Bot, town: Town, repository: str):
    real = town.values("dev")
    fake = real.replace("ghcr.io/splattop/api", repository)
    assert fake != real
    town.github.push("splattop/config", "main", {"helm/values-dev.yaml": fake}, by="ana")
    bot.settles().waits(60)
    town.release(api="a")
    bot.settles()
    assert town.pulls("all") == []
    assert town.values("dev") == fake
    row = only(bot, "proposal")
    assert repository in row.reason
    assert "ghcr.io/splattop/api" in row.reason
    assert row.repository_id == town.github.repo("splattop/config").id
    with town.expect_no_writes():
        bot.sweeps()
    town.github.push("splattop/config", "main", {"helm/values-dev.yaml": real}, by="ana")
    town.release(api="b")
    bot.settles().waits(60)
    assert digest("b") in town.values("dev")
