"""What gates about running systems, images and freezes say, word by word: sentences that a tired person can act on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.decide.gates.canary import canary
from bot.decide.gates.image import image
from bot.model.facts import Unknown
from bot.model.measurements import Measured, Missing, Resolved
from bot.model.policy_after import Freeze
from bot.model.policy_gates import ImageGate, MetricQuery
from tests.decide.gates import test_canary, test_error_budget, test_freeze, test_image, test_metrics
from tests.decide.gates.measured import DOWN, NOW, values

DAY = timedelta(hours=24)
SHA = "sha256:" + "1" * 64
REFUSED = "Prometheus: 127.0.0.1 refused the connection"
BUDGET = "Error budget consumed in staging (objective 99.9% over 30 d)"


@pytest.mark.parametrize(
    ("ago", "traffic", "success", "says"),
    [
        (
            DAY,
            values(10),
            values(99),
            "The release in canary is healthy since 2026-03-01 12:00 UTC, needed: 24 h; Success rate in canary is 99%, "
            "needed: at least 99%; Traffic share of canary is 10%, needed: at least 10%",
        ),
        (
            timedelta(hours=23),
            values(10),
            values(99),
            "The release in canary must be healthy for 24 h, until 2026-03-02 13:00 UTC",
        ),
        (DAY, values(9.5), values(99), "Traffic share of canary is 9.5%, needed: at least 10%"),
        (DAY, values(10), values(98.5), "Success rate in canary is 98.5%, needed: at least 99%"),
        (DAY, DOWN, values(99), f"Traffic share of canary could not be read: {REFUSED}"),
        (None, values(10), values(99), "The release in canary is not healthy yet"),
    ],
)
def test_the_canary_says(ago: timedelta | None, traffic: Measured, success: Measured, says: str) -> None:
    reading = test_canary.reading(None if ago is None else NOW - ago, traffic, success)
    assert canary(test_canary.GATE, reading, NOW).verdict.headline == says


@pytest.mark.parametrize(
    ("query", "now", "before", "says"),
    [
        (test_metrics.LATENCY, values(0.3), None, "`latency` in staging is 0.3, needed: between 0.1 and 0.5"),
        (test_metrics.LATENCY, values(0.6), None, "`latency` in staging is 0.6, needed: between 0.1 and 0.5"),
        (test_metrics.LATENCY, DOWN, None, f"`latency` in staging could not be read: {REFUSED}"),
        (
            test_metrics.CHANGE,
            values(130),
            values(100),
            "Change of `latency` in staging since before the deployment is 30% (100 → 130), needed: at most 20%",
        ),
    ],
)
def test_the_metrics_say(query: MetricQuery, now: Measured, before: Measured | None, says: str) -> None:
    assert test_metrics.judged(query, now, before).verdict.headline == says


@pytest.mark.parametrize(
    ("consumed", "says"),
    [
        (values(49), f"{BUDGET} is 49%, needed: below 50%"),
        (values(50), f"{BUDGET} is 50%, needed: below 50%"),
        (DOWN, f"{BUDGET} could not be read: {REFUSED}"),
        (values(-1), f"{BUDGET} could not be read: the query gives a negative share"),
    ],
)
def test_the_error_budget_says(consumed: Measured, says: str) -> None:
    assert test_error_budget.judged(consumed).headline == says


@pytest.mark.parametrize(
    ("window", "now", "says"),
    [
        (test_freeze.HOLIDAYS, "2026-12-20 16:59:59", "No freeze of production before 2026-12-20 17:00 UTC"),
        (
            test_freeze.HOLIDAYS,
            "2026-12-20 17:00",
            "production is frozen until 2027-01-04 08:00 (Europe/Berlin): “holidays”; a hotfix may pass",
        ),
        (
            test_freeze.WEEKEND,
            "2026-03-06 15:00",
            "production is frozen until 2026-03-07 08:00 (Europe/Berlin): “weekend”",
        ),
    ],
)
def test_a_freeze_says(window: Freeze, now: str, says: str) -> None:
    assert test_freeze.asked(window, now).verdict.headline == says


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (test_image.there(), "1 image found by digest in the registry, with the tag pointing there"),
        (
            test_image.there(None, gone=True),
            f"api: ghcr.io has no tag `1.7.3`; it must point at {SHA}",
        ),
        (test_image.there(None), "api's tag `1.7.3` could not be read: it was not asked for"),
        (Missing(why="no such manifest", at=NOW), "api: no such manifest"),
        (
            Unknown(why="the registry did not answer"),
            "api's image could not be read: the registry did not answer",
        ),
    ],
)
def test_the_image_says(found: Resolved | Missing | Unknown, says: str) -> None:
    assert image(ImageGate(), [test_image.reading(found)]).verdict.headline == says
