"""What the doctor makes of its findings: each failure a sentence with a next step, and the exit code (row G9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decide.doctor import exit_code, report
from bot.model.doctor import (
    Config,
    Failed,
    Findings,
    Hook,
    Identity,
    Installed,
    Line,
    Protection,
    Service,
    State,
    Trouble,
)
from bot.model.policy import RulesError
from bot.model.snapshot import PolicyResult
from bot.model.tidings import ChannelState

SILENT = Trouble(why="nobody answered", silent=True)
REFUSED = Trouble(why="it refuses")
APP = Identity(
    id=7, slug="lockstep", name="Lockstep", permissions={"checks": "write"}, events=("push",), skew=1.0
)
HOOK = Hook(url="https://l.io/webhook", content_type="json", verifies_tls=True, has_secret=True)
CHANNEL = ChannelState(repository_id=1, name="oncall", kind="slack")
QUEUE = {"workers_alive": 2.0, "jobs_waiting": 1.0}
CONFIG = Config(
    repository="o/config",
    branch="main",
    rules=PolicyResult(
        policy=None, errors=(RulesError(file="r.yaml", line=3, column=1, key="x", message="is unknown"),)
    ),
    owners="CODEOWNERS",
    owner_errors={},
    protection=Protection(protected=True, checks=(("lockstep: main", 7),), pull_requests=True),
    teams={},
)
OPEN = Protection(protected=True, checks=(("lockstep: main", 7),), pull_requests=False)
ACCOUNT = Installed(
    id=1, account="o", suspended=False, allowed=True, permissions={"checks": "write"}, configs=()
)
SOUND = Findings(
    database="answers",
    queue=QUEUE,
    app_id=7,
    wanted_permissions={"checks": "write"},
    least_permissions={"checks": "write"},
    wanted_events=("push",),
    identity=APP,
    hook=HOOK,
    failed=Failed(by_status={}),
    installed=(),
    services=(Service(name="Slack", setting="SLACK_WEBHOOK_URL", used=True, said="the webhook answers"),),
)


def of(found: Findings, check: str) -> list[Line]:
    return [each for each in report(found) if each.check == check]


def says(found: Findings, check: str) -> str:
    """The words of the one wrong line of that name; it has a next step."""
    (line,) = (each for each in of(found, check) if each.state is State.WRONG)
    assert line.next_step
    return line.says


@pytest.mark.parametrize(
    ("changed", "check", "said"),
    [
        ({"database": REFUSED}, "database", "it refuses"),
        ({"queue": {**QUEUE, "workers_alive": 0.0}}, "worker", "no worker is alive"),
        (
            {"queue": {**QUEUE, "deliveries_oldest_pending_seconds": 1200.0}},
            "deliveries",
            "a delivery has waited for 20 minutes",
        ),
        (
            {"queue": {**QUEUE, "subjects_parked": 1.0}},
            "parked",
            "1 subject is parked after repeated failures",
        ),
        (
            {"channels": (replace(CHANNEL, trouble="Slack answered 410", waiting=2),)},
            "oncall",
            "Slack answered 410; 2 messages wait",
        ),
        ({"channels": (replace(CHANNEL, dropped=3),)}, "oncall", "3 given up within a day; 0 messages wait"),
        ({"channels": REFUSED}, "channels", "it refuses"),
        ({"identity": replace(APP, id=8)}, "App", "the key belongs to App 8, not to 7"),
        (
            {"identity": replace(APP, skew=-45.0)},
            "clock",
            "this machine's clock is 45 s behind GitHub's",
        ),
        (
            {"identity": replace(APP, permissions={})},
            "permission checks",
            "not granted; app.yml asks for write",
        ),
        (
            {"identity": replace(APP, events=())},
            "event push",
            "not subscribed: GitHub does not tell of it",
        ),
        ({"hook": replace(HOOK, url="")}, "webhook", "the App has no webhook address"),
        (
            {"hook": replace(HOOK, content_type="form")},
            "webhook content type",
            "events come as form, which Lockstep refuses",
        ),
        (
            {"hook": replace(HOOK, verifies_tls=False)},
            "webhook TLS",
            "GitHub does not verify the certificate",
        ),
        (
            {"hook": replace(HOOK, has_secret=False)},
            "webhook secret",
            "the App signs no event, so every one is refused",
        ),
        (
            {"failed": Failed(by_status={0: 2, 502: 1}, last="2026-01-02 03:04 UTC")},
            "deliveries",
            "3 deliveries failed, the last at 2026-01-02 03:04 UTC (no answer: 2, 502: 1)",
        ),
        ({"installed": ()}, "installations", "the App is installed nowhere"),
        ({"installed": (replace(ACCOUNT, suspended=True),)}, "installation o", "suspended"),
        (
            {"installed": (replace(ACCOUNT, permissions={"checks": "read"}),)},
            "installation o",
            "has not accepted checks",
        ),
        (
            {"installed": (ACCOUNT,)},
            "config repository",
            "no repository that the App sees holds promotion/promotion-rules.yaml",
        ),
        ({"installed": (replace(ACCOUNT, configs=(CONFIG,)),)}, "rules", "r.yaml:3:1: x: is unknown"),
        (
            {
                "installed": (
                    replace(ACCOUNT, configs=(replace(CONFIG, owner_errors={4: ("Unknown owner",)}),)),
                )
            },
            "CODEOWNERS",
            "CODEOWNERS:4: Unknown owner",
        ),
        (
            {"installed": (replace(ACCOUNT, configs=(replace(CONFIG, protection=OPEN),)),)},
            "protected branch",
            "o/config's branch main takes direct pushes",
        ),
        (
            {"installed": (replace(ACCOUNT, configs=(replace(CONFIG, teams={"o/qa": 0}),)),)},
            "team o/qa",
            "it has no members, so nobody fills the role",
        ),
        (
            {"services": (Service(name="promtool", setting="promtool", used=False, needed_by="a check"),)},
            "promtool",
            "promtool is missing, and a check asks for it",
        ),
    ],
)
def test_each_failure_is_a_sentence_of_its_own_with_a_next_step(
    changed: dict[str, object], check: str, said: str
) -> None:
    found = replace(SOUND, **changed)
    assert says(found, check) == said
    assert exit_code(report(found)) == 1


SILENCE = {
    "database": SILENT,
    "queue": SILENT,
    "identity": SILENT,
    "hook": SILENT,
    "failed": SILENT,
    "installed": SILENT,
    "services": (Service(name="Argo CD", setting="ARGOCD_SERVER", used=True, said=SILENT),),
}


@pytest.mark.parametrize("part", SILENCE)
def test_a_part_that_does_not_answer_is_wrong_and_alone_ends_with_3(part: str) -> None:
    whole = replace(SOUND, installed=(replace(ACCOUNT, configs=(sound_config(),)),))
    assert exit_code(report(whole)) == 0
    found = replace(whole, **{part: SILENCE[part]})
    assert exit_code(report(found)) == 3


def sound_config() -> Config:
    return replace(CONFIG, rules=PolicyResult(policy=None, errors=()))


def test_a_wrong_setting_ends_with_2_whatever_else_is_wrong() -> None:
    problems = ("APP_ID is not set. Set APP_ID to the number.",)
    found = Findings(settings=problems, database=REFUSED)
    (line,) = of(found, "APP_ID")
    assert (line.says, line.next_step) == ("APP_ID is not set", "Set APP_ID to the number.")
    assert exit_code(report(found)) == 2


def test_what_is_not_set_up_and_not_asked_for_is_not_used() -> None:
    found = replace(SOUND, services=(Service(name="e-mail", setting="SMTP_URL", used=False),))
    (line,) = of(found, "e-mail")
    assert line.state is State.NOT_USED


def test_an_account_that_is_not_allowed_is_not_used_and_not_looked_into() -> None:
    found = replace(SOUND, installed=(replace(ACCOUNT, allowed=False),))
    assert [each.state for each in of(found, "installation o")] == [State.NOT_USED]
    assert of(found, "config repository") == []


def test_a_permission_that_only_some_rules_need_is_not_used_until_granted() -> None:
    found = replace(SOUND, wanted_permissions={"attestations": "read"}, least_permissions={})
    (line,) = of(found, "permission attestations")
    assert line.state is State.NOT_USED
    assert "then accept it in each installation" in line.next_step


def test_classic_protection_says_what_it_does_not_show() -> None:
    config = replace(CONFIG, protection=Protection(protected=True, checks=(), pull_requests=None))
    found = replace(SOUND, installed=(replace(ACCOUNT, configs=(config,)),))
    (line,) = of(found, "protected branch")
    assert (line.state, "classic protection shows to admins alone" in line.says) == (State.RIGHT, True)


def test_control_characters_of_others_are_not_printed() -> None:
    found = replace(SOUND, identity=replace(APP, name="Lock\x1b[31mstep\n"))
    assert "\x1b" not in of(found, "App")[0].says
    assert "\n" not in of(found, "App")[0].says


def test_a_channel_that_works_and_one_without_its_setting_are_told_apart() -> None:
    well, unset = replace(CHANNEL, waiting=1), replace(CHANNEL, name="mail", kind="email", missing="SMTP_URL")
    (line,) = of(replace(SOUND, channels=(well, unset)), "oncall")
    assert (line.state, line.says) == (State.RIGHT, "takes messages; 1 message waits")
    (line,) = of(replace(SOUND, channels=(well, unset)), "mail")
    assert (line.state, "SMTP_URL is not set" in line.says) == (State.NOT_USED, True)
