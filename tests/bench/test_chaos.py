"""A short chaos run with a fixed seed: what must hold does, whatever was killed (row G7, attack case 100)."""

from __future__ import annotations

from bench.chaos.__main__ import told
from bench.chaos.run import run

SECONDS, SEED = 25, 2026


def test_after_half_a_minute_of_chaos_nothing_is_lost_and_nothing_is_there_twice():
    said: list[str] = []
    ended = run(SECONDS, SEED, said.append)
    assert ended.broken == (), told(ended)
    assert ended.deliveries > 20
    assert len(said) > 3
