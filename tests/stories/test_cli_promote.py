"""`lockstep promote`: the same way through as `/promote`, from a terminal (rows P4, P5)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stories.cast import Bot, Town
from tests.stories.terminal import Said, Terminal
from tests.stories.test_cli_gates import by_hand
from tests.stories.test_gates import GOOD, MEASURED, built, demand, lcov

ASK = ("promote", "--from", "dev", "--to", "staging")


@pytest.fixture
def ready(bot: Bot, town: Town) -> Town:
    """dev runs a release that staging waits to be asked for."""
    by_hand(town)
    town.release(api="a", web="b")
    bot.settles()
    assert town.pulls() == []
    return town


@contextmanager
def working(bot: Bot) -> Iterator[None]:
    """A worker beside the terminal; both wait for each other, so time goes on."""
    bot.town.github.world.clock.resume()
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            bot.settles()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)


def asks(terminal: Terminal, by: str, *words: str, **variables: str) -> Said:
    """Somebody promotes to staging with a token of their own."""
    token = terminal.bot.town.github.user_token(by)
    return terminal.runs(*ASK, *words, GITHUB_TOKEN=token, **variables)


@pytest.mark.parametrize("spelled", ["option", "variable"])
def test_a_dry_run_prints_everything_and_writes_nothing(ready: Town, terminal: Terminal, spelled: str):
    with terminal.expect_nothing_written():
        said = (
            terminal.runs(*ASK, "--dry-run") if spelled == "option" else terminal.runs(*ASK, DRY_RUN="true")
        )
    assert said.code == 0, said.err
    assert "open_pull: Promote api 7.0.0, web 7.0.0 to staging" in said.out
    assert "labels automation:release-bump, env:staging" in said.out
    assert "+++ b/helm/values-staging.yaml" in said.out
    assert "wait: approvals (waits for a person): Waits for the approval of 1 of platform" in said.out


def test_a_dry_run_for_machines_lists_actions_and_files(ready: Town, terminal: Terminal):
    answer = terminal.runs(*ASK, "--dry-run", "--json").json
    (promotion,) = answer["promotions"]
    assert (answer["dry_run"], answer["ok"]) == (True, True)
    assert promotion["actions"][0].startswith("open_pull: ")
    assert promotion["files"] == ["helm/values-staging.yaml"]


def test_a_person_s_request_opens_the_pull_request_in_their_name(bot: Bot, ready: Town, terminal: Terminal):
    said = asks(terminal, "ana")
    assert said.code == 0, said.err
    bot.settles()
    assert "Asked for by `ana`" in ready.pull("staging").body
    rows = [each.entry for each in bot.store.ledger.rows(event="command_promote")]
    assert [(each.decision, each.actor_login, each.details["door"]) for each in rows] == [
        ("done", "ana", "terminal")
    ]


def test_waiting_follows_it_until_it_is_open(bot: Bot, ready: Town, terminal: Terminal):
    with working(bot):
        said = asks(terminal, "ana", "--wait", "opened", "--timeout", "60", "web")
    assert said.code == 0, said.err
    assert ready.pull("staging").title == "Promote web 7.0.0 to staging"
    assert said.out.strip() == f"#{ready.pull('staging').number}: Promote web 7.0.0 to staging"


def test_an_open_pull_request_is_found_and_not_opened_again(bot: Bot, ready: Town, terminal: Terminal):
    asks(terminal, "ana")
    bot.settles()
    with working(bot):
        answer = asks(terminal, "ana", "--wait", "opened", "--timeout", "60", "--json").json
    assert [each["number"] for each in answer["pulls"]] == [ready.pull("staging").number]
    assert answer["asked_by"] == "ana"


def test_a_source_that_is_meant_alone_is_asked_for_by_its_components(
    bot: Bot, ready: Town, terminal: Terminal
):
    said = asks(terminal, "ana", "--source", "app")
    assert said.code == 0, said.err
    (request,) = bot.store.requests.open_for(
        bot.store.repositories.config_of(_installation(bot))[0].id, "staging"
    )
    assert sorted(request.components) == ["api", "web"]


def _installation(bot: Bot) -> int:
    return bot.works.installations()[0]


def test_case_71_who_may_not_promote_from_the_command_line_is_told_who_may(
    bot: Bot, ready: Town, terminal: Terminal
):
    said = asks(terminal, "ben")
    assert said.code == 1
    assert "`/promote` needs write permission on this repository, and ben has read" in said.err
    bot.settles()
    assert ready.pulls() == []
    assert bot.ledger("command_promote")[0][0] == "refused"


def test_without_a_worker_the_wait_ends_with_exit_code_3(ready: Town, terminal: Terminal):
    said = asks(terminal, "ana", "--wait", "opened", "--timeout", "1")
    assert said.code == 3
    assert "Is a worker running?" in said.err


def test_a_workflow_s_own_token_is_refused_with_the_way_out(bot: Bot, ready: Town, terminal: Terminal):
    installation = next(iter(ready.github.world.installations.values()))
    from bot.sandbox.auth import mint

    with ready.github.world.lock:
        token = mint(ready.github.world, installation, {}).value
    said = terminal.runs(*ASK, GITHUB_TOKEN=token)
    assert said.code == 2
    assert "A workflow's own GITHUB_TOKEN never does" in said.err
    assert token not in said.err + said.out


@pytest.mark.parametrize(
    ("words", "variables", "says"),
    [
        ((), {}, "Who asks? Set GITHUB_TOKEN"),
        ((), {"GITHUB_TOKEN": "ghp_wrong"}, "GitHub does not accept the token"),
        (("--token-file", "/nowhere"), {}, "--token-file /nowhere cannot be read"),
        ((), {"DRY_RUN": "flase"}, "DRY_RUN is 'flase'; say true or false."),
        ((), {"AUTO_APPROVE": "2"}, "AUTO_APPROVE is '2'; say true or false."),
        (("--skip-validation",), {}, "--skip-validation needs a reason in words"),
        ((), {"SKIP_VALIDATION": "true", "REASON": "\u200b…"}, "--skip-validation needs a reason in words"),
    ],
)
def test_a_wrong_call_is_exit_code_2_and_says_what_to_do(
    ready: Town, terminal: Terminal, words, variables, says
):
    with terminal.expect_nothing_written():
        said = terminal.runs(*ASK, *words, **variables)
    assert (said.code, says in said.err) == (2, True), said.err


def test_a_token_may_come_from_a_file(bot: Bot, ready: Town, terminal: Terminal, tmp_path: Path):
    (tmp_path / "token").write_text(ready.github.user_token("ana") + "\n")
    said = terminal.runs(*ASK, "--token-file", str(tmp_path / "token"))
    assert said.code == 0, said.err


def test_who_asked_cannot_approve_it_too_and_is_told(bot: Bot, ready: Town, terminal: Terminal):
    with working(bot):
        said = asks(terminal, "ana", "--auto-approve", "--timeout", "60")
    assert said.code == 1, said.err
    assert "ana asked for this promotion" in said.err
    assert ready.pull("staging").state == "open"


def test_what_somebody_else_asked_for_is_approved_and_merged(bot: Bot, town: Town, terminal: Terminal):
    town.release(api="a")
    bot.settles()
    number = town.pull("staging").number
    with working(bot):
        said = asks(terminal, "ana", "--wait", "merged", "--timeout", "90", AUTO_APPROVE="true")
    assert said.code == 0, said.err
    assert f"#{number} is merged." in said.err


def test_skipping_validation_is_an_override_with_its_ledger_row(bot: Bot, town: Town, terminal: Terminal):
    demand(town, MEASURED)
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}})
    bot.settles()
    with working(bot):
        said = asks(terminal, "ana", "--skip-validation", "--reason", "INC-42: hot", "--timeout", "60")
    assert said.code == 0, said.err
    assert "`coverage` is set aside" in said.err
    assert bot.ledger("override") == [("done", "INC-42: hot")]
    gates = terminal.runs("gates", "--to", "staging")
    assert "Set aside by ana until" in gates.out
    assert gates.code == 0


def test_case_71_a_role_that_may_not_override_is_refused_from_the_command_line_too(
    bot: Bot, town: Town, terminal: Terminal
):
    demand(town, MEASURED, top="commands: {override: [platform]}\n")
    town.github.grant("dev", "splattop/config", "write")
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}})
    bot.settles()
    with working(bot):
        said = asks(terminal, "dev", "--timeout", "60", SKIP_VALIDATION="true", REASON="in a hurry")
    assert said.code == 1
    assert "is for the role platform, and dev is not in it" in said.err
    assert bot.ledger("command_override")[0][0] == "refused"
