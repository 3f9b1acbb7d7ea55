"""Handing letters to a real SMTP server on loopback: TLS, login, and what its answers come to."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from bot.adapters.email import Mail
from bot.adapters.email.letter import letter
from bot.model.tidings import Later, Rejected, Sent
from tests.adapters.email.certificate import authority
from tests.adapters.notify_messages import NOW, approval, hostile, message
from tests.servers.mail import Mailbox, mail

TO = ("oncall@example.com", "sre@example.com")


def client(box: Mailbox, **more: object) -> Mail:
    return Mail(box.url, "lockstep@example.com", clock=lambda: NOW, **more)  # type: ignore[arg-type]  # by name


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context, the client trusting the server's authority alone."""
    return authority(Path(tmp_path_factory.mktemp("tls")))


def test_a_letter_arrives_whole_at_everybody() -> None:
    with mail() as box:
        assert client(box).send(message(approval()), TO) == Sent()
    (letter,) = box.letters
    assert letter["Subject"] == "[Lockstep] Promotion #42 to production waits for approval"
    assert box.to == [list(TO)]
    body = letter.get_body(("plain",))
    assert body is not None
    assert "Waits for 1 of sre, 1 of qa" in body.get_content()


def test_case_92_hostile_words_reach_nobody_else() -> None:
    with mail() as box:
        assert client(box).send(message(hostile()), TO) == Sent()
    assert box.to == [list(TO)]
    assert {name.lower() for name in box.letters[0].keys()} >= {"subject", "from", "to"}  # noqa: SIM118 (a message)
    assert box.letters[0]["Bcc"] is None


def test_starttls_is_used_where_it_is_offered(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with mail(tls=tls[0]) as box:
        assert client(box, context=tls[1]).send(message(approval()), TO) == Sent()
    assert box.secured == [True]


def test_smtps_speaks_tls_from_the_start(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with mail(tls=tls[0], implicit=True) as box:
        assert client(box, context=tls[1]).send(message(approval()), TO) == Sent()
    assert len(box.letters) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with mail(tls=tls[0]) as box:
        outcome = client(box).send(message(approval()), TO)
    assert outcome == Later(why="127.0.0.1 did not take the letter (SSLCertVerificationError)")
    assert box.letters == []


def test_elsewhere_nothing_is_said_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.email.client._is_here", lambda host: False)
    with mail() as box:
        outcome = client(box).send(message(approval()), TO)
    assert outcome == Later(why="127.0.0.1 offers no STARTTLS: nothing is sent in the open; use smtps://")
    assert box.letters == []


def test_a_login_from_the_address_is_used_and_its_refusal_betrays_nothing(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with mail(tls=tls[0], login=("bot", "p@ss/word")) as box:
        right, wrong = "smtp://bot:p%40ss%2Fword@", "smtp://bot:canary-word@"
        good = Mail(box.url.replace("smtp://", right), None, clock=lambda: NOW, context=tls[1])
        bad = Mail(box.url.replace("smtp://", wrong), None, clock=lambda: NOW, context=tls[1])
        assert good.send(message(approval()), TO) == Sent()
        assert bad.send(message(approval()), TO) == Later(
            why="the mail server refuses the login of SMTP_URL (535)"
        )


@pytest.mark.parametrize(
    ("letter", "recipients", "expected"),
    [
        ("554 spam", "", Rejected(why="the mail server refused the letter (554)")),
        ("451 later", "", Later(why="the mail server refused the letter (451)")),
        ("", "550 unknown", Rejected(why="the mail server refused every recipient (550)")),
        ("", "450 greylisted", Later(why="the mail server refused every recipient (450)")),
    ],
)
def test_what_the_server_refuses_comes_to_this(letter: str, recipients: str, expected: object) -> None:
    with mail() as box:
        box.refuses_letter, box.refuses_recipients = letter, recipients
        assert client(box).send(message(approval()), TO) == expected


@pytest.mark.parametrize(
    ("url", "sender"),
    [("smtp://[::1]:1", "lockstep@localhost"), ("smtp://mail.example.com:1", "lockstep@mail.example.com")],
)
def test_without_a_sender_of_its_own_a_letter_is_from_the_servers_host(url: str, sender: str) -> None:
    made = Mail(url, None, clock=lambda: NOW)
    assert letter(message(approval()), made.sender, TO, NOW)["From"].addresses[0].addr_spec == sender


def test_nobody_listening_is_for_later() -> None:
    with mail() as box:
        made = client(box)
    outcome = made.send(message(approval()), TO)
    assert isinstance(outcome, Later)
    assert outcome.why.startswith("127.0.0.1 did not take the letter (")
