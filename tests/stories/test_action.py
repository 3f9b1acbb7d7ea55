"""The ready action for workflows: its one step, run as a runner would run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stories.cast import Bot, Town
from tests.stories.test_cli_gates import by_hand

FILE = Path(__file__).parents[2] / "actions/promote/action.yml"


def step() -> dict[str, Any]:
    (found,) = yaml.safe_load(FILE.read_text())["runs"]["steps"]
    return dict(found)


def run(town: Town, by: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The step's script, with the inputs as its variables."""
    variables = {
        "GH_TOKEN": town.github.user_token(by),
        "API": town.github.api_url,
        "REPOSITORY": "splattop/config",
        "FROM_ENV": "dev",
        "TO_ENV": "staging",
        "COMPONENTS": "",
        "DRY_RUN": "false",
        **inputs,
    }
    assert (step()["shell"], set(step()["env"])) == ("python3 {0}", set(variables))
    return subprocess.run(
        [sys.executable, "-c", step()["run"]],
        env=variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def ready(bot: Bot, town: Town) -> Town:
    """dev runs a release that staging waits to be asked for."""
    by_hand(town)
    town.release(api="a", web="b")
    bot.settles()
    return town


def test_the_action_opens_the_pull_request_for_the_token_s_person(bot: Bot, ready: Town):
    ended = run(ready, "ana", COMPONENTS="web")
    assert ended.returncode == 0, ended.stderr
    bot.settles()
    assert ready.pull("staging").title == "Promote web 7.0.0 to staging"
    assert "Asked for by `ana`" in ready.pull("staging").body


def test_what_an_input_holds_is_data_and_never_code():
    assert "${{" not in step()["run"]


def test_a_token_that_may_not_write_fails_the_step(bot: Bot, ready: Town):
    ended = run(ready, "ben")
    assert ended.returncode == 1
    assert ended.stderr.startswith("GitHub answered 403")
