"""The guards on pull requests and pushes: what may never be merged is shown on its line (rows G1, R8)."""

from __future__ import annotations

import pytest

from bot.model.subject import pull as pull_subject
from bot.sandbox.setting import Files
from bot.sandbox.state import CheckRun, Pull
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town

CHECK = "lockstep: main / guards"
SUMMARY = "lockstep: main"
RULES_FILE = "promotion/promotion-rules.yaml"
DIGEST = "a" * 64
SAFE = f"""\
services:
  api:
    image: ghcr.io/splattop/api@sha256:{DIGEST}
    environment:
      AUTOHEAL_ENABLED: 'false'
"""
UNSAFE = SAFE.replace("'false'", "${HEAL:-on}")
NO_LATEST = """\
package main

import rego.v1

deny contains {"msg": "replicas must be two or more", "path": ["spec", "replicas"]} if input.spec.replicas < 2
"""
DEPLOYMENT = f"""\
apiVersion: apps/v1
kind: Deployment
spec:
  replicas: 1
  template: {{spec: {{containers: [{{image: "ghcr.io/splattop/api@sha256:{DIGEST}"}}]}}}}
"""


def based(bot: Bot, town: Town, files: Files) -> None:
    """The default branch holds these files."""
    town.github.push("splattop/config", "main", files, by="ana")
    bot.settles()


def proposed(bot: Bot, town: Town, files: Files) -> Pull:
    """Somebody proposes to change these files."""
    town.github.push("splattop/config", "change", files, by="ana")
    pull = town.github.open_pull("splattop/config", "change", by="ana")
    bot.settles()
    return pull


def told(check: CheckRun) -> list[tuple[str, int, str]]:
    return [(each["path"], each["start_line"], each["annotation_level"]) for each in check.annotations]


def test_a_pull_request_that_switches_autoheal_on_fails_on_its_line_and_turns_green_when_mended(
    bot: Bot, town: Town
):
    pull = proposed(bot, town, {"ops/docker-compose.yml": UNSAFE})
    assert town.check(pull, CHECK) == ("completed", "failure")
    assert town.check(pull, SUMMARY) == ("completed", "failure")
    assert told(town.checks(pull)[CHECK]) == [("ops/docker-compose.yml", 5, "failure")]

    town.github.push("splattop/config", "change", {"ops/docker-compose.yml": SAFE}, by="ana")
    bot.settles()
    assert town.check(pull, CHECK) == ("completed", "success")
    assert town.check(pull, SUMMARY) == ("completed", "success")

    with town.expect_no_writes():
        bot.sweeps()


def test_a_head_is_read_and_judged_once(bot: Bot, town: Town):
    pull = proposed(bot, town, {"ops/docker-compose.yml": UNSAFE})
    before = len(town.github.requests)
    bot.works_on(subject_of(bot, pull))
    questions = [each for each in town.github.requests[before:] if each.operation == "Files"]
    assert questions == []


def test_a_promotion_costs_no_request_more_and_is_told_that_nothing_was_found(bot: Bot, town: Town):
    town.release(api="b")
    bot.settles()
    pull = town.pull("dev", "closed")
    assert town.check(pull, CHECK) == ("completed", "success")
    assert [each for each in town.github.requests if each.operation == "Files"] == []


def test_a_promotion_into_a_values_file_with_another_image_by_tag_is_held_and_cannot_be_overridden(
    bot: Bot, town: Town
):
    based(bot, town, {"helm/values-dev.yaml": values().decode() + "cache:\n  image: redis:7\n"})
    town.release(api="b")
    bot.settles()
    pull = town.pull("dev")
    assert town.check(pull, CHECK) == ("completed", "failure")
    (place,) = told(town.checks(pull)[CHECK])
    assert place[0] == "helm/values-dev.yaml"
    town.github.comment(pull, "ana", "/override guards reason: we are late")
    bot.settles()
    assert town.check(pull, CHECK) == ("completed", "failure")
    assert pull.state == "open"


def test_a_pull_request_cannot_change_the_guards_in_its_own_favour(bot: Bot, town: Town):
    lax = RULES + "guards: {autoheal_disabled: off, ignore: ['ops/**']}\n"
    pull = proposed(bot, town, {RULES_FILE: lax, "ops/docker-compose.yml": UNSAFE})
    assert town.check(pull, CHECK) == ("completed", "failure")
    assert told(town.checks(pull)[CHECK]) == [("ops/docker-compose.yml", 5, "failure")]


def test_a_guard_that_the_default_branch_switches_off_is_silent(bot: Bot, town: Town):
    based(bot, town, {RULES_FILE: RULES + "guards: {autoheal_disabled: off}\n"})
    pull = proposed(bot, town, {"ops/docker-compose.yml": UNSAFE})
    assert town.check(pull, CHECK) == ("completed", "success")


def test_the_teams_own_guard_of_the_default_branch_counts_and_a_broken_one_hides_nothing(
    bot: Bot, town: Town
):
    based(
        bot,
        town,
        {
            RULES_FILE: RULES + "guards: {directory: policy}\n",
            "policy/replicas.rego": NO_LATEST,
            "policy/broken.rego": "package main\n\ndeny contains msg if {\n",
        },
    )
    pull = proposed(bot, town, {"k8s/api.yaml": DEPLOYMENT, "policy/replicas.rego": "package main\n"})
    assert town.check(pull, CHECK) == ("completed", "failure")
    notes = town.checks(pull)[CHECK].annotations
    assert [(each["path"], each["start_line"], each["title"]) for each in notes] == [
        ("k8s/api.yaml", 4, "replicas"),
        ("policy/broken.rego", 3, "broken"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("services: {a: [\n", 2),
        ("services: {}\nservices: {}\n", 2),
        ("a: &a [x, y]\nb: &b [*a, *a]\nc: [*b, *b]\na: 1\n", 4),
    ],
    ids=["not YAML", "a key twice", "a bomb with a key twice"],
)
def test_case_49_what_cannot_be_read_is_found_with_its_line(bot: Bot, town: Town, text: str, line: int):
    pull = proposed(bot, town, {"ops/compose.yaml": text})
    assert town.check(pull, CHECK) == ("completed", "failure")
    assert told(town.checks(pull)[CHECK]) == [("ops/compose.yaml", line, "failure")]


def test_a_pull_request_about_prose_has_no_such_check_run(bot: Bot, town: Town):
    pull = proposed(bot, town, {"docs/a.md": "# AUTOHEAL_ENABLED=true is forbidden\n"})
    assert CHECK not in town.checks(pull)


def test_a_push_to_the_default_branch_is_judged_and_reported_once(bot: Bot, town: Town):
    sha = town.github.push("splattop/config", "main", {"ops/docker-compose.yml": UNSAFE}, by="ana")
    bot.settles()
    check = town.github.checks("splattop/config", sha)[CHECK]
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert told(check) == [("ops/docker-compose.yml", 5, "failure")]
    assert len(bot.ledger("guards_denied")) == 1

    with town.expect_no_writes():
        bot.sweeps()


def test_a_secret_is_never_repeated(bot: Bot, town: Town):
    token = "ghp_" + "A1b2" * 9
    pull = proposed(bot, town, {"ops/notes.txt": f"token: {token}\n"})
    check = town.checks(pull)[CHECK]
    assert check.conclusion == "failure"
    shown = str(check.output) + str(check.annotations) + str(bot.ledger("guards_denied"))
    assert token not in shown


def subject_of(bot: Bot, pull: Pull) -> str:
    (installation,) = bot.works.installations()
    (repository,) = bot.store.repositories.config_of(installation)
    return str(pull_subject(installation, repository.id, pull.number))
