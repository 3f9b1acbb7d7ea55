"""Reviews and team members against the local GitHub, with the requests that they took (rows P3, R4)."""

from __future__ import annotations

from bot.model.facts import Unknown
from tests.adapters.github.local import Local


def test_members_of_several_teams_are_one_question(local: Local) -> None:
    local.hub.team("splattop/sre", members=["zoe", "yan"])
    local.hub.team("splattop/qa", members=["zoe"])
    with local.counting() as made:
        found = local.github.team_members(["splattop/SRE", "splattop/qa"])
    assert made == ["POST /graphql"]
    logins = {
        name: {each.login for each in team} for name, team in found.items() if not isinstance(team, Unknown)
    }
    assert logins == {"splattop/sre": {"zoe", "yan"}, "splattop/qa": {"zoe"}}


def test_members_on_a_second_page_are_members(local: Local) -> None:
    local.hub.team("splattop/all", members=[f"person-{number}" for number in range(130)])
    found = local.github.team_members(["splattop/all"])["splattop/all"]
    assert not isinstance(found, Unknown)
    assert len({each.id for each in found}) == 130


def test_a_team_that_is_not_there_is_unknown_and_hides_no_other(local: Local) -> None:
    local.hub.team("splattop/sre", members=["zoe"])
    found = local.github.team_members(["splattop/gone", "nobody-at-all/x", "splattop", "splattop/sre"])
    unknown = {name for name, team in found.items() if isinstance(team, Unknown)}
    assert unknown == {"splattop/gone", "nobody-at-all/x", "splattop"}
