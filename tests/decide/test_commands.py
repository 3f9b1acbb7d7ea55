"""What a comment tells Lockstep to do: names and arguments (contract, "Commands"; attack cases 68, 70, 72)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.commands import (
    LIMIT,
    USAGE,
    Approve,
    CancelApproval,
    CancelOverride,
    Command,
    DryRun,
    Help,
    Hold,
    Hotfix,
    Malformed,
    Override,
    Promote,
    Retry,
    Rollback,
    Status,
    Sync,
    TooMany,
    Unhold,
    parse,
    table,
)

DIGEST = "sha256:" + "0123456789abcdef" * 4


def one(body: str) -> Command:
    commands = parse(body)
    assert len(commands) == 1
    return commands[0]


def known(raw: str) -> dict[str, object]:
    return {"name": raw.split()[0][1:].lower(), "raw": raw, "line": 1}


@pytest.mark.parametrize(
    ("raw", "kind", "fields"),
    [
        ("/promote", Promote, {"words": ()}),
        ("/promote staging", Promote, {"words": ("staging",)}),
        ("/promote  staging\tapi  web", Promote, {"words": ("staging", "api", "web")}),
        ("/promote api api", Promote, {"words": ("api",)}),
        ("/override slo reason: flaky probe", Override, {"gate": "slo", "reason": "flaky probe"}),
        ("/override reason: flaky", Override, {"gate": None, "reason": "flaky"}),
        ("/override reason:flaky", Override, {"gate": None, "reason": "flaky"}),
        ("/override slo REASON: x", Override, {"gate": "slo", "reason": "x"}),
        ('/override slo reason: "two words"', Override, {"gate": "slo", "reason": "two words"}),
        ("/override slo reason: “two words”", Override, {"gate": "slo", "reason": "two words"}),
        ('/override slo reason: "a" is not "b"', Override, {"gate": "slo", "reason": '"a" is not "b"'}),
        ('/override slo --reason "two words"', Override, {"gate": "slo", "reason": "two words"}),
        ("/override slo --reason=words", Override, {"gate": "slo", "reason": "words"}),
        ("/override slo --reason two words", Override, {"gate": "slo", "reason": "two words"}),
        ("/override slo —reason “words”", Override, {"gate": "slo", "reason": "words"}),
        ("/override slo reason: the reason: x", Override, {"gate": "slo", "reason": "the reason: x"}),
        (
            "/override error_budget reason: a\u200bb\u202ec",
            Override,
            {"gate": "error_budget", "reason": "abc"},
        ),
        ("/override cancel", CancelOverride, {"gate": None}),
        ("/override cancel slo", CancelOverride, {"gate": "slo"}),
        ("/override Cancel slo", CancelOverride, {"gate": "slo"}),
        ("/rollback reason: bad", Rollback, {"components": (), "to": None, "reason": "bad"}),
        (
            "/rollback api web reason: bad",
            Rollback,
            {"components": ("api", "web"), "to": None, "reason": "bad"},
        ),
        (
            "/rollback api to:1.7.2 reason: bad",
            Rollback,
            {"components": ("api",), "to": "1.7.2", "reason": "bad"},
        ),
        (
            f"/rollback to: {DIGEST} reason: bad",
            Rollback,
            {"components": (), "to": DIGEST, "reason": "bad"},
        ),
        (
            "/rollback to:1.7.2 api reason: go to: hell",
            Rollback,
            {"components": ("api",), "to": "1.7.2", "reason": "go to: hell"},
        ),
        ("/hotfix", Hotfix, {"environment": None}),
        ("/hotfix staging", Hotfix, {"environment": "staging"}),
        ("/hold", Hold, {"environment": None, "reason": None}),
        ("/hold reason: audit", Hold, {"environment": None, "reason": "audit"}),
        ("/hold production reason: audit", Hold, {"environment": "production", "reason": "audit"}),
        ("/unhold", Unhold, {"environment": None}),
        ("/unhold production", Unhold, {"environment": "production"}),
        ("/approve", Approve, {}),
        ("/approve cancel", CancelApproval, {}),
        ("/APPROVE", Approve, {}),
        ("/sync", Sync, {}),
        ("/retry", Retry, {}),
        ("/status", Status, {}),
        ("/dry-run", DryRun, {}),
        ("/help", Help, {}),
    ],
)
def test_each_command_of_the_contract_is_read(
    raw: str, kind: type[Command], fields: dict[str, object]
) -> None:
    assert one(raw) == kind(**known(raw), **fields)  # type: ignore[arg-type] # a table of field values


def test_every_usage_has_a_command_that_reads_and_every_name_is_listed() -> None:
    names = [usage.name for usage in USAGE]
    read = {
        one(f"/{name} reason: x" if name in ("override", "rollback") else f"/{name}").name for name in names
    }
    assert read == set(names)
    assert all(usage.syntax.startswith(f"/{usage.name}") for usage in USAGE)
    assert all(f"`{usage.syntax}`" in table() for usage in USAGE)


@pytest.mark.parametrize(
    ("environments", "target"),
    [
        ({"staging", "production"}, ("staging", ("api",))),
        ({"production"}, (None, ("staging", "api"))),
    ],
)
def test_the_rules_tell_an_environment_from_a_component(
    environments: set[str], target: tuple[str | None, tuple[str, ...]]
) -> None:
    command = one("/promote staging api")
    assert isinstance(command, Promote)
    assert command.target(environments) == target


@pytest.mark.parametrize(
    "reason",
    [
        "",
        " reason:",
        " reason:   ",
        ' reason: ""',
        ' --reason ""',
        " --reason",
        " --reason=",
        " reason: ''",
        " reason: “”",
        " reason: \u200b\u200c\u200d\ufeff",
        " reason: \u00a0\u3000",
        " reason: \u3164\u2800",
        ' reason: "\u200b"',
        " reason: \u202e",
        " reason: ...!?",
    ],
)
@pytest.mark.parametrize("command", ["/override slo", "/override", "/rollback", "/rollback api to:1.7.2"])
def test_case_68_a_command_without_a_reason_in_words_is_malformed(command: str, reason: str) -> None:
    found = one(command + reason)
    assert isinstance(found, Malformed)
    assert "reason" in found.problem
    assert found.usage.startswith(command.split()[0])


def test_case_68_a_reason_may_have_2000_characters_and_not_one_more() -> None:
    assert isinstance(one("/override slo reason: " + "x" * 2000), Override)
    for reason in ("x" * 2001, "x" * 10_000, "\u200b" * 2000 + "x"):
        found = one("/override slo reason: " + reason)
        assert isinstance(found, Malformed)
        assert "2,000" in found.problem


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("/override slo because it is flaky", "needs a reason"),
        ("/override slo tests reason: x", "more than one gate"),
        ('/override --reason "x" slo', "follows the quoted reason"),
        ("/override cancel slo tests", "more than one gate"),
        ("/override slo/../x reason: x", "`slo/../x` is not a name"),
        ("/rollback to:a to:b reason: x", "two targets"),
        ("/rollback to: reason: x", "neither a tag, a digest"),
        ("/rollback to:#0 reason: x", "neither a tag, a digest"),
        ("/rollback to:#12x reason: x", "neither a tag, a digest"),
        ("/rollback to:sha256:abc reason: x", "neither a tag, a digest"),
        (f"/rollback to:{DIGEST.upper()} reason: x", "neither a tag, a digest"),
        ("/rollback to:ghcr.io/evil/api:1 reason: x", "neither a tag, a digest"),
        ("/hotfix staging production", "more than one environment"),
        ("/hold staging production", "more than one environment"),
        ("/hold reason:", "reason is empty"),
        ("/unhold now please", "more than one environment"),
        ("/approve cancel now", "`cancel now` is not understood after `/approve`"),
        ("/approve all", "not understood"),
        ("/help me", "not understood"),
        ("/dry-run production", "not understood"),
        ("/promote stag\u200bing", "`staging` is not a name"),
        ("/promote прод", "is not a name"),
        ("/promote -x", "is not a name"),
        ("/promote " + "a" * 64, "is not a name"),
        ("/promote " + " ".join(f"c{n}" for n in range(51)), "more than 50 words"),
    ],
)
def test_what_cannot_be_understood_is_malformed_and_says_how_it_is_written(raw: str, says: str) -> None:
    found = one(raw)
    assert isinstance(found, Malformed)
    assert says in found.problem
    assert found.usage.startswith("/")


def test_case_70_rejected_input_is_echoed_only_as_code() -> None:
    found = one("/promote @org/all<!--x--> `y`")
    assert isinstance(found, Malformed) or not found
    assert found.problem == "`@org/all<\u200b!--x-->` is not a name"


@pytest.mark.parametrize(
    "body",
    [
        "\uff0fapprove",
        "/\uff41pprove",
        "/appro\u200bve",
        "\u200b/approve",
        "\ufeff/approve",
        "/\u202eapprove",
        "\u202e/approve",
        "/approve\u202c",
        "\u00a0/approve",
        "/approve\u00a0",
        "/approve\u3000",
        "/approve\u200b",
        "/аpprove",
        "/approved",
        "/approve-all",
        "/approve.",
        "/approve:",
        "/approve/",
        "//approve",
        "/ approve",
        "\\/approve",
        "*/approve*",
        "please /approve",
        "@lockstep /approve",
        "- /approve",
        "1. /approve",
        "# /approve",
        "| /approve |",
        "[/approve](https://x)",
        "/dryrun",
        "/dry‑run",
        "approve",
        "/unknown",
        "\ue0001\ue001approve",
        "\ue0001\ue001",
        "",
        "/",
    ],
)
def test_case_70_what_only_looks_like_a_command_is_none(body: str) -> None:
    assert parse(body) == ()


@pytest.mark.parametrize(
    "body", ["/approve\r\n", "/approve ", "/approve\t \r\n", "   /approve", "/Approve", "x\r/approve"]
)
def test_case_70_line_ends_and_blanks_around_a_command_do_not_matter(body: str) -> None:
    assert isinstance(one(body), Approve)


def test_case_72_ten_commands_run_in_document_order_and_the_eleventh_is_reported() -> None:
    body = "\n".join(["/help"] * 9 + ["/status"] + ["/approve"] * 40)
    commands = parse(body)
    assert [command.name for command in commands] == ["help"] * 9 + ["status", "approve"]
    assert commands[-1] == TooMany(name="approve", raw="/approve", line=11, limit=LIMIT)


def test_case_72_ten_commands_alone_are_not_too_many() -> None:
    assert not any(isinstance(command, TooMany) for command in parse("/help\n" * LIMIT))


def test_commands_know_their_line_and_how_it_was_written() -> None:
    commands = parse("Looks good.\r\n\r\n  /approve \r\nand then\r\n/promote staging")
    assert [(command.line, command.raw) for command in commands] == [
        (3, "  /approve "),
        (5, "/promote staging"),
    ]


def test_one_bad_command_does_not_stop_the_good_ones() -> None:
    assert [type(command) for command in parse("/override\n/nonsense\n/help")] == [Malformed, Help]


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("/approvehlt reason:\"'`>~-<!\n\t\u200b", max_size=200))
def test_any_text_at_all_is_parsed_without_an_error(body: str) -> None:
    commands = parse(body + "\n\n/override " + body)
    assert len(commands) <= LIMIT + 1
