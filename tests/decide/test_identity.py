"""Which repository is a source of the rules (attack case 25)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decide.identity import is_impostor, is_source
from bot.model.facts import Repository
from tests.builders import policy

(SOURCE,) = policy().sources
NAME = SOURCE.repository


def repository(number: int, name: str = NAME) -> Repository:
    return Repository(id=number, node_id=f"R_{number}", full_name=name, default_branch="main")


@pytest.mark.parametrize(
    ("found", "said", "pinned", "source", "impostor"),
    [
        (repository(5), None, None, True, False),
        (repository(5, NAME.upper()), None, None, True, False),
        (repository(5, "splattop/shop"), None, None, False, False),
        (repository(5), None, 5, True, False),
        (repository(5, "splattop/shop"), None, 5, True, False),
        (repository(6), None, 5, False, True),
        (repository(6), 6, 5, True, False),
        (repository(5), 6, 5, False, True),
        (repository(5, "splattop/shop"), 6, 5, False, False),
    ],
    ids=[
        "name alone",
        "name in another case",
        "another name",
        "pinned",
        "pinned and renamed",
        "somebody else has the name",
        "the rules name the new id",
        "the rules name another id than the pinned",
        "the pinned is renamed and no longer meant",
    ],
)
def test_case_25_the_id_decides_before_the_name(found, said, pinned, source, impostor):
    wanted = replace(SOURCE, repository_id=said)
    pins = {NAME.lower(): pinned} if pinned else {}
    assert (is_source(wanted, found, pins), is_impostor(wanted, found, pins)) == (source, impostor)
