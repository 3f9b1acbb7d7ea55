"""What every answer of the local GitHub has in common: pages, limits, ETags, redirects, unknown routes."""

import pytest
import requests

from tests.sandbox.conftest import CONFIG


def test_lists_are_leafed_through_by_link_headers(scene):
    for number in range(5):
        scene.change(f"b{number}", f"a: {number + 5}\n")
    bot, url, seen = scene.bot(), f"{CONFIG}/pulls?per_page=2", []
    while url:
        answer = bot.get(url)
        seen += [p["number"] for p in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == [5, 4, 3, 2, 1]


def test_rate_limit_headers_count_down_and_run_out(scene):
    bot = scene.bot()
    first, second = bot.get(CONFIG), bot.get(CONFIG)
    left = [int(a.headers["X-RateLimit-Remaining"]) for a in (first, second)]
    assert left[0] - left[1] == 1
    scene.github.server.door.limit = 2
    assert bot.get(CONFIG).status_code == 403
    scene.github.advance(3600)
    assert scene.bot().get(CONFIG).status_code == 200


def test_an_unchanged_answer_is_304_and_costs_nothing(scene):
    bot = scene.bot()
    first = bot.get(CONFIG)
    again = bot.get(CONFIG, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"]


def test_a_renamed_repository_redirects_to_its_id(scene):
    scene.github.rename("splattop/config", "deploy")
    moved = scene.bot().get(f"{CONFIG}/pulls?state=all")
    number = scene.github.repo("splattop/deploy").id
    assert moved.status_code == 301
    assert moved.headers["Location"].endswith(f"/repositories/{number}/pulls?state=all")
    assert scene.bot().get(moved.headers["Location"]).status_code == 200
    assert scene.bot().post(f"{CONFIG}/git/refs").status_code == 307


@pytest.mark.parametrize("path", [f"{CONFIG}/traffic/views", "/search/issues", "/meta", "/gists/1/star"])
def test_an_unknown_route_fails_loudly(scene, path):
    assert scene.bot().get(path).status_code == 501
    assert scene.github.unknown_routes == [f"GET {path}"]


def test_the_request_log_tells_writes_from_reads(scene):
    bot = scene.bot()
    bot.get(CONFIG)
    bot.post(f"{CONFIG}/labels", {"name": "x"})
    scene.jwt().post(f"/app/installations/{scene.installation.id}/access_tokens")
    assert [e.path for e in scene.github.writes()] == [f"{CONFIG}/labels"]
    assert scene.github.writes()[0].actor == "lockstep[bot]"
    assert scene.github.writes()[0].installation == scene.installation.id


def test_malformed_json_is_400(scene):
    headers = {"Authorization": f"Bearer {scene.bot().token}"}
    url = f"{scene.github.base_url}{CONFIG}/labels"
    assert requests.post(url, data=b"{", headers=headers, timeout=10).status_code == 400


def test_a_control_verb_needs_its_token(scene):
    scene.github.on_release(lambda sent: {"released": sent["tag"]})
    url = f"{scene.github.base_url}/_sandbox/release"
    assert requests.post(url, json={"tag": "1"}, timeout=10).status_code == 401
    headers = {"Authorization": f"Bearer {scene.github.control_token}"}
    assert requests.post(url, json={"tag": "1"}, headers=headers, timeout=10).json() == {"released": "1"}


def test_every_page_that_links_point_at_opens(scene):
    pull, sha = scene.change(), scene.github.sha("splattop/config", "main")
    run = scene.github.start_run("splattop/app", ".github/workflows/build.yml")
    check = scene.github.check("splattop/config", pull.head_sha, "lint")
    below = [f"/pull/{pull.number}", f"/runs/{check.id}", f"/commit/{sha}", "/compare/main...bump", ""]
    below += ["/tree/main", "/blob/main/values.yaml", f"/pull/{pull.number}.diff"]
    places = ["/", "/splattop", f"/splattop/app/actions/runs/{run.id}"]
    places += [f"/splattop/config{path}" for path in below]
    got = {p: requests.get(scene.github.base_url + p, timeout=10).status_code for p in places}
    assert set(got.values()) == {200}, got


def test_pages_show_a_pull_request_with_everything_escaped(scene):
    scene.github.push("splattop/config", "x", {"values.yaml": "a: <b>\n"}, "ana")
    pull = scene.github.open_pull("splattop/config", "x", "ana", "<script>", "<img>")
    shown = scene.bot().get(f"{CONFIG}/pulls/{pull.number}").json()
    page = requests.get(shown["html_url"], timeout=10).text
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "<img>" not in page
    assert "+a: &lt;b&gt;" in page
