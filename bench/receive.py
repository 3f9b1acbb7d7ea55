"""How fast deliveries are received (issue 2, "How fast" 1): `python -m bench.receive [--count N] [--probot DIR]`.

25 KB signed deliveries with unique ids over 16 connections to two gunicorn workers: durably, and by the same
receiver over a store that keeps nothing, in turns, because both shares of the machine drift. Then a steady 300 a
second. With `--probot DIR` (a folder where `npm install probot` was run, Node 20.18 or newer) also a bare Probot
handler that stores nothing. Everything runs on loopback and ends by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.store import embedded

HERE = Path(__file__).parent
SECRET = "bench-secret"
GOAL_RATIO, GOAL_P99, STEADY = 0.4, 10.0, 300


def main() -> int:
    """0 when the goals are met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=4000, help="deliveries a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--probot", type=Path, help="folder with node_modules/probot")
    options = parser.parse_args()
    # Open to the account that runs PostgreSQL for root, as pytest's own folders are not.
    home = Path(tempfile.mkdtemp(prefix="lockstep-bench-"))
    try:
        embedded.ensure(home)
        with (
            served("verify", home) as verify,
            served("durable", home) as durable,
            probot(options.probot) as peer,
        ):
            return report(options, verify, durable, peer)
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def report(options: argparse.Namespace, verify: int, durable: int, peer: int | str) -> int:
    """Measures and prints. Ports, or for the peer the reason why there is none."""
    ports = {"verify only": verify, "durable": durable} | (
        {"Probot, stores nothing": peer} if isinstance(peer, int) else {}
    )
    for port in ports.values():
        load(port, 300, 0)  # warm
    rates: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(options.rounds):
        for name, port in ports.items():
            rates[name].append(options.count / load(port, options.count, 0)["seconds"])
    middle = {name: statistics.median(each) for name, each in rates.items()}
    for name, rate in middle.items():
        spread = ", ".join(f"{each:.0f}" for each in rates[name])
        print(f"{name:24} {rate:6.0f}/s   ({spread})")
    ratio = middle["durable"] / middle["verify only"]
    print(f"durable : verify only    {ratio:6.2f}     goal at least {GOAL_RATIO}")
    if isinstance(peer, int):
        print(f"durable : Probot         {middle['durable'] / middle['Probot, stores nothing']:6.2f}")
    else:
        print(f"durable : Probot         not measured: {peer}")
    steady = load(durable, STEADY * 10, STEADY)
    times = ", ".join(f"{name} {steady[name]:.1f} ms" for name in ("p50", "p99", "max"))
    print(f"steady {STEADY}/s for 10 s    {times}     goal p99 under {GOAL_P99:.0f} ms")
    return 0 if ratio >= GOAL_RATIO and steady["p99"] < GOAL_P99 else 1


def load(port: int, count: int, rate: int) -> dict[str, Any]:
    """One run of the load generator in a process of its own. Raises when not every answer was an acceptance."""
    command = [sys.executable, "-m", "bench.receive_load", str(port), SECRET, str(count), str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, timeout=120)
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    accepted = sum(result["statuses"].get(status, 0) for status in ("200", "202"))
    if accepted != count:
        raise RuntimeError(
            f"{count - accepted} of {count} deliveries were not accepted: {result['statuses']}"
        )
    return result


@contextlib.contextmanager
def served(kind: str, home: Path) -> Iterator[int]:
    """A receiver's port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.receive_server", str(port), kind, SECRET, str(home)]
    with running(command, port, os.environ | {"PYTHONPATH": str(HERE.parent)}):
        yield port


@contextlib.contextmanager
def probot(folder: Path | None) -> Iterator[int | str]:
    """A bare Probot's port, or why there is none."""
    node = shutil.which("node")
    if folder is None or node is None or not (folder / "node_modules/probot").is_dir():
        yield "no Node" if node is None else "give --probot a folder where `npm install probot` was run"
        return
    port = free_port()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    script = folder / "lockstep-bench.mjs"  # modules are looked up from where the script is
    script.write_bytes((HERE / "probot.mjs").read_bytes())
    environ = os.environ | {
        "PORT": str(port),
        "WEBHOOK_SECRET": SECRET,
        "PRIVATE_KEY": key.decode(),
        "APP_ID": "1",
    }
    try:
        with running([node, str(script)], port, environ | {"LOG_LEVEL": "error"}):
            yield port
    finally:
        script.unlink()


@contextlib.contextmanager
def running(command: list[str], port: int, environ: dict[str, str]) -> Iterator[None]:
    """A server process that answers on its port."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=log, cwd=HERE.parent
        )
        try:
            wait_for(port, process)
            yield
        except BaseException:
            log.seek(0)
            troubles = [
                each for each in log.read().decode(errors="replace").splitlines() if '"info"' not in each
            ]
            print(*troubles[-20:], sep="\n", file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until something listens there."""
    until = time.monotonic() + 40
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not listen")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
