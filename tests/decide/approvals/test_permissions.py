"""The permission matrix, cell by cell, and the words of the authorizer (attack cases 60, 67, 71)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.decide.approvals import contributed, roles_of
from bot.decide.authorize import authorize, general_roles, roles_needed
from bot.decide.commands import USAGE
from bot.decide.permissions_table import COLUMNS, TABLE, May, Who, markdown
from bot.model.approval_facts import Membership
from bot.model.facts import Actor, Unknown
from bot.model.policy_after import Commands
from tests.decide.approvals.people import ANA, CHO, DAN, NOBODY, ROLES, TEAMS, facts

ENVIRONMENTS = ("dev", "staging", "production")
NAMED = Commands(**dict.fromkeys(general_roles(Commands()), ("sre",)))
ELSEWHERE = Commands(environments={"nowhere": dict.fromkeys(general_roles(Commands()), ("sre",))})
HERE = Commands(
    environments={name: dict.fromkeys(general_roles(Commands()), ("sre",)) for name in ENVIRONMENTS}
)
TIMEOUT = Unknown(why="GitHub did not answer in time")
CELLS = [
    pytest.param(command, who, may, environment, id=f"{command}, {who.name}, {environment}")
    for (command, cells), environment in product(TABLE.items(), ENVIRONMENTS)
    for who, may in zip(COLUMNS, cells, strict=True)
]


def allowed(command: str, who: Who, commands: Commands | None, environment: str) -> bool:
    """The authorizer's answer for somebody of a column."""
    return authorize(
        command,
        Actor(id=5, login="pat", is_bot=who.is_bot),
        who.permission,
        commands=commands,
        environment=environment,
        roles={"sre": who.in_role},
        contributed="pat opened this pull request" if who.contributed else None,
    ).allowed


@pytest.mark.parametrize(
    "commands", [None, Commands(), ELSEWHERE], ids=["no rules", "none named", "elsewhere"]
)
@pytest.mark.parametrize(("command", "who", "may", "environment"), CELLS)
def test_case_67_each_cell_where_no_role_is_named(
    command: str, who: Who, may: May, environment: str, commands: Commands | None
) -> None:
    assert allowed(command, who, commands, environment) is (may is not May.NO)


@pytest.mark.parametrize("commands", [NAMED, HERE], ids=["everywhere", "here"])
@pytest.mark.parametrize(("command", "who", "may", "environment"), CELLS)
def test_case_67_each_cell_where_a_role_is_named(
    command: str, who: Who, may: May, environment: str, commands: Commands
) -> None:
    assert allowed(command, who, commands, environment) is (may is May.YES)


def test_the_table_has_every_command() -> None:
    assert set(TABLE) == {usage.name for usage in USAGE} | {"decide"}


def test_the_readme_gets_a_row_for_each_command_and_a_cell_for_each_column() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("| ")]
    assert (len(rows), {row.count(" | ") for row in rows}) == (len(TABLE) + 1, {len(COLUMNS)})


def test_a_row_reads_as_the_authorizer_answers() -> None:
    assert (
        "| `/override` | no | no | no | unless roles are named | yes | unless roles are named | no "
        "| unless roles are named |"
    ) in markdown()


def test_roles_of_an_environment_take_the_place_of_the_general_ones() -> None:
    commands = Commands(override=("sre",), environments={"dev": {"override": ()}, "prod": {"hold": ("qa",)}})
    assert [roles_needed("override", commands, name) for name in ("dev", "prod", None)] == [
        (),
        ("sre",),
        ("sre",),
    ]


def test_unhold_goes_by_the_roles_of_hold() -> None:
    assert roles_needed("unhold", Commands(hold=("sre",)), None) == ("sre",)


OVERRIDES = Commands(override=("sre", "qa"))


@pytest.mark.parametrize(
    ("permission", "roles", "says", "unverified"),
    [
        (
            "read",
            {"sre": True},
            "`/override` needs write permission on this repository, and ana has read. Ask somebody who has it.",
            False,
        ),
        (
            "",
            {},
            "`/override` needs write permission on this repository, and ana has none. Ask somebody who has it.",
            False,
        ),
        (
            "admin",
            {"sre": False, "qa": False},
            "`/override` in production is for the role sre or qa, and ana is not in it. Ask somebody who is.",
            False,
        ),
        (
            TIMEOUT,
            {"sre": True},
            "Cannot verify the permission of ana: GitHub did not answer in time. Try again later.",
            True,
        ),
        (
            "write",
            {"sre": False, "qa": TIMEOUT},
            "Cannot verify that ana is in the role qa: GitHub did not answer in time. Try again later.",
            True,
        ),
        (
            "write",
            {},
            "Cannot verify that ana is in the role sre: it was not read. Try again later.",
            True,
        ),
    ],
)
def test_case_60_a_refusal_says_who_may_and_whether_to_ask_again(
    permission: str | Unknown, roles: dict[str, bool | Unknown], says: str, unverified: bool
) -> None:
    permit = authorize("override", ANA, permission, commands=OVERRIDES, environment="production", roles=roles)
    assert (permit.allowed, permit.reason, permit.unverified) == (False, says, unverified)


def test_one_role_that_is_certain_is_enough() -> None:
    roles: dict[str, bool | Unknown] = {"sre": TIMEOUT, "qa": True}
    permit = authorize("override", ANA, "write", commands=OVERRIDES, roles=roles)
    assert (permit.allowed, permit.reason) == (True, "ana is in the role qa")


def test_case_53_who_contributed_is_told_why_the_approval_is_refused() -> None:
    known = facts(contributors=replace(NOBODY, requester=ANA))
    permit = authorize("approve", ANA, "write", contributed=contributed(ANA, known.contributors))
    assert (
        permit.reason
        == "ana asked for this promotion, and does not approve it. Ask somebody else who may approve."
    )


def test_who_did_not_contribute_is_not_held_back() -> None:
    assert contributed(ANA, facts().contributors) is None


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (ANA, {"sre": True, "qa": False}),
        (CHO, {"sre": False, "qa": True}),
        (DAN, {"sre": False, "qa": True}),
    ],
)
def test_the_roles_of_a_person_come_from_teams_and_logins(who: Actor, expected: dict[str, bool]) -> None:
    assert roles_of(who, ROLES, Membership(teams=TEAMS)) == expected


def test_a_team_that_was_not_read_leaves_the_role_unknown_unless_the_login_is_listed() -> None:
    found = roles_of(DAN, ROLES, Membership())
    assert (isinstance(found["sre"], Unknown), found["qa"]) == (True, True)


def test_a_deleted_account_has_no_role_even_where_its_login_is_listed() -> None:
    assert roles_of(Actor(id=0, login="dan"), ROLES, Membership(teams={0: frozenset()}))["qa"] is False
