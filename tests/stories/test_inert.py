"""Other people's words in everything that Lockstep writes on GitHub: nothing in them acts (attack case 92)."""

from __future__ import annotations

import json

import pytest

from bot.decide.names import STORY_MARKER
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.inert import EVIL, acting, plain_texts, written
from tests.stories.test_approvals import RULES_FILE, ruled
from tests.stories.test_dispatch import send
from tests.stories.test_gates import GOOD, built, demand, lcov

LOW = {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}}


@pytest.fixture
def low(bot: Bot, town: Town) -> Pull:
    """Staging's pull request is held by a gate that somebody may set aside."""
    demand(town, "coverage: {min_percent: 70}", top="commands: {override: [platform]}\n")
    built(town, LOW)
    bot.settles()
    town.github.advance(5)
    return town.pull("staging")


def shown(town: Town) -> str:
    """All that the bot has written."""
    return "\n".join(text for _, text in (*written(town), *plain_texts(town)))


def inert(bot: Bot, town: Town, *, tells: str | None = "inside") -> None:
    """The words are told, nothing in them acts, also when it is looked at again, and that is quiet in the end."""
    if tells is not None:
        assert tells in shown(town)
    assert acting(town) == []
    bot.sweeps()
    with town.expect_no_writes():
        bot.sweeps()


def test_case_92_the_oracle_sees_words_that_act(bot: Bot, town: Town):
    town.github.push("splattop/config", "docs", {"README.md": "hello"}, by="ana")
    pull = town.github.open_pull("splattop/config", "docs", by="ana")
    bot.settles()
    run = town.checks(pull)["lockstep: main"]
    run.output = {"title": EVIL, "summary": f"| a |\n|---|\n| {EVIL} |\n\n{EVIL}"}
    said = " ".join(acting(town))
    for each in (
        "@org-evil",
        "#777",
        "GH-777",
        "www.evil",
        "forged",
        "HTML",
        "image",
        "link_open",
        "a cell is",
    ):
        assert each in said


@pytest.mark.parametrize(
    "command",
    [
        "/override coverage reason: ",
        '/override coverage --reason "x ',
        "/hold reason: ",
        "/hold staging reason: ",
        "/hold ",
        "/override ",
        "/override cancel ",
        "/promote ",
        "/promote staging ",
        "/rollback api to:",
        "/rollback ",
        "/hotfix ",
        "/help ",
        "/status ",
        "/prommote ",
    ],
)
def test_case_92_words_of_a_command_do_nothing(bot: Bot, town: Town, low: Pull, command: str):
    town.github.comment(low, "ana", command + EVIL)
    bot.settles()
    town.github.advance(60)
    town.github.comment(low, "ana", "/status")
    bot.settles()
    inert(bot, town, tells=None)


def test_case_92_the_reason_of_an_override_does_nothing_where_it_is_told(bot: Bot, town: Town, low: Pull):
    town.github.comment(low, "ana", f"/override coverage reason: {EVIL}")
    bot.settles()
    inert(bot, town)
    town.github.advance(60)
    town.github.join("splattop/platform", "ben")
    town.github.grant("ben", "splattop/config", "write")
    town.github.review(low, "ben")
    bot.settles()
    assert low.merged
    inert(bot, town)


def test_case_92_a_hold_s_reason_does_nothing_on_the_pull_requests_that_it_holds(
    bot: Bot, town: Town, low: Pull
):
    town.github.comment(low, "ana", f"/hold staging reason: {EVIL}")
    town.github.comment(low, "ana", f"/hold dev reason: {EVIL}")
    bot.settles()
    town.release(api="b")
    bot.settles()
    inert(bot, town)


def test_case_92_commit_messages_of_the_app_repository_do_nothing(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    for message in (EVIL, f"Mend it\n\n{EVIL}"):
        town.github.push("splattop/app", "main", {"x": message}, by="dev", message=message)
    town.release(api="b")
    bot.settles()
    inert(bot, town)
    assert STORY_MARKER not in town.pull("staging").body


@pytest.mark.parametrize(
    "entries",
    [
        {EVIL: {"tag": "1.0.0", "digest": digest("b")}},
        {"api": {"tag": EVIL, "digest": digest("b")}},
        {"api": {"tag": "1.0.0", "digest": EVIL}},
        {"api": {"tag": "1.0.0", "digest": digest("b"), "image": f"ghcr.io/{EVIL}"}},
        {"api": {"tag": "1.0.0", "digest": digest("b"), EVIL: EVIL}},
    ],
    ids=["component", "tag", "digest", "image", "field"],
)
def test_case_92_what_an_artifact_says_does_nothing(bot: Bot, town: Town, entries: dict[str, dict[str, str]]):
    sha = town.github.push("splattop/app", "main", {"VERSION": "9"}, by="dev")
    run = town.started(sha)
    full = {name: {"sha": sha[:7], **entry} for name, entry in entries.items()}
    town.github.finish_run(
        run, "success", {"component-tags": {"component-tags.json": json.dumps(full).encode()}}
    )
    bot.settles()
    inert(bot, town, tells="lockstep: release")


@pytest.mark.parametrize("kind", ["check", "status"])
@pytest.mark.parametrize("conclusion", ["failure", None])
def test_case_92_names_of_other_people_s_checks_do_nothing(
    bot: Bot, town: Town, kind: str, conclusion: str | None
):
    ruled(bot, town, RULES.replace("    required_checks: [helm-lint]\n", "", 1))
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    head = town.pull("dev").head_sha
    if kind == "check":
        town.github.check("splattop/config", head, EVIL[:200], conclusion, summary=EVIL)
    else:
        town.github.status("splattop/config", head, EVIL[:200], conclusion or "pending", by="ana")
    bot.settles().sweeps()
    inert(bot, town)


def test_case_92_a_required_check_s_name_does_nothing(bot: Bot, town: Town):
    named = json.dumps(EVIL[:100])
    ruled(bot, town, RULES.replace("required_checks: [helm-lint]", f"required_checks: [{named}]"))
    town.release(api="a")
    bot.settles()
    inert(bot, town)


@pytest.mark.parametrize(
    "rules",
    [
        f"version: 1\n{json.dumps(EVIL)}: 1\n",
        RULES + json.dumps(EVIL) + ": {}\n",
        RULES.replace("[helm-lint]", f"[{{name: x, {json.dumps(EVIL)}: 1}}]", 1),
        RULES.replace("helm/values-dev.yaml", f"helm/{EVIL}".replace('"', "").replace("|", "")),
        RULES.replace("{role: platform,", f"{{role: {json.dumps(EVIL)},"),
        f"version: {json.dumps(EVIL)}\n",
        f"%{EVIL}",
    ],
)
def test_case_92_invalid_rules_are_told_without_acting(bot: Bot, town: Town, rules: str):
    town.release(api="a")
    bot.settles()
    town.github.push("splattop/config", "rules", {RULES_FILE: rules}, by="ana")
    town.github.open_pull("splattop/config", "rules", by="ana", title=EVIL, body=EVIL)
    bot.settles()
    town.github.push("splattop/config", "main", {RULES_FILE: rules}, by="root", message=EVIL)
    bot.settles().waits(30)
    town.github.comment(town.pull("staging"), "ana", "/promote staging")
    bot.settles()
    inert(bot, town, tells=None)


@pytest.mark.parametrize(
    "line",
    [
        "helm/ @org-evil/all @someone-evil\n",
        "helm/ <!--@org-evil/all-->\n",
        "helm/ ![p](https://evil.tld/p.png)\n",
        "helm/ fixes#777@evil.tld\n",
    ],
)
def test_case_92_lines_of_codeowners_do_nothing(bot: Bot, town: Town, line: str):
    ruled(bot, town, RULES, {".github/CODEOWNERS": line})
    town.release(api="a")
    bot.settles()
    town.github.review(town.pull("staging"), "ana")
    bot.settles()
    assert not town.pull("staging").merged
    inert(bot, town, tells=None)


def test_case_92_branches_titles_and_files_of_a_person_s_pull_request_do_nothing(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    branch = "inside-@org-evil|#777-GH-777-`inside`-www.evil.tld"
    files = {
        "helm/values-staging.yaml": "{",
        f"x/{branch}": "x",
        ".github/CODEOWNERS": f"* @org-evil/{'x'}\n",
    }
    town.github.push("splattop/config", branch, files, by="ana", message=EVIL)
    town.github.open_pull("splattop/config", branch, by="ana", title=EVIL, body=EVIL)
    bot.settles()
    pull = town.pull("staging")
    town.github.push("splattop/config", pull.head_ref, {f"helm/{branch}": "x"}, by="ana", message=EVIL)
    town.github.review(pull, "ana", event="REQUEST_CHANGES", body=EVIL)
    bot.settles()
    town.github.push("splattop/config", "main", {f"promotion/{branch}": "x"}, by="root", message=EVIL)
    bot.settles().waits(30)
    inert(bot, town, tells=None)


def test_case_92_what_github_says_when_it_refuses_does_nothing(bot: Bot, town: Town):
    town.github.faults.fails(405, path_pattern="/merge$", message=EVIL, times=None)
    town.release(api="a")
    bot.settles()
    inert(bot, town)


@pytest.mark.parametrize("where", ["to", "from", "components", "more"])
def test_case_92_what_a_dispatch_says_does_nothing(bot: Bot, town: Town, where: str):
    asked = {"to": "staging", where: [EVIL] if where == "components" else EVIL}
    send(town, "ana", asked)
    bot.settles()
    inert(bot, town, tells="lockstep: promote")
