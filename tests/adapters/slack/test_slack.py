"""Slack: golden blocks, limits, escaping (attack case 92), and what its answers come to."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import Slack
from bot.adapters.slack.blocks import payload
from bot.adapters.slack.escaped import escaped
from bot.model.tidings import Later, Rejected, Sent
from tests.adapters.golden import same
from tests.adapters.notify_messages import EXAMPLES, HOSTILE, NOW, approval, hostile, message, row, storm
from tests.servers.listening import Listener
from tests.servers.slack import problems, slack


def client(server: Listener) -> Slack:
    return Slack(server.url, clock=lambda: NOW)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_what_is_posted_is_what_was_looked_at(name: str) -> None:
    found = payload(EXAMPLES[name], "channel")
    same(f"slack-{name}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_slack_takes_it(name: str) -> None:
    with slack() as server:
        assert client(server).send(EXAMPLES[name], "channel") == Sent()
        assert len(server.posts) == 1


@given(st.text(max_size=6000), st.lists(st.text(max_size=3000), max_size=12), st.integers(1, 12))
def test_whatever_somebody_writes_slack_takes_it_as_plain_words(
    reason: str, values: list[str], count: int
) -> None:
    one = row("deployment", "failed", reason=reason, actor_login=reason[:50], details={"findings": values})
    assert list(problems(payload(message(*[one] * count), "channel"))) == []


def test_case_92_what_slack_would_act_on_is_escaped() -> None:
    text = json.dumps(payload(message(hostile()), "channel"), ensure_ascii=False)
    assert "<!channel>" not in text
    assert "<@U1>" not in text
    assert "<https://evil" not in text
    assert "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|log in&gt; &amp; *bold*" in text


def test_everybody_is_called_for_a_critical_failure_in_production_alone() -> None:
    def calls(found: Any) -> bool:
        return "<!channel>" in json.dumps(payload(found, "channel"))

    assert calls(message(*storm(1)))
    assert not calls(message(*storm(1), environment="staging"))
    assert not calls(message(row("hotfix_opened", pull_number=7)))
    assert not calls(message(approval()))
    assert not calls(message(*storm(1), calls=False))
    assert "<!" not in json.dumps(payload(message(*storm(1)), None))
    assert "<!everyone>" not in json.dumps(payload(message(*storm(1)), "everyone"))


@given(st.text(), st.integers(3, 40))
def test_an_escaped_text_keeps_the_limit_and_no_entity_is_cut(text: str, limit: int) -> None:
    found = escaped(text, limit)
    assert len(found) <= limit
    rest = found.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(rest) & set("&<>")


@pytest.mark.parametrize(
    ("status", "headers", "text", "expected"),
    [
        (429, {"Retry-After": "30"}, "rate_limited",
         Later(why="Slack asks for patience (429)", after=timedelta(seconds=30))),
        (429, {}, "rate_limited", Later(why="Slack asks for patience (429)")),
        (503, {}, "", Later(why="Slack answered 503")),
        (400, {}, "invalid_blocks", Rejected(why="Slack answered 400: invalid_blocks")),
        (400, {}, "user_not_found", Later(why="Slack answered 400")),
        (404, {}, "no_service",
         Later(why="Slack answered 404: the webhook was revoked or its channel is gone; renew SLACK_WEBHOOK_URL")),
    ],
)  # fmt: skip
def test_an_answer_comes_to_this(status: int, headers: dict[str, str], text: str, expected: object) -> None:
    with slack() as server:
        server.answers = [(status, headers, text)]
        assert client(server).send(message(approval()), "channel") == expected
        assert server.asked == 1


def test_nobody_listening_is_for_later_and_says_nothing_of_the_address() -> None:
    with slack() as server:
        url = server.url
    outcome = Slack(url, clock=lambda: NOW).send(message(approval()), None)
    assert isinstance(outcome, Later)
    assert "secretofslack" not in outcome.why


def test_the_stand_in_refuses_what_is_not_escaped() -> None:
    found = payload(message(approval()), None)
    found["blocks"][1]["text"]["text"] = HOSTILE
    assert any("markup" in each for each in problems(found))


TEXT = {"type": "mrkdwn", "text": "x", "verbatim": True}
BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "x"},
    "url": "https://a.example",
    "action_id": "1",
}
TOO_MUCH: dict[str, list[Any]] = {
    "51 blocks": [{"type": "divider"}] * 51,
    "no block": [],
    "a header of 151": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    "a section of 3001": [{"type": "section", "text": {**TEXT, "text": "x" * 3001}}],
    "11 fields": [{"type": "section", "fields": [TEXT] * 11}],
    "a field of 2001": [{"type": "section", "fields": [{**TEXT, "text": "x" * 2001}]}],
    "26 buttons": [
        {"type": "actions", "elements": [{**BUTTON, "action_id": str(number)} for number in range(26)]}
    ],
    "a label of 76": [
        {"type": "actions", "elements": [{**BUTTON, "text": {"type": "plain_text", "text": "x" * 76}}]}
    ],
    "a button to nowhere": [{"type": "actions", "elements": [{**BUTTON, "url": "javascript:alert(1)"}]}],
    "11 in a context": [{"type": "context", "elements": [TEXT] * 11}],
    "an empty text": [{"type": "section", "text": {**TEXT, "text": ""}}],
}


@pytest.mark.parametrize("blocks", TOO_MUCH.values(), ids=TOO_MUCH)
def test_the_stand_in_refuses_what_slack_has_no_room_for(blocks: list[Any]) -> None:
    assert list(problems({"text": "x", "blocks": blocks}))
