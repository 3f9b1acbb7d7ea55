"""The board: what it shows, and that nothing on it can do harm (cases 94, 95)."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from bot.decide import board as decided
from bot.decide import evidence_summary
from bot.errors import Retryable
from bot.model.facts import Pull
from bot.model.ledger import LedgerEntry, LedgerRow
from bot.model.release import Promotion
from bot.model.snapshot import Branch, EnvironmentSnapshot
from bot.model.tidings import ChannelState
from bot.web.app import create_app
from bot.web.board import REFRESH, board
from bot.web.board_model import age, safe_link
from tests.builders import BASE, CONFIG, NOW, commit, digest, files, policy, promotion, pull, release, values
from tests.web.board_store import BoardStore
from tests.web.fakes import SECRET, FakeStore, make_settings, pem

EVIL = '"><img src=x onerror=alert(1)><script>alert(1)</script>'


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [
            value or "" for _, attrs in self.tags for name, value in attrs.items() if name in ("href", "src")
        ]


def visit(store: BoardStore) -> FlaskClient:
    room = board(store, "https://github.com", lambda: NOW)
    return create_app(
        settings=make_settings(), store=FakeStore(), clock=lambda: NOW, rooms=[room]
    ).test_client()


def page(store: BoardStore) -> Tags:
    return Tags(visit(store).get("/").text)


def snapshot(open_pull: Pull | None = None, dev: bytes | None = None) -> EnvironmentSnapshot:
    where = "lockstep/dev/app"
    return EnvironmentSnapshot(
        taken_at=NOW,
        repository=CONFIG,
        base_sha=BASE,
        files=files(dev=dev or values(), staging=values(api="f")),
        branches={where: Branch(name=where, head=commit("c" * 40))} if open_pull else {},
        branch_files={where: files(dev=values(api="a", api_tag="7.0.0"))} if open_pull else {},
        pulls={where: open_pull} if open_pull else {},
    )


def store_with(title: str = "Promote api 7.0.0 to dev", url: str | None = None, **more: str) -> BoardStore:
    found = pull("dev", "c" * 40, title=title, **({"url": url} if url else {}))
    held = release(7, api="a")
    row = LedgerRow(
        seq=1,
        entry=LedgerEntry(at=NOW, event="open_pull", decision="done", reason=more.get("reason", "a release")),
        previous_hash=bytes(32),
        hash=bytes(32),
    )
    return BoardStore(
        values={decided.key(CONFIG.id, "dev"): decided.value(policy(), snapshot(found), "dev")},
        pulls=(promotion("dev", "c" * 40, held, opened_at=NOW - timedelta(minutes=5)),),
        taken=(replace(held, accepted_at=NOW - timedelta(hours=2), branch=more.get("branch", "main")),),
        entries=(row,),
    )


def test_components_stand_with_tag_and_short_digest_and_the_full_one_as_title() -> None:
    found = page(store_with())
    assert "1.0.0" in found.text
    assert "000000000000" in found.text
    assert digest("0") in [attrs.get("title") for _, attrs in found.tags]


def test_a_component_that_differs_from_the_environment_before_is_marked() -> None:
    shown = visit(store_with()).get("/?format=json").json["repositories"][0]
    behind = {row["name"]: [cell["behind"] for cell in row["cells"]] for row in shown["components"]}
    assert behind == {"api": [False, True], "web": [False, False]}


def test_an_open_pull_request_stands_with_link_state_age_and_diff() -> None:
    found = page(store_with())
    assert "https://github.com/splattop/config/pull/12" in found.links
    assert "opened 5 min ago" in found.text
    assert f"+    digest: {digest('a')}" in found.text


def test_a_pull_request_that_was_not_looked_at_again_is_still_listed() -> None:
    store = store_with()
    store.values = {decided.key(CONFIG.id, "dev"): decided.value(policy(), snapshot(), "dev")}
    found = page(store)
    assert "#12 Promote api 7.0.0 to dev" in found.text
    assert "https://github.com/splattop/config/pull/12" in found.links


def test_a_pull_request_that_is_no_longer_open_on_record_is_gone() -> None:
    store = store_with()
    store.pulls = ()
    assert "None is open." in page(store).text


def test_releases_and_what_happened_and_the_queue_are_shown() -> None:
    text = page(store_with(reason="because of run 7")).text
    assert "splattop/app run 7" in text
    assert "2 h ago" in text
    assert "because of run 7" in text
    assert re.search(r"3\s+jobs due", text)


def test_attempts_are_left_to_the_ledger_command() -> None:
    store = store_with()
    row = store.entries[0]
    store.entries = (replace(row, entry=replace(row.entry, decision="attempt", reason="tries")),)
    assert "tries" not in page(store).text


def record(**more: Any) -> dict[str, Any]:
    """What the worker keeps for the board of a merged promotion of api to dev."""
    return {
        "repository_id": CONFIG.id,
        "environment": "dev",
        "component": "api",
        "digest": digest("0"),
        "number": 11,
        "url": "https://github.com/splattop/config/pull/11",
        "at": "2026-05-04T09:00:00Z",
        "by": "olga",
        "by_lockstep": False,
        "standing": "green",
        "approved": [{"by": "ana", "for": ["platform", "owner"]}],
        "gates": {"passed": 6, "asked": 7, "set_aside": 1},
        "overrides": [
            {"gate": "slo", "by": "cho", "until": "2026-05-04T13:00:00Z", "reason": "the probe is down"}
        ],
        **more,
    }


def store_why(**more: Any) -> BoardStore:
    store = store_with()
    store.values[evidence_summary.key(CONFIG.id, "dev", "api")] = record(**more)
    return store


def test_a_version_stands_with_what_brought_it_there() -> None:
    found = page(store_why())
    text = " ".join(found.text.split())
    assert "https://github.com/splattop/config/pull/11" in found.links
    assert "gates 6 of 7 ✓ ana as platform, owner slo set aside by cho until" in text
    assert "the probe is down" in text


def test_a_version_that_its_record_did_not_bring_is_marked() -> None:
    text = " ".join(page(store_why(digest=digest("e"))).text.split())
    assert "runs something else than it brought" in text
    assert "ana as platform" not in text


def test_a_merge_that_was_not_green_is_marked() -> None:
    assert "merged: not green" in page(store_why(standing="not green")).text


def test_a_gate_that_did_not_hold_a_hotfix_is_shown_as_debt() -> None:
    text = " ".join(page(store_why(skipped=[{"gate": "coverage", "says": "42%, needed: 70%"}])).text.split())
    assert "skipped debt: coverage: 42%, needed: 70%" in text


def test_a_record_of_another_repository_is_not_shown() -> None:
    assert "gates 6 of 7" not in page(store_why(repository_id=CONFIG.id + 1)).text


def test_case_95_a_record_s_words_are_shown_as_words_and_its_address_only_when_it_is_one() -> None:
    words = {"gate": EVIL, "by": EVIL, "until": EVIL, "reason": EVIL}
    found = page(
        store_why(
            by=EVIL,
            standing=EVIL,
            overrides=[words],
            approved=[{"by": EVIL, "for": [EVIL]}],
            url="javascript:alert(1)",
        )
    )
    assert not {"img", "script"} & {tag for tag, _ in found.tags}
    assert "javascript:alert(1)" not in found.links
    assert found.text.count(EVIL) >= 7


def test_an_empty_store_has_a_page_that_says_what_to_do() -> None:
    answer = visit(BoardStore()).get("/")
    assert answer.status_code == 200
    assert "Install the App" in answer.text


def test_rules_that_cannot_be_read_are_told_and_what_runs_stays() -> None:
    store = store_with()
    later = replace(snapshot(), taken_at=NOW + timedelta(seconds=1))
    store.values[decided.key(CONFIG.id, "staging")] = decided.trouble(later, "staging", "line 3: unknown key")
    text = page(store).text
    assert "line 3: unknown key" in text
    assert "1.0.0" in text


def test_values_that_cannot_be_read_are_told() -> None:
    store = store_with()
    shown = decided.value(policy(), snapshot(dev=b"api: [\n"), "dev")
    store.values = {decided.key(CONFIG.id, "dev"): shown}
    assert "helm/values-dev.yaml" in page(store).text


@pytest.mark.parametrize("where", ["title", "reason", "branch"])
def test_case_95_hostile_words_are_shown_as_words(where: str) -> None:
    found = page(store_with(**{where: EVIL}))
    assert not {"img", "script"} & {tag for tag, _ in found.tags}
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert EVIL in found.text


def test_case_95_a_hostile_repository_and_component_are_shown_as_words() -> None:
    store = store_with()
    look = store.values[decided.key(CONFIG.id, "dev")]
    look["repository"] = EVIL
    look["environments"][0]["components"][EVIL] = {"tag": EVIL, "digest": EVIL}
    assert not {"img", "script"} & {tag for tag, _ in page(store).tags}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https:",
        "ftp://x/y",
    ],
)
def test_case_95_only_web_addresses_become_links(url: str) -> None:
    store = store_with(url=url)
    store.values[decided.key(CONFIG.id, "dev")]["url"] = url
    links = page(store).links
    assert url not in links
    assert all(link.startswith(("https://github.com/", "/", "?")) for link in links)


@pytest.mark.parametrize(
    "url", [None, 7, "", "http://[", "javascript://github.com/%0aalert(1)", " https://x"]
)
def test_case_95_what_is_no_web_address_is_no_link(url: object) -> None:
    assert safe_link(url) is None


def test_case_95_the_policy_forbids_scripts_and_admits_the_page_own_style_only() -> None:
    client = visit(store_with())
    first, second = client.get("/"), client.get("/")
    rules = first.headers["Content-Security-Policy"]
    nonce = re.search(r"style-src 'nonce-([^']+)'", rules)
    assert nonce is not None
    assert "default-src 'none'" in rules
    assert "frame-ancestors 'none'" in rules
    assert [attrs["nonce"] for tag, attrs in Tags(first.text).tags if tag == "style"] == [nonce[1]]
    assert rules != second.headers["Content-Security-Policy"]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    tags = page(store_with()).tags
    assert not {"link", "script", "img", "iframe", "form"} & {tag for tag, _ in tags}
    assert not [attrs for _, attrs in tags if "style" in attrs]


@pytest.mark.parametrize(("path", "renews"), [("/", True), ("/?refresh=0", False)])
def test_the_page_renews_itself_until_it_is_told_not_to(path: str, renews: bool) -> None:
    assert (f'content="{REFRESH}"' in visit(store_with()).get(path).text) is renews


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_case_94_the_board_changes_nothing(method: str) -> None:
    assert visit(store_with()).open("/", method=method).status_code == 405


def test_no_secret_is_on_the_page() -> None:
    client = visit(store_with())
    shown = client.get("/").text + client.get("/?format=json").text
    assert SECRET not in shown
    assert pem().splitlines()[1] not in shown


def test_a_silent_database_is_told_as_503() -> None:
    answer = visit(BoardStore(fails=Retryable("the database did not answer"))).get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_many_readers_cost_one_reading() -> None:
    store = store_with()
    client = visit(store)
    for _ in range(5):
        client.get("/")
    assert store.readings == 1


def test_who_waits_too_long_for_another_reader_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(BoardStore):
        def all_open(self) -> tuple[Promotion, ...]:
            begun.set()
            go_on.wait(30)
            return ()

    monkeypatch.setattr("bot.web.fresh.WAITS", 0.01)
    client = visit(Slow())
    first: list[int] = []
    reader = threading.Thread(target=lambda: first.append(client.get("/").status_code))
    reader.start()
    begun.wait(30)
    second = client.get("/").status_code
    go_on.set()
    reader.join()
    assert (first, second) == ([200], 503)


def test_a_check_is_told_by_its_name_and_title() -> None:
    store = store_with()
    row = store.entries[0]
    details = {"check": "lockstep: main", "title": "Waits for CI"}
    store.entries = (replace(row, entry=replace(row.entry, event="set_check", details=details)),)
    assert "lockstep: main: Waits for CI" in page(store).text


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=119), "1 h"),
        (timedelta(hours=49), "2 d"),
    ],
)
def test_ages_are_told_in_the_largest_unit(passed: timedelta, words: str) -> None:
    assert age(passed) == words


def told(says: str, decision: str = "done", tidings: int = 1) -> LedgerRow:
    details = {"channel": "oncall", "message": "m", "tidings": tidings}
    entry = LedgerEntry(
        at=NOW - timedelta(seconds=40), event="told", decision=decision, reason=says, details=details
    )
    return LedgerRow(seq=1, entry=entry, previous_hash=b"", hash=b"")


def channel(**more: Any) -> ChannelState:
    return ChannelState(**{"repository_id": 1, "name": "oncall", "kind": "slack", **more})


def test_the_last_messages_are_shown_with_their_channel_and_what_became_of_them() -> None:
    rows = (told("Hotfix opened", tidings=3), told("Rollback #6 is open: Slack answered 400", "refused"))
    text = " ".join(page(BoardStore(entries=rows, states=(channel(),))).text.split())
    found = text.partition("Who was told")[2].partition("What happened")[0]
    assert "oncall Rollback #6 is open: Slack answered 400 given up" in found
    assert "oncall Hotfix opened (3 together) taken" in found


def test_a_broken_channel_stands_there_with_what_waits_and_one_that_is_not_set_up_does_not() -> None:
    states = (channel(trouble="Slack answered 503", waiting=2), channel(name="mail", missing="SMTP_URL"))
    text = page(BoardStore(states=states)).text
    assert "Slack answered 503; 2 wait" in text
    assert "mail" not in text
    assert "no channel has its setting" in page(BoardStore(states=states[1:])).text


def test_case_95_what_was_told_is_shown_inert() -> None:
    found = page(BoardStore(entries=(told(EVIL),), states=(channel(trouble=EVIL),)))
    assert [tag for tag, _ in found.tags if tag in ("img", "script")] == []
    assert EVIL in found.text
