"""A workflow sends its alert: by OIDC token, by shared token, by the ready action (row C8)."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from bot.adapters.reports import maestro
from bot.sandbox.state import WorkflowRun
from bot.web.app import create_app
from bot.web.validation import PATH, production_validation
from bot.wiring import run_tokens
from tests.stories.cast import VALIDATION_TOKEN, Bot, Town
from tests.stories.issuer import REQUEST_TOKEN, Issuer, key
from tests.stories.validating import (
    FAILED,
    INFRA,
    PASSED,
    WORKFLOW,
    finish,
    gate,
    incidents,
    move_in,
    report,
    start,
)

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "actions/send-alert/action.yml"


@pytest.fixture
def issuer(town: Town) -> Iterator[Issuer]:
    """GitHub's issuer, by the story's clock."""
    with Issuer.start() as made:
        made.now = town.github.world.clock.now
        yield made


@pytest.fixture
def door(bot: Bot, issuer: Issuer) -> Bot:
    """The bot, whose door trusts that issuer; a validation is running."""
    move_in(bot)
    settings = replace(bot.settings, oidc_issuer=issuer.url)
    clock = bot.works.house.clock
    room = production_validation(
        bot.store, clock, settings.validation_token, run_tokens(settings, clock), settings.allows
    )
    bot.web = create_app(settings=settings, store=bot.store, clock=clock, rooms=[room])
    return bot


@pytest.fixture
def run(door: Bot, town: Town, issuer: Issuer) -> WorkflowRun:
    """A validation that has not ended, and whose token the issuer gives."""
    begun = start(town)
    issuer.claims = {
        "repository": INFRA,
        "repository_id": str(town.github.repo(INFRA).id),
        "ref": "refs/heads/main",
        "workflow_ref": f"{INFRA}/{WORKFLOW}@refs/heads/main",
        "run_id": str(begun.id),
        "run_attempt": "1",
    }
    door.settles()
    return begun


def address(town: Town, run: WorkflowRun) -> str:
    return f"{town.github.base_url}/{INFRA}/actions/runs/{run.id}"


def alert(town: Town, run: WorkflowRun, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "event": "Production Validation Failed",
        "timestamp": "2025-09-24T10:30:00Z",
        "terraformDeploymentId": "deploy-12345",
        "githubJobUrl": address(town, run),
        "failedFlows": [{"flowName": "add-exercise.yml", "exitCode": 1, "error": "Assertion failed"}],
        "artifactUrls": [],
        "nextSteps": ["Review production validation logs"],
    }
    return made | more


def post(bot: Bot, body: object, token: str | None) -> tuple[int, str]:
    client: FlaskClient = bot.web.test_client()
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    answer = client.post(PATH, data=json.dumps(body), headers=headers, content_type="application/json")
    return answer.status_code, str((answer.get_json(silent=True) or {}).get("error", ""))


def test_an_alert_with_the_runs_own_token_blocks_before_the_run_has_ended(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun
) -> None:
    assert post(door, alert(town, run), issuer.token())[0] == 202
    door.settles()
    assert gate(town)[0] == "failure"
    assert len(incidents(town)) == 1
    assert door.ledger("alert_received")[0][0] == "done"


def test_the_runs_end_does_not_alert_twice_and_its_report_is_taken(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun
) -> None:
    post(door, alert(town, run), issuer.token())
    door.settles()
    finish(town, run, FAILED, deployment=None)
    door.settles()
    assert len(door.store.ledger.rows(event="validation_failed")) == 1
    (kept,) = door.store.validations.of(town.github.repo("splattop/config").id)
    assert (kept.deployment, kept.flows, [each.name for each in kept.failed]) == (
        "deploy-12345",
        2,
        ["add-exercise.yml"],
    )
    assert len(incidents(town)) == 1


def test_case_29_a_run_that_alerted_is_not_passed_by_a_green_end(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun
) -> None:
    post(door, alert(town, run), issuer.token())
    door.settles()
    finish(town, run, PASSED)
    door.settles()
    assert gate(town)[0] == "failure"


def test_case_85_a_repeated_alert_is_one_failure(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun
) -> None:
    for _ in range(3):
        assert post(door, alert(town, run), issuer.token())[0] == 202
        door.settles()
    assert len(door.store.ledger.rows(event="validation_failed")) == 1


WRONG: dict[str, Callable[[Issuer], str]] = {
    "another audience": lambda issuer: issuer.token(aud="sts.amazonaws.com"),
    "another issuer": lambda issuer: issuer.token(iss="https://token.actions.example.com"),
    "expired": lambda issuer: issuer.token(exp=int(issuer.now().timestamp()) - 61),
    "not valid yet": lambda issuer: issuer.token(nbf=int(issuer.now().timestamp()) + 120),
    "without an expiry": lambda issuer: issuer.token(exp=None),
    "alg none": lambda issuer: issuer.token(alg="none"),
    "signed by HMAC": lambda issuer: issuer.token(
        alg="HS256", signed_by="a shared word that is long enough, really"
    ),
    "another key of the same name": lambda issuer: issuer.token(signed_by=key()),
    "a key that the issuer does not have": lambda issuer: issuer.token(kid="two", signed_by=key()),
    "without a run": lambda issuer: issuer.token(run_id=None),
    "garbage": lambda _: "a.b.c",
    "no token at all": lambda _: "",
    "another shared token": lambda _: "not the token of the settings",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_case_83_a_token_that_proves_nothing_is_refused(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun, wrong: str
) -> None:
    status, why = post(door, alert(town, run), WRONG[wrong](issuer))
    assert (status, bool(why)) == (401, True)
    with town.expect_no_writes():
        door.settles()
    assert post(door, alert(town, run), issuer.token())[0] == 202


FOREIGN = {
    "another repository": {
        "repository": "evil/infra",
        "workflow_ref": f"evil/infra/{WORKFLOW}@refs/heads/main",
    },
    "another repository of that name": {"repository_id": "999999"},
    "another workflow": {"workflow_ref": f"{INFRA}/.github/workflows/other.yml@refs/heads/main"},
    "another branch": {"ref": "refs/heads/topic"},
    "a tag": {"ref": "refs/tags/main"},
    "a pull request": {"ref": "refs/pull/1/merge"},
    "another run": {"run_id": "1"},
}


@pytest.mark.parametrize("foreign", FOREIGN)
def test_case_28_a_genuine_token_of_somebody_else_is_refused(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun, foreign: str
) -> None:
    status, why = post(door, alert(town, run), issuer.token(**FOREIGN[foreign]))
    assert (status, bool(why)) == (403, True)
    with town.expect_no_writes():
        door.settles()


def test_the_shared_token_works_and_the_run_is_read_again(door: Bot, town: Town, run: WorkflowRun) -> None:
    assert post(door, alert(town, run), VALIDATION_TOKEN)[0] == 202
    door.settles()
    assert gate(town)[0] == "failure"


def test_case_29_a_run_that_does_not_exist_closes_nothing(door: Bot, town: Town, run: WorkflowRun) -> None:
    finish(town, run, PASSED)
    door.settles()
    body = alert(town, run, githubJobUrl=f"https://github.com/{INFRA}/actions/runs/999999")
    assert post(door, body, VALIDATION_TOKEN)[0] == 202
    door.settles()
    assert gate(town)[0] == "success"
    assert door.ledger("alert_received")[0][0] == "refused"


def test_case_28_a_run_of_another_branch_closes_nothing(door: Bot, town: Town, run: WorkflowRun) -> None:
    town.github.push(INFRA, "topic", {"main.tf": "# 2\n"}, by="dev")
    other = start(town, branch="topic")
    assert post(door, alert(town, other), VALIDATION_TOKEN)[0] == 202
    door.settles()
    assert door.ledger("alert_received")[0][0] == "refused"
    assert incidents(town) == []


def test_case_83_the_token_in_the_query_string_is_no_token(door: Bot, town: Town, run: WorkflowRun) -> None:
    answer = door.web.test_client().post(
        f"{PATH}?token={VALIDATION_TOKEN}&access_token={VALIDATION_TOKEN}", json=alert(town, run)
    )
    assert answer.status_code == 401


def test_case_83_an_alert_over_the_limit_is_refused_with_a_good_token(
    door: Bot, town: Town, run: WorkflowRun
) -> None:
    body = alert(town, run, nextSteps=["x" * (1 << 20)])
    assert post(door, body, VALIDATION_TOKEN)[0] == 413
    assert post(door, alert(town, run), VALIDATION_TOKEN)[0] == 202


def test_what_is_no_alert_is_refused_by_its_field(door: Bot, town: Town, run: WorkflowRun) -> None:
    assert post(door, alert(town, run, failedFlows=7), VALIDATION_TOKEN) == (
        400,
        "failedFlows: expected a list of at most 200",
    )
    assert post(door, [], VALIDATION_TOKEN)[0] == 400


def test_an_issuer_that_does_not_answer_is_no_yes(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun
) -> None:
    issuer.broken = True
    assert post(door, alert(town, run), issuer.token())[0] == 503
    issuer.broken = False
    assert post(door, alert(town, run), issuer.token())[0] == 202


def test_unknown_keys_do_not_lead_to_the_issuer_again_and_again(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun
) -> None:
    post(door, alert(town, run), issuer.token())
    before = len(issuer.asked)
    for name in "abcdef":
        assert post(door, alert(town, run), issuer.token(kid=name))[0] == 401
    assert len(issuer.asked) == before


def step() -> dict[str, Any]:
    (found,) = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return dict(found)


def act(**variables: str) -> subprocess.CompletedProcess[str]:
    """The step's script as a runner runs it."""
    given = {
        "URL": "",
        "EVENT": "production-validation-failed",
        "JOB_URL": "",
        "DEPLOYMENT": "deploy-12345",
        "REPORT": "",
        "AUDIENCE": "lockstep",
        "TOKEN": "",
    }
    assert (step()["shell"], set(step()["env"])) == ("python3 {0}", set(given))
    return subprocess.run(
        [sys.executable, "-c", step()["run"]],
        env=given | variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def address_of(door: Bot) -> Iterator[str]:
    """The door over real HTTP."""
    server = make_server("127.0.0.1", 0, door.web, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def runner(issuer: Issuer) -> dict[str, str]:
    """What a runner gives a job with `id-token: write`."""
    return {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }


def test_the_action_sends_the_alert_with_its_report(
    door: Bot, town: Town, issuer: Issuer, run: WorkflowRun, address_of: str, tmp_path: Path
) -> None:
    (tmp_path / "report.xml").write_bytes(report(FAILED)["report.xml"])
    ended = act(URL=address_of, JOB_URL=address(town, run), REPORT=str(tmp_path), **runner(issuer))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Told: 1 failed flows.")
    door.settles()
    assert gate(town)[0] == "failure"
    assert "`add-exercise.yml` ended with exit code 1" in (incidents(town)[0].body or "")


@pytest.mark.parametrize("name", ["failed.xml", "detailed-flat.xml", "passed-with-warning.xml"])
def test_the_action_reads_maestros_own_reports_as_lockstep_does(
    door: Bot, town: Town, run: WorkflowRun, address_of: str, name: str
) -> None:
    path = ROOT / "tests" / "data" / "reports" / "junit" / "maestro" / name
    ended = act(URL=address_of, JOB_URL=address(town, run), TOKEN=VALIDATION_TOKEN, REPORT=str(path))
    assert ended.returncode == 0, ended.stderr
    door.settles()
    (row,) = [each.entry for each in door.store.ledger.rows(event="validation_failed")]
    expected = [each.name for each in maestro.read({name: path.read_bytes()}).failed]
    assert [each["flowName"] for each in row.details["failed_flows"]] == expected


def test_the_action_sends_with_the_shared_token(
    door: Bot, town: Town, run: WorkflowRun, address_of: str
) -> None:
    ended = act(URL=address_of, JOB_URL=address(town, run), TOKEN=VALIDATION_TOKEN)
    assert ended.returncode == 0, ended.stderr


def test_the_action_sends_also_without_a_report_that_can_be_read(
    door: Bot, town: Town, run: WorkflowRun, address_of: str
) -> None:
    ended = act(URL=address_of, JOB_URL=address(town, run), TOKEN=VALIDATION_TOKEN, REPORT="nowhere.xml")
    assert (ended.returncode, "::warning::" in ended.stdout) == (0, True)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "There is no OIDC token"),
        ({"TOKEN": "wrong"}, "Lockstep answered 401"),
        ({"TOKEN": VALIDATION_TOKEN, "JOB_URL": "nowhere"}, "Lockstep answered 400"),
        ({"TOKEN": VALIDATION_TOKEN, "URL": "http://127.0.0.1:9"}, "Lockstep did not answer"),
        ({"EVENT": "validation-passed"}, "is not known"),
        ({"TOKEN": VALIDATION_TOKEN, "URL": ""}, "The input url is ''"),
        ({"TOKEN": VALIDATION_TOKEN, "URL": "lockstep.example.com"}, "such as https://lockstep.example.com"),
    ],
)
def test_the_action_fails_the_step_and_says_why(
    door: Bot, town: Town, run: WorkflowRun, address_of: str, variables: dict[str, str], says: str
) -> None:
    ended = act(**{"URL": address_of, "JOB_URL": address(town, run), **variables})
    assert ended.returncode == 1
    assert says in ended.stderr
    assert ended.stdout.startswith("::error title=The alert was not handed over::")
    assert ended.stdout.count("\n") == 1


@contextmanager
def answering(raw: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Something that is not Lockstep, at an address: what it answers each request with, and what it was sent."""
    heard: list[bytes] = []

    class Other(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            heard.append(self.connection.recv(100_000))
            self.wfile.write(raw)

    with socketserver.TCPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<html>log in</html>", "no JSON; is http://127.0.0.1"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"login": "please"}', "is not Lockstep"),
        (b"HTTP/1.0 200 OK\r\n\r\n[]", "is not Lockstep"),
        (b"HTTP/1.0 503 Busy\r\n\r\nlater\n::add-mask::x", "answered 503: later ::add-mask::x"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\n{", "did not answer: IncompleteRead"),
        (b"220 mail.example.com ESMTP\r\n", "did not answer: 220 mail.example.com"),
        (b"", "did not answer"),
    ],
)
def test_what_is_not_lockstep_fails_the_step_in_one_sentence(raw: bytes, says: str) -> None:
    with answering(raw) as (url, _):
        ended = act(URL=url, TOKEN=VALIDATION_TOKEN)
    assert (ended.returncode, says in ended.stderr, ended.stderr.count("\n")) == (1, True, 1), ended.stderr


def test_case_93_the_token_does_not_follow_a_redirect() -> None:
    with answering(b'HTTP/1.0 200 OK\r\n\r\n{"status": "stored"}') as (elsewhere, heard):
        lead = f"HTTP/1.0 302 Found\r\nLocation: {elsewhere}/\r\n\r\n".encode()
        with answering(lead) as (url, _):
            ended = act(URL=url, TOKEN=VALIDATION_TOKEN)
    assert (ended.returncode, heard) == (1, [])
    assert f"answered 302: it leads to {elsewhere}/; give that address" in ended.stderr


def test_a_folder_without_a_report_and_a_file_that_is_none_are_warned_of_and_the_rest_is_read(
    door: Bot, town: Town, run: WorkflowRun, address_of: str, tmp_path: Path
) -> None:
    sent = {
        "URL": address_of,
        "JOB_URL": address(town, run),
        "TOKEN": VALIDATION_TOKEN,
        "REPORT": str(tmp_path),
    }
    assert "::warning::There is no report (*.xml) in" in act(**sent).stdout
    (tmp_path / "a-broken.xml").write_text("<testsuites>")
    windows = report(FAILED)["report.xml"].replace(b".maestro/", b".maestro\\")
    (tmp_path / "report.xml").write_bytes(windows)
    said = act(**sent).stdout
    assert "a-broken.xml is left out, it cannot be read" in said
    assert "Told: 1 failed flows." in said


def test_what_an_input_holds_is_data_and_never_code() -> None:
    assert "${{" not in step()["run"]
