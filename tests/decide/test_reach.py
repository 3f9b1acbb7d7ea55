"""Which repositories an installation token reaches (attack case 18)."""

from __future__ import annotations

from bot.model.facts import Repository
from bot.run.reach import MOST, needed_repositories
from tests.builders import CONFIG, policy


def repository(number: int, name: str) -> Repository:
    return Repository(id=number, node_id=f"R_{number}", full_name=name, default_branch="main")


APP = repository(601, "Splattop/App")
OTHER = repository(602, "splattop/payroll")


def test_only_config_repositories_and_their_sources_are_reached():
    assert needed_repositories([CONFIG, APP, OTHER], [CONFIG], {CONFIG.id: policy()}, {}) == (
        CONFIG.id,
        APP.id,
    )


def test_before_the_rules_were_read_all_known_ones_are_named():
    assert needed_repositories([CONFIG, APP, OTHER], [CONFIG], {}, {}) == (CONFIG.id, APP.id, OTHER.id)


def test_more_than_github_takes_are_not_named():
    many = [repository(number, f"splattop/r{number}") for number in range(1, MOST + 2)]
    assert needed_repositories(many, [CONFIG], {}, {}) == ()


def test_a_pinned_source_is_reached_by_its_id_and_whoever_has_its_name_is_not():
    renamed, impostor = repository(601, "splattop/api"), repository(603, "splattop/app")
    pins = {CONFIG.id: {"splattop/app": 601}}
    reached = needed_repositories([CONFIG, renamed, impostor], [CONFIG], {CONFIG.id: policy()}, pins)
    assert reached == (CONFIG.id, 601)
