"""`lockstep doctor` walks an installation: each failure is a sentence of its own, and nothing changes (row G9)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from standardwebhooks.webhooks import Webhook as Verifier

from tests.servers.listening import Listener, Posted, listening
from tests.servers.mail import mail
from tests.servers.running import free_port, prometheus
from tests.servers.slack import slack
from tests.stories.cast import RULES, SECRET, Bot, Town
from tests.stories.deploying import equip
from tests.stories.terminal import Said, Terminal
from tests.stories.test_channels import happens
from tests.stories.validating import FRONTEND, KEYS, asks, move_in

CHECK = "lockstep: main"
CONFIG = "splattop/config"


def lines(said: Said, area: str, check: str) -> list[tuple[str, str, str]]:
    """State, words and next step of the lines of that name."""
    return [
        (each["state"], each["says"], each["next"])
        for each in said.json["lines"]
        if (each["area"], each["check"]) == (area, check)
    ]


def line(said: Said, area: str, check: str) -> tuple[str, str]:
    """State and words of the one line of that name."""
    ((state, says, step),) = lines(said, area, check)
    assert bool(step) == (state == "wrong") or state == "not used"
    return state, says


def well(bot: Bot, town: Town) -> None:
    """Everything as it should be, but for the worker, which no story starts."""
    town.app.webhook_url = "https://lockstep.splattop.io/webhook"
    town.github.push(CONFIG, "main", {".github/CODEOWNERS": "* @splattop/platform\n"}, by="ana")
    town.github.grant("splattop/platform", CONFIG, "write")
    bot.settles()
    town.github.protect(CONFIG, checks=[CHECK], reviews=1, block_push=True, app_id=town.app.id)


def wrong(said: Said) -> list[tuple[str, str]]:
    return [(each["area"], each["check"]) for each in said.json["lines"] if each["state"] == "wrong"]


def test_of_a_sound_installation_only_the_worker_is_missing_here(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    with terminal.expect_nothing_written():
        said = terminal.runs("doctor", "--json")
    assert wrong(said) == [("queue", "worker")]
    assert said.code == said.json["exit_code"] == 1
    assert line(said, CONFIG, "required check") == ("right", "`lockstep: main`, from Lockstep alone")
    assert line(said, CONFIG, "team splattop/platform") == ("right", "1 member")
    assert line(said, "github", "clock") == ("right", "within 30 s of GitHub's")


def test_people_read_marks_and_next_steps(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    said = terminal.runs("doctor")
    assert "  WRONG worker: no worker is alive\n        -> start `lockstep worker`\n" in said.out
    assert "  ok    App: lockstep (lockstep, number 4711)\n" in said.out


def test_permissions_and_events_are_held_against_app_yml(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    town.app.permissions = {**town.app.permissions, "checks": "read", "attestations": ""}
    town.app.events = tuple(each for each in town.app.events if each != "merge_group")
    said = terminal.runs("doctor", "--json")
    assert line(said, "github", "permission checks") == ("wrong", "read; app.yml asks for write")
    assert lines(said, "github", "permission attestations")[0][0] == "not used"
    assert line(said, "github", "event merge_group") == (
        "wrong",
        "not subscribed: GitHub does not tell of it",
    )


def test_permissions_that_an_account_has_not_accepted_are_named(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    (installation,) = town.github.world.installations.values()
    installation.permissions = {**installation.permissions, "checks": "read"}
    said = terminal.runs("doctor", "--json")
    assert line(said, "github", "installation splattop") == ("wrong", "has not accepted checks")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://lockstep.example.com/webhook", "events go to the placeholder lockstep.example.com"),
        (
            "https://lockstep.splattop.io/",
            "events go to lockstep.splattop.io/, where Lockstep does not listen",
        ),
        ("http://lockstep.splattop.io/webhook", "events go to lockstep.splattop.io unencrypted"),
    ],
)
def test_a_wrong_webhook_address_is_told(bot: Bot, town: Town, terminal: Terminal, url: str, says: str):
    well(bot, town)
    town.app.webhook_url = url
    assert line(terminal.runs("doctor", "--json"), "github", "webhook") == ("wrong", says)


def test_failed_deliveries_are_counted_by_answer_and_401_names_the_secret(
    bot: Bot, town: Town, terminal: Terminal
):
    town.github.push(CONFIG, "main", {"README.md": "x\n"}, by="ana")
    deliveries = town.github.webhooks.take()
    for each in deliveries:
        town.github.webhooks.failed(each, 401)
    ((state, says, step),) = lines(terminal.runs("doctor", "--json"), "github", "deliveries")
    assert state == "wrong"
    assert f"(401: {len(deliveries)})" in says
    assert step == "WEBHOOK_SECRET differs from the App's: set both to the same"


@pytest.mark.parametrize(
    ("checks", "source", "says"),
    [
        ([], None, "the check `lockstep: main` is not required: what Lockstep refuses can be merged"),
        (
            [CHECK],
            None,
            "`lockstep: main` is required from any source: others can write a check of that name",
        ),
        (
            [CHECK],
            15368,
            "`lockstep: main` is required from App 15368: others can write a check of that name",
        ),
    ],
    ids=["not required", "any source", "another App"],
)
def test_our_check_must_be_required_from_our_app(
    bot: Bot, town: Town, terminal: Terminal, checks: list[str], source: int | None, says: str
):
    well(bot, town)
    town.github.protect(CONFIG, checks=checks, reviews=1, app_id=source)
    assert line(terminal.runs("doctor", "--json"), CONFIG, "required check") == ("wrong", says)


def test_an_open_branch_missing_owners_and_broken_rules_are_told_apart(
    bot: Bot, town: Town, terminal: Terminal
):
    rules = RULES.replace("splattop/platform]", "splattop/nobody]") + "surprise: 1\n"
    town.github.push(CONFIG, "main", {"promotion/promotion-rules.yaml": rules}, by="ana")
    bot.settles()
    said = terminal.runs("doctor", "--json")
    assert line(said, CONFIG, "protected branch") == (
        "wrong",
        "splattop/config's branch main is not protected: anybody may push",
    )
    assert line(said, CONFIG, "CODEOWNERS")[1].startswith("there is none")
    assert "promotion/promotion-rules.yaml:" in line(said, CONFIG, "rules")[1]


def test_a_team_that_cannot_be_read_and_a_line_of_codeowners_that_github_refuses(
    bot: Bot, town: Town, terminal: Terminal
):
    well(bot, town)
    files = {
        "promotion/promotion-rules.yaml": RULES.replace("splattop/platform]", "splattop/nobody]"),
        ".github/CODEOWNERS": "* @splattop/ghosts\n",
    }
    town.github.protect(CONFIG)
    town.github.push(CONFIG, "main", files, by="root")
    bot.settles()
    said = terminal.runs("doctor", "--json")
    assert line(said, CONFIG, "team splattop/nobody")[0] == "wrong"
    assert line(said, CONFIG, "CODEOWNERS")[1].startswith(".github/CODEOWNERS:1: ")


def test_wrong_settings_end_with_2_and_name_each(bot: Bot, terminal: Terminal):
    said = terminal.runs("doctor", "--json", APP_ID="none", WEBHOOK_SECRET="", PRIVATE_KEY="")
    assert said.code == 2
    assert [each[0] for each in lines(said, "settings", "APP_ID")] == ["wrong"]
    assert lines(said, "settings", "WEBHOOK_SECRET")[0][1] == "WEBHOOK_SECRET is not set"
    assert lines(said, "settings", "PRIVATE_KEY")[0][0] == "wrong"
    assert line(said, "database", "database")[0] == "right"


def test_an_app_that_github_does_not_know_is_told(bot: Bot, town: Town, terminal: Terminal):
    said = terminal.runs("doctor", "--json", APP_ID="4712")
    assert line(said, "github", "App") == (
        "wrong",
        f"GitHub at {town.github.api_url} knows no App number 4712",
    )


def test_a_key_of_another_app_is_told(bot: Bot, terminal: Terminal):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    pem = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
    said = terminal.runs("doctor", "--json", PRIVATE_KEY=pem)
    assert "check that APP_ID and PRIVATE_KEY belong together" in line(said, "github", "App")[1]


def test_case_17_a_wrong_clock_is_named(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    terminal.slow = timedelta(seconds=40)
    assert line(terminal.runs("doctor", "--json"), "github", "clock")[1].endswith("s behind GitHub's")


def test_when_nothing_is_wrong_but_that_somebody_is_silent_it_ends_with_3(
    terminal: Terminal, town: Town, bot: Bot
):
    nobody = f"http://127.0.0.1:{free_port()}"
    said = terminal.runs(
        "doctor", "--json", GITHUB_API_URL=nobody, DATABASE_URL="postgresql://u:hidden-password@127.0.0.1:1/x"
    )
    assert said.code == 3
    assert line(said, "github", "App")[1] == "GitHub did not answer GET /app (ConnectionError)"
    assert line(said, "database", "database")[0] == "wrong"
    assert "hidden-password" not in said.out + said.err
    assert said.err == ""


def argocd(token: str) -> object:
    def answer(posted: Posted) -> tuple[int, dict[str, str], str]:
        known = posted.headers.get("authorization") == f"Bearer {token}"
        return 200, {}, '{"loggedIn": true, "username": "lockstep"}' if known else "{}"

    return listening(answer, "")


def test_services_are_asked_and_nothing_is_posted(bot: Bot, town: Town, terminal: Terminal, tmp_path: Path):
    well(bot, town)
    with prometheus(tmp_path, "# EOF\n") as metrics, slack() as channel, mail() as box:
        said = terminal.runs(
            "doctor", "--json", PROMETHEUS_URL=metrics.url, SLACK_WEBHOOK_URL=channel.url, SMTP_URL=box.url
        )
    assert line(said, "services", "Prometheus") == ("right", "answers queries")
    assert line(said, "services", "Slack") == ("right", "the webhook answers; nothing was posted")
    assert line(said, "services", "e-mail") == ("right", "the mail server answers; no letter was sent")
    assert (box.letters, channel.posts, channel.asked) == ([], [], 1)


@pytest.mark.parametrize(
    ("theirs", "status", "expected"),
    [
        (
            b"a secret that signs webhooks, 32",
            204,
            ("right", "the receiver takes what is signed; a ping was sent"),
        ),
        (
            b"another secret of theirs, also 32",
            204,
            (
                "wrong",
                "the webhook's receiver answered 401 to a ping; does it verify with this NOTIFY_WEBHOOK_SECRET?",
            ),
        ),
        (
            b"a secret that signs webhooks, 32",
            404,
            ("wrong", "the webhook's receiver answered 404 to a ping"),
        ),
        (
            b"a secret that signs webhooks, 32",
            503,
            ("wrong", "the webhook's receiver answered 503 to a ping"),
        ),
    ],
)
def test_a_receiver_of_webhooks_is_sent_a_signed_ping(
    bot: Bot, town: Town, terminal: Terminal, theirs: bytes, status: int, expected: tuple[str, str]
):
    well(bot, town)

    def receives(posted: Posted) -> tuple[int, dict[str, str], str]:
        # The story's clock is not the verifier's, so its signature is compared.
        at = datetime.fromtimestamp(int(posted.headers["webhook-timestamp"]), UTC)
        signed = Verifier(theirs).sign(posted.headers["webhook-id"], at, posted.body.decode())
        if signed != posted.headers["webhook-signature"]:
            return 401, {}, ""
        found = json.loads(posted.body)
        assert (found["type"], found["data"]) == ("lockstep.ping", {"count": 0, "tidings": []})
        return status, {}, ""

    with listening(receives) as hook:
        secret = "whsec_" + base64.b64encode(b"a secret that signs webhooks, 32").decode()
        said = terminal.runs("doctor", "--json", NOTIFY_WEBHOOK_URL=hook.url, NOTIFY_WEBHOOK_SECRET=secret)
    assert line(said, "services", "webhook") == expected
    assert hook.asked == 1


def test_whom_the_validation_blocks_is_looked_for_and_whether_github_asks(
    bot: Bot, town: Town, terminal: Terminal
):
    move_in(bot, KEYS.replace(f"blocks: [{FRONTEND}]", f"blocks: [{FRONTEND}, splattop/backend]"))
    said = terminal.runs("doctor", "--json")
    assert line(said, CONFIG, "repository splattop/backend")[0] == "wrong"
    ((state, _, step),) = lines(said, CONFIG, f"deployments of {FRONTEND}")
    assert state == "not used"
    assert step == "choose Lockstep among the deployment protection rules of its environment production"
    asks(town)
    bot.settles()
    said = terminal.runs("doctor", "--json")
    assert line(said, CONFIG, f"deployments of {FRONTEND}") == ("right", "GitHub asks before they go on")


def test_a_channel_that_stays_broken_is_told_with_what_waits(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    with slack() as channel:
        equip(bot, slack_webhook_url=channel.url)
        bot.sweeps()
        channel.down = True
        happens(bot)
        bot.settles()
        said = terminal.runs("doctor", "--json")
    assert line(said, "channels", "slack") == ("wrong", "Slack answered 503; 1 message waits")
    assert line(said, "channels", "webhook")[0] == "not used"
    samples = bot.client.get("/metrics").get_data(as_text=True)
    assert "lockstep_channels_broken 1.0" in samples
    assert "lockstep_notices_waiting 1.0" in samples


def test_services_that_refuse_are_told_and_no_secret_is_shown(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    nobody = f"127.0.0.1:{free_port()}"
    canary = "canary-that-nobody-may-see"
    with slack() as channel, mail(login=("lockstep", "right")) as box:
        revoked = channel.url.replace("secretofslack", canary)
        variables = {
            "SLACK_WEBHOOK_URL": revoked,
            "SMTP_URL": box.url.replace("://", f"://lockstep:{canary}@"),
            "PROMETHEUS_URL": f"http://user:{canary}@{nobody}",
            "ALERTMANAGER_URL": f"http://user:{canary}@{nobody}",
            "ARGOCD_SERVER": f"http://{nobody}",
            "ARGOCD_AUTH_TOKEN": canary,
        }
        said, read = terminal.runs("doctor", "--json", **variables), terminal.runs("doctor", **variables)
    assert "the webhook was revoked" in line(said, "services", "Slack")[1]
    assert "refuses the login of SMTP_URL" in line(said, "services", "e-mail")[1]
    for name in ("Prometheus", "Alertmanager", "Argo CD"):
        assert line(said, "services", name)[0] == "wrong"
    for text in (said.out, said.err, read.out, read.err):
        assert canary not in text
        assert SECRET not in text


def test_a_service_that_rules_ask_for_and_nobody_set_up_is_wrong(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    town.github.protect(CONFIG)
    rules = RULES.replace(
        "error_budget: off,\n            critical",
        "error_budget: {max_consumed_percent: 50},\n            critical",
    )
    assert rules != RULES
    town.github.push(CONFIG, "main", {"promotion/promotion-rules.yaml": rules}, by="root")
    bot.settles()
    assert line(terminal.runs("doctor", "--json"), "services", "Prometheus") == (
        "wrong",
        "PROMETHEUS_URL is missing, and a gate of staging asks for it",
    )


def test_argo_cds_token_is_tried(bot: Bot, town: Town, terminal: Terminal):
    well(bot, town)
    with argocd("good") as server:
        assert isinstance(server, Listener)
        right, bad = (
            terminal.runs("doctor", "--json", ARGOCD_SERVER=server.url, ARGOCD_AUTH_TOKEN=token)
            for token in ("good", "bad")
        )
    assert line(right, "services", "Argo CD") == ("right", "accepts the token of lockstep")
    assert "does not accept ARGOCD_AUTH_TOKEN" in line(bad, "services", "Argo CD")[1]
