"""The trial's parts: its town, its words, its steps, and the file by which it is found."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from bot.adapters.github.errors import limited
from bot.adapters.rules import load_policy
from bot.decide.content import Problem, content_of
from bot.demo import running
from bot.demo.screen import Screen
from bot.demo.telling import sentence, spoken
from bot.demo.trip import STEPS, Trip
from bot.demo.watch import Sighting
from bot.errors import UserError
from bot.model.image import Image
from tests.builders import digest, file

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "bot" / "demo" / "files" / "config"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("environment", ["dev", "staging", "canary", "production"])
def test_every_environment_of_the_trial_can_be_moved(environment: str) -> None:
    path = "promotion/promotion-rules.yaml"
    policy = load_policy({path: (CONFIG / path).read_bytes()}, sha="0" * 40).policy
    assert policy is not None
    found = policy.environment(environment)
    assert found is not None
    values = found.values[0].file
    images = {name: Image(repository=repo, tag="9.9.9", digest=digest("a")) for name, repo in
              policy.sources[0].components.items()}  # fmt: skip
    content = content_of(found, images, {values: file(values, (CONFIG / values).read_bytes())})
    assert not isinstance(content, Problem)
    assert sorted(move.component for move in content.moves) == ["api", "web", "worker"]


def sighting(kind: str, **facts: object) -> Sighting:
    return Sighting(at=NOW, kind=kind, facts=facts)


def test_a_step_counts_once_and_the_rest_is_missing() -> None:
    trip = Trip()
    seen = sighting("github.pull_request.closed", environment="dev", merged=True, own=True)
    assert [trip.take(seen), trip.take(seen)] == [True, False]
    assert len(trip.missing) == len(STEPS) - 1
    assert not trip.is_over


@pytest.mark.parametrize(
    "facts",
    [
        {"environment": "dev", "merged": False, "own": True},
        {"environment": "canary", "merged": True, "own": True},
        {"environment": "dev", "merged": True, "own": False},
    ],
)
def test_what_only_looks_like_a_step_is_none(facts: dict[str, object]) -> None:
    assert not Trip().take(sighting("github.pull_request.closed", **facts))


def test_the_clock_of_a_trip_starts_when_ci_ends() -> None:
    trip = Trip(at={"dev_opened": NOW + timedelta(seconds=1.5), "ci_finished": NOW})
    assert trip.seconds() == {"ci_finished": 0.0, "dev_opened": 1.5}
    assert Trip(at={"dev_opened": NOW}).seconds() == {}


def test_a_webhook_that_was_not_accepted_is_always_told() -> None:
    seen = sighting("webhook", name="push", status=503, seconds=0.1, guid="x" * 36)
    assert sentence(seen) == "Webhook push was answered 503."


def test_a_refusal_of_any_kind_is_told() -> None:
    seen = sighting("ledger.bad_artifact.refused", event="bad_artifact", decision="refused", reason="a bomb")
    assert sentence(seen) == "bad_artifact refused: a bomb"


def test_a_wait_for_githubs_limit_is_told_with_its_end() -> None:
    reason = str(limited("GraphQL (write)", NOW))
    seen = sighting("ledger.react.failed", event="react", decision="failed", reason=reason)
    until = "2026-05-04 12:00:00 UTC"
    assert sentence(seen) == f"Lockstep waits until {until}: GitHub takes no more than 80 writes a minute."


def test_a_comment_is_told_without_its_hidden_lines() -> None:
    assert spoken("<!-- lockstep:answer:7 -->\n@ana  #2\nopened") == "@ana #2 opened"


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_are_for_terminals_that_want_them(no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    Screen(stream).diff("+added")
    assert ("\x1b" in stream.getvalue()) is not no_color


def test_words_of_others_cannot_play_with_the_terminal() -> None:
    stream = io.StringIO()
    Screen(stream).tell(NOW, "ana on #1: \x1b[2Jgone\u202e\nforged line")
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_a_terminal_without_the_signs_still_gets_the_story() -> None:
    raw = io.BytesIO()
    terminal = io.TextIOWrapper(raw, "latin-1")
    Screen(terminal).tell(NOW, "opened", step=True)
    assert b"? opened" in raw.getvalue()


def test_a_link_is_not_repeated_on_the_next_line() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    for words in ("one", "two"):
        screen.tell(NOW, words, "http://127.0.0.1/x")
    assert stream.getvalue().count("http://") == 1


def test_the_file_of_a_demo_is_for_its_user_alone_and_goes_away(tmp_path: Path) -> None:
    path = running.announce("http://127.0.0.1:1", "token", tmp_path / "home")
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert running.newest(tmp_path / "home").pid == os.getpid()
    running.leave(path)
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_died_is_not_found(tmp_path: Path) -> None:
    folder = tmp_path / "demos"
    folder.mkdir()
    mine = {"url": "http://127.0.0.1:1", "token": "t", "pid": os.getpid()}
    (folder / "1.json").write_text(json.dumps({**mine, "started": psutil.Process().create_time() - 999}))
    (folder / "2.json").write_text("{")
    with pytest.raises(UserError, match="No demo is running"):
        running.newest(tmp_path)


def test_a_home_that_cannot_be_written_costs_only_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert running.announce("http://127.0.0.1:1", "token", tmp_path / "file") is None


@pytest.mark.parametrize(
    ("environ", "home"),
    [({"LOCKSTEP_HOME": "/somewhere", "HOME": "/me"}, "/somewhere"), ({"HOME": "/me"}, "/me/.lockstep")],
)
def test_the_default_home_is_the_one_of_lockstep(environ: dict[str, str], home: str) -> None:
    assert running.default_home(environ) == Path(home)


def test_a_blank_home_is_looked_up() -> None:
    assert running.default_home({"HOME": ""}).is_absolute()
