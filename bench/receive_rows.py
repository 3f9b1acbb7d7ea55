"""The rows about receiving, measured by `bench.receive` (which also runs alone, with more to print)."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench.disk import fdatasync_p99
from bench.homes import embedded_home
from bench.receive import GOAL_P99, GOAL_RATIO, STEADY, load, probot, served
from bench.table import Row

COUNT, ROUNDS, SECONDS = 4000, 3, 10


def rows(quick: bool = False, probot_folder: Path | None = None) -> list[Row]:
    """Throughput in turns with the receiver that stores nothing (and Probot), then the time at a steady rate."""
    count, rounds, seconds = (1000, 1, 3) if quick else (COUNT, ROUNDS, SECONDS)
    with (
        embedded_home() as (home, _),
        served("verify", home) as verify,
        served("durable", home) as durable,
        probot(probot_folder) as peer,
    ):
        ports = {"verify": verify, "durable": durable} | ({"probot": peer} if isinstance(peer, int) else {})
        for port in ports.values():
            load(port, 300, 0)  # warm
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for _ in range(rounds):
            for name, port in ports.items():
                rates[name].append(count / load(port, count, 0)["seconds"])
        steady = load(durable, STEADY * seconds, STEADY)
        bare = load(verify, STEADY * seconds, STEADY)
        disk = fdatasync_p99(home, STEADY, seconds)
    middle = {name: statistics.median(each) for name, each in rates.items()}
    ratio, p99 = middle["durable"] / middle["verify"], float(steady["p99"])
    found = [
        Row(
            what="receive 25 KB deliveries durably, 16 connections",
            measured=f"{middle['durable']:.0f}/s",
            beside=f"verify only, nothing stored: {middle['verify']:.0f}/s",
            ratio=ratio,
            goal=f"ratio ≥ {GOAL_RATIO}",
            met=ratio >= GOAL_RATIO,
            value=middle["durable"],
        ),
        Row(
            what=f"receive, answer's time at a steady {STEADY}/s, p99",
            measured=f"{p99:.1f} ms (p50 {steady['p50']:.1f})",
            beside=f"verify only: {bare['p99']:.1f} ms; fdatasync of 5 KB by itself: {disk:.1f} ms",
            ratio=p99 / bare["p99"],
            goal=f"< {GOAL_P99:.0f} ms",
            met=p99 < GOAL_P99,
            value=p99,
            note="202 means kept: each answer waits for the disk, so fdatasync's own p99 is the least it can be",
        ),
    ]
    if isinstance(peer, int):
        beside, against = (
            f"Probot, stores nothing: {middle['probot']:.0f}/s",
            middle["durable"] / middle["probot"],
        )
    else:
        beside, against = f"Probot: not measured ({peer})", None
    found.append(
        Row(
            what="receive, against Probot",
            measured=f"{middle['durable']:.0f}/s",
            beside=beside,
            ratio=against,
        )
    )
    return found
