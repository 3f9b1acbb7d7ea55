"""The signed webhook: verified by the library's own verifier, guarded addresses, and what its answers come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from bot.adapters.webhook import Webhook
from bot.model.tidings import Later, Rejected, Sent
from tests.adapters.notify_messages import approval, message, storm, validation
from tests.servers.listening import Listener, Posted, listening

SECRET = b"a secret that signs webhooks, 32"


def now() -> datetime:
    """The real time, which the verifier looks at."""
    return datetime.now(UTC)


def client(server: Listener) -> Webhook:
    return Webhook(SECRET, clock=now, own=server.url)


def taken(posted: Posted) -> tuple[int, dict[str, str], str]:
    return 200, {}, ""


def test_what_arrives_passes_the_verifier_of_the_specification() -> None:
    with listening(taken) as server:
        assert client(server).send(server.url, message(validation())) == Sent()
    (posted,) = server.posts
    found = Verifier(SECRET).verify(posted.body, dict(posted.headers))
    assert found["type"] == "lockstep.validation_failed"
    assert found["data"]["severity"] == "critical"


def test_a_changed_body_does_not_pass_the_verifier() -> None:
    with listening(taken) as server:
        client(server).send(server.url, message(approval()))
    (posted,) = server.posts
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(posted.body.replace(b"42", b"43"), dict(posted.headers))


def test_the_id_is_the_same_when_it_is_sent_again_and_another_for_another_message() -> None:
    with listening(taken) as server:
        for each in (message(approval()), message(approval()), message(*storm(2))):
            client(server).send(server.url, each)
    first, again, other = [each.headers["webhook-id"] for each in server.posts]
    assert first == again != other


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://169.254.169.254/latest", "file:///etc/passwd"]
)
def test_case_90_an_address_from_the_rules_that_is_not_public_is_not_asked(url: str) -> None:
    outcome = Webhook(SECRET, clock=now).send(url, message(approval()))
    assert isinstance(outcome, Later)
    assert "passwd" not in outcome.why


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (204, {}, Sent()),
        (302, {"Location": "http://127.0.0.1/elsewhere"}, Later(why="the webhook's receiver answered 302")),
        (400, {}, Rejected(why="the webhook's receiver answered 400")),
        (410, {}, Later(why="the webhook's receiver answered 410")),
        (
            429,
            {"Retry-After": "7"},
            Later(why="the webhook's receiver answered 429", after=timedelta(seconds=7)),
        ),
        (500, {"Retry-After": "soon"}, Later(why="the webhook's receiver answered 500")),
    ],
)
def test_an_answer_comes_to_this(status: int, headers: dict[str, str], expected: object) -> None:
    with listening(lambda posted: (status, headers, "")) as server:
        assert client(server).send(server.url, message(approval())) == expected
        assert server.asked == 1
