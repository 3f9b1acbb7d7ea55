"""`/metrics` and `lockstep report`: what happened on GitHub, in numbers, whichever process is asked (rows P9, C7)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from werkzeug.serving import make_server

from bot.decide.figures import FAMILIES
from bot.sandbox.state import Pull
from bot.web.app import create_app
from tests.decide.test_monitoring import expressions
from tests.servers.running import binary, free_port, running
from tests.stories.cast import Bot, Town
from tests.stories.deploying import Service, demand, equip
from tests.stories.terminal import Terminal
from tests.stories.test_rollback import moves, rollbacks, says
from tests.stories.test_verify import service

__all__ = ["service"]  # a fixture

ROOT = Path(__file__).resolve().parents[2]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(bot: Bot, *, afresh: bool = False) -> Samples:
    """What a web process answers; `afresh`: one that was just started."""
    web = bot.web
    if afresh:
        web = create_app(settings=bot.settings, store=bot.store, clock=bot.town.github.world.clock.now)
    answer = web.test_client().get("/metrics", headers={"Accept": OPENMETRICS})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"lockstep_{name}", frozenset(labels.items())), 0.0)


@pytest.fixture
def twice(bot: Bot, town: Town) -> Pull:
    """staging has run two releases."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    moves(bot, town, api="a", web="c")
    return moves(bot, town, api="b")


def test_promotions_are_counted_timed_and_tell_their_lead_time(bot: Bot, twice: Pull):
    samples = scraped(bot)
    for name in ("promotion_attempts_total", "promotion_successes_total", "promotion_seconds_count"):
        assert value(samples, name, environment="staging", kind="promotion") == 2, name
    assert value(samples, "deployments_total", environment="staging", outcome="live") == 2
    assert value(samples, "lead_time_seconds_count", environment="staging") == 2
    assert value(samples, "lead_time_seconds_sum", environment="staging") > 0
    assert value(samples, "releases_accepted_total") == 2
    assert value(samples, "approvals_total", environment="staging") == 2
    assert value(samples, "gate_verdicts_total", environment="staging", gate="approvals", verdict="pass") == 2


def test_the_lead_time_counts_from_the_source_commit_not_from_its_run(bot: Bot, town: Town):
    committed = town.github.world.clock.now()
    sha = town.github.push("splattop/app", "main", {"VERSION": "8\n"}, by="dev")
    town.github.advance(3 * 3600)
    town.finished(town.started(sha), api="a")
    bot.settles()
    (row,) = [each.entry for each in bot.store.ledger.rows(event="release_accepted")]
    began = datetime.fromisoformat(row.details["began"])
    assert abs((began - committed).total_seconds()) < 60
    lead = value(scraped(bot), "lead_time_seconds_sum", environment="dev")
    assert 3 * 3600 <= lead < 3 * 3600 + 600


def test_a_pull_request_that_waits_for_approval_shows_until_it_is_given(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    assert value(scraped(bot), "approvals_awaited", environment="staging") == 1
    town.github.review(town.pull("staging"), by="ana")
    bot.settles()
    assert value(scraped(bot), "approvals_awaited", environment="staging") == 0


def test_a_rollback_is_a_change_that_failed_and_was_restored(
    bot: Bot, town: Town, twice: Pull, service: Service
):
    equip(bot, verify_private_urls=(service.url,))
    health = f'verify: {{health: [{{name: api, url: "{service.url}/health"}}]}}'
    demand(town, health, environment="    merge: approved\n")
    bot.waits(60)
    says(bot, town, twice, "cho", "/rollback reason: checkout fails")
    (back,) = rollbacks(town)
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.waits(31).waits(31)
    samples = scraped(bot)
    for outcome in ("asked", "merged", "healthy"):
        assert value(samples, "rollbacks_total", environment="staging", outcome=outcome) == 1, outcome
    assert value(samples, "change_failures_total", environment="staging") == 1
    assert value(samples, "changes_total", environment="staging") == 2
    assert value(samples, "rollback_seconds_count", environment="staging") == 1
    assert value(samples, "restore_seconds_count", environment="staging") == 1
    assert value(samples, "deployments_total", environment="staging", outcome="live") == 2


def test_any_process_tells_the_same_however_late_it_started(bot: Bot, twice: Pull):
    ledger = {f"{each.name}{end}" for each in FAMILIES for end in ("", "_total", "_bucket", "_count", "_sum")}

    def figures(samples: Samples) -> Samples:
        return {key: number for key, number in samples.items() if key[0] in ledger}

    early, late = scraped(bot), scraped(bot, afresh=True)
    assert figures(early) == figures(late)
    assert figures(early) == figures(scraped(bot)), "asked twice, counted once"


def test_the_queue_and_the_budget_are_told(bot: Bot, twice: Pull):
    samples = scraped(bot)
    names = {name for name, _ in samples}
    assert {"lockstep_jobs_waiting", "lockstep_deliveries_pending", "lockstep_subjects_parked"} <= names
    assert 0 <= value(samples, "api_budget_left_ratio") <= 1
    assert value(samples, "figures_complete") == 1


def test_a_process_that_is_still_reading_shows_no_half_counters(
    bot: Bot, twice: Pull, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.web.figures.PAGE", 2)
    monkeypatch.setattr("bot.web.figures.READ_FOR", 0.0)
    samples = scraped(bot, afresh=True)
    assert value(samples, "figures_complete") == 0
    assert "lockstep_promotion_attempts_total" not in {name for name, _ in samples}


def test_the_report_is_made_from_the_same_rows(bot: Bot, twice: Pull, terminal: Terminal):
    with terminal.expect_nothing_written():
        said = terminal.runs("report", "--since", "30d", "--json")
    assert said.code == 0, said.err
    figures = said.json
    assert figures["promotions"]["attempts"]["staging / promotion"] == 2
    assert figures["dora"]["staging"]["lead_time_seconds"]["count"] == 2
    assert figures["dora"]["staging"]["change_failure_rate"] == 0
    text = terminal.runs("report").out
    assert text.startswith("The last 30 days, from the ledger.")
    assert "staging / promotion" in text


def test_a_span_that_is_none_is_told(terminal: Terminal):
    said = terminal.runs("report", "--since", "soon")
    assert (said.code, "12h, 30d or 4w" in said.err) == (2, True)


@contextmanager
def served(bot: Bot) -> Iterator[str]:
    """The web process at a port of its own."""
    server = make_server("127.0.0.1", 0, bot.web, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def scraping(folder: Path, target: str) -> Iterator[str]:
    """A Prometheus that scrapes it each second, with the alert rules as they ship."""
    rules = (ROOT / "policies/monitoring/alerts/lockstep.yml").read_text()
    (folder / "rules.yml").write_text(re.sub(r"for: \w+", "for: 0s", rules))
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: lockstep, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    port = free_port()
    command = [
        binary("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server.url


def asked(url: str, path: str, **query: str) -> object:
    return requests.get(f"{url}/api/v1/{path}", params=query, timeout=10).json()["data"]


def test_a_real_prometheus_scrapes_it_and_evaluates_the_rules(bot: Bot, twice: Pull, tmp_path: Path):
    with served(bot) as target, scraping(tmp_path, target) as prometheus:
        deadline = time.monotonic() + 30
        firing: set[str] = set()
        while time.monotonic() < deadline and "LockstepWorkerDown" not in firing:
            time.sleep(0.5)
            firing = {each["labels"]["alertname"] for each in asked(prometheus, "alerts")["alerts"]}  # type: ignore[index]
        # No worker beats in a story: Prometheus sees what is so.
        assert "LockstepWorkerDown" in firing
        assert not firing & {"LockstepDown", "LockstepStoreDown", "LockstepDirectPush"}
        (target_seen,) = asked(prometheus, "targets")["activeTargets"]  # type: ignore[index]
        assert (target_seen["health"], target_seen["lastError"]) == ("up", "")
        rules = asked(prometheus, "rules")["groups"][0]["rules"]  # type: ignore[index]
        assert {each["health"] for each in rules} <= {"ok", "unknown"}, json.dumps(rules, indent=1)
        for expression in expressions():
            filled = expression.replace("$__range_s", "86400").replace("$__range", "1d")
            answer = requests.get(f"{prometheus}/api/v1/query", params={"query": filled}, timeout=10).json()
            assert answer["status"] == "success", (filled, answer)
        query = 'lockstep_promotion_successes_total{environment="staging"}'
        (sample,) = asked(prometheus, "query", query=query)["result"]  # type: ignore[index]
        assert sample["value"][1] == "2"
