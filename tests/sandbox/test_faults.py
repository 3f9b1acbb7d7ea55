"""Named faults of the local GitHub."""

import time

import pytest
import requests

from tests.sandbox.conftest import CONFIG

SENT = {"name": "x"}


def test_a_failure_does_nothing_and_passes(scene):
    scene.github.faults.fails(502, method="POST", path_pattern="/labels$")
    bot = scene.bot()
    assert bot.post(f"{CONFIG}/labels", SENT).status_code == 502
    assert bot.post(f"{CONFIG}/labels", SENT).status_code == 201


def test_performs_then_fails_has_done_it_all_the_same(scene):
    scene.github.faults.performs_then_fails(502, method="POST", path_pattern="/labels$")
    bot = scene.bot()
    assert bot.post(f"{CONFIG}/labels", SENT).status_code == 502
    assert bot.post(f"{CONFIG}/labels", SENT).status_code == 422


def test_a_fault_strikes_only_what_it_names(scene):
    scene.github.faults.fails(500, method="POST", path_pattern="/labels$")
    assert scene.bot().get(f"{CONFIG}/labels").status_code == 200


def test_a_primary_rate_limit_lasts_until_its_reset(scene):
    scene.github.faults.rate_limited(primary=120)
    answer = scene.bot().get(CONFIG)
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert scene.bot().get(CONFIG).status_code == 403
    scene.github.advance(121)
    assert scene.bot().get(CONFIG).status_code == 200


@pytest.mark.parametrize(("asked", "header"), [(60, "60"), ("bare", None)])
def test_a_secondary_rate_limit_comes_with_or_without_retry_after(scene, asked, header):
    scene.github.faults.rate_limited(secondary=asked)
    answer = scene.bot().get(CONFIG)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (403, header)
    assert int(answer.headers["X-RateLimit-Remaining"]) > 0


def test_the_head_can_move_just_before_a_merge(scene):
    scene.github.faults.swap_head_on_merge()
    pull = scene.change()
    answer = scene.bot().put(f"{CONFIG}/pulls/{pull.number}/merge", {"sha": pull.head_sha})
    assert (answer.status_code, pull.merged) == (409, False)


def test_the_base_can_be_said_to_move_once(scene):
    scene.github.faults.base_modified_on_merge()
    pull = scene.change()
    bot = scene.bot()
    first = bot.put(f"{CONFIG}/pulls/{pull.number}/merge")
    assert (first.status_code, first.json()["message"][:11]) == (405, "Base branch")
    assert bot.put(f"{CONFIG}/pulls/{pull.number}/merge").status_code == 200


@pytest.mark.parametrize(("performs", "again"), [(False, 201), (True, 422)])
def test_a_dropped_connection_has_no_answer(scene, performs, again):
    scene.github.faults.drops_connection(method="POST", performs=performs)
    with pytest.raises(requests.ConnectionError):
        scene.bot().post(f"{CONFIG}/labels", SENT)
    assert scene.bot().post(f"{CONFIG}/labels", SENT).status_code == again
    assert [e.status for e in scene.github.writes()] == [0, again]


def test_a_slow_answer_is_right_in_the_end(scene):
    scene.github.faults.slow(0.15, path_pattern="/pulls$")
    started = time.monotonic()
    assert scene.bot().get(f"{CONFIG}/pulls").status_code == 200
    assert time.monotonic() - started >= 0.15


def test_a_graphql_call_is_matched_by_its_operation(scene):
    scene.github.faults.fails(502, operation="Facts")
    bot = scene.bot()
    other = {"query": "query Other { viewer { login } }"}
    facts = {"query": "query Facts { viewer { login } }"}
    assert bot.post("/graphql", other).status_code == 200
    assert bot.post("/graphql", facts).status_code == 502
