"""The trial from start to end: starts everything, lets a release travel, tells it, and leaves nothing behind."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.store import Store, embedded, open_store
from bot.demo import children, running, summary
from bot.demo import town as towns
from bot.demo.children import Child
from bot.demo.screen import Screen
from bot.demo.telling import sentence
from bot.demo.town import Town
from bot.demo.trip import COMMAND, Trip
from bot.demo.watch import Sighting, Watch
from bot.errors import LockstepError, Retryable, UserError
from bot.sandbox.errors import Refused
from bot.sandbox.scenario import Sandbox
from bot.settings import DatabaseSettings

APP_ID = 4711
LOOK_EVERY = 0.05
"""Seconds between two looks at what has happened."""
READY_WITHIN = 60.0
STEP_WITHIN = 60.0
"""Seconds without a step after which the trip counts as stuck."""
SETTLES_WITHIN = 15.0
CI_SECONDS = 1.2
"""How long the config repository's checks take, so that one sees them run."""
INTERRUPTED = 130
"""Exit code of a trip that a signal ended before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the demo was asked for. `port` is the web process's; None: a free one. `home` None: a temporary one."""

    once: bool
    port: int | None = None
    home: Path | None = None
    as_json: bool = False


@dataclass(kw_only=True)
class Demo:
    """Everything that runs."""

    options: Options
    screen: Screen
    town: Town
    store: Store
    watch: Watch
    processes: tuple[Child, ...]
    board: str
    over: threading.Event
    trip: Trip

    def look(self) -> bool:
        """Tells what is new; whether the trip came forward. Raises ChildFailed when a process has ended."""
        for child in self.processes:
            child.check()
        try:
            found = self.watch.look()
        except Retryable:
            return False  # the database is being started again; the next look will tell
        forward = [self._take(sighting) for sighting in found]
        return any(forward)

    def _take(self, seen: Sighting) -> bool:
        step = self.trip.take(seen)
        if self.screen.start is None and "ci_finished" in self.trip.at:
            self.screen.start = self.trip.at["ci_finished"]
        words = sentence(seen)
        if words:
            bad = seen.kind.endswith((".refused", ".failed")) or seen.facts.get("conclusion") == "failure"
            self.screen.tell(seen.at, words, seen.link, step=step, bad=bad)
        pull = self.town.pull_to("dev")
        if (
            step
            and pull is not None
            and seen.kind == "github.pull_request.opened"
            and seen.facts["environment"] == "dev"
        ):
            self.screen.diff(self.town.diff(pull))
        return step

    def travel(self) -> None:
        """The first release's trip, until it is over, interrupted, or stuck."""
        self.town.release()
        asked, last = False, time.monotonic()
        while not (self.over.is_set() or self.trip.is_over or time.monotonic() - last > STEP_WITHIN):
            if self.look():
                last = time.monotonic()
            merged = self.town.pull_to("dev")
            if "dev_merged" in self.trip.at and merged is not None and not asked:
                self.town.github.comment(merged, towns.PLATFORM, COMMAND)
                asked = True
            self.over.wait(LOOK_EVERY)

    def settle(self, seconds: float = SETTLES_WITHIN) -> None:
        """Until every delivery is worked on and no job is due."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over.is_set():
            self.look()
            depth = self.store.queue.depth()
            waiting = self.store.numbers()["deliveries_pending"]
            if self.town.github.webhooks.settle(0) and not (depth.due or depth.running or waiting):
                self.look()
                return
            self.over.wait(LOOK_EVERY)

    def stay(self) -> None:
        """Until a signal: tells what happens, whoever does it."""
        while not self.over.is_set():
            self.look()
            self.over.wait(LOOK_EVERY)

    def release(self, body: dict[str, Any]) -> dict[str, Any]:
        """`lockstep demo release`: CI of the app repository releases these components."""
        try:
            run = self.town.release(tuple(body.get("components") or towns.COMPONENTS))
        except UserError as error:
            return {"error": str(error)}
        return {"run": run.number, "title": run.title}

    def talk(self, body: dict[str, Any]) -> dict[str, Any]:
        """`lockstep demo comment` and `approve`: a person says or approves something on a pull request."""
        try:
            pull = self.town.github.repo(towns.CONFIG).pull(int(body["number"]))
            if body.get("approve"):
                self.town.github.review(pull, str(body["by"]))
            else:
                self.town.github.comment(pull, str(body["by"]), str(body["text"]))
        except Refused as refused:
            return {"error": f"The local GitHub refused: {refused}"}
        return {"url": self.town.url(pull)}


def run(options: Options) -> int:
    """Runs the demo; the exit code: 0 done, 1 a step is missing. Raises LockstepError when it cannot start."""
    screen = Screen(sys.stderr if options.as_json else sys.stdout)
    over = threading.Event()
    with _signals(over), ExitStack() as stack:
        try:
            demo = _started(options, screen, over, stack)
            return _through(demo)
        except LockstepError:
            if over.is_set():  # Ctrl-C reaches what we were waiting for, too
                return INTERRUPTED
            raise


def _through(demo: Demo) -> int:
    screen, trouble = demo.screen, ""
    try:
        demo.travel()
        if demo.trip.is_over:
            demo.settle()
    except children.ChildFailed as error:
        trouble = str(error)
    if demo.over.is_set() and not demo.trip.is_over:
        screen.say("Interrupted.")
        return INTERRUPTED
    found = summary.summary(demo.town, demo.store, demo.trip)
    summary.show(screen, found)
    if demo.options.as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        sys.stdout.flush()
    if not found["done"] or not found["ledger"]["whole"]:
        _tell_logs(screen, demo.processes, trouble)
        return 1
    if demo.options.once:
        return 0
    _invite(demo)
    try:
        demo.stay()
    except children.ChildFailed as error:
        _tell_logs(screen, demo.processes, str(error))
        return 1
    screen.say("Stopping …", dim=True)
    return 0


def _started(options: Options, screen: Screen, over: threading.Event, stack: ExitStack) -> Demo:
    """Starts everything; whatever was started is stopped by `stack`, in the opposite order."""
    port = children.port(options.port)
    home = stack.enter_context(_home(options.home))
    began = time.monotonic()
    screen.say("Starting PostgreSQL, a local GitHub, and Lockstep's two processes …", dim=True)
    stack.callback(embedded.stop, home)
    store = stack.enter_context(open_store(DatabaseSettings(home=home), max_size=4))
    github_home = home / "github"
    github_home.mkdir()
    github = stack.enter_context(Sandbox.start(home=github_home))
    key, secret = _private_key(), secrets.token_hex(32)
    town = towns.found(github, app_id=APP_ID, private_key=key, secret=secret)
    board = f"http://127.0.0.1:{port}"
    settings = {
        "APP_ID": str(APP_ID),
        "PRIVATE_KEY": key,
        "WEBHOOK_SECRET": secret,
        "GITHUB_API_URL": github.api_url,
        "LOCKSTEP_HOME": str(home),
        "ALLOWED_ACCOUNTS": "splattop",
    }
    processes: list[Child] = []
    stack.callback(children.stop, processes)
    for name, arguments in (("serve", ["--port", str(port), "--workers", "2"]), ("worker", [])):
        processes.append(children.start(name, arguments, home, settings))
    stack.callback(
        github.webhooks.stop
    )  # first: a connection that is kept open would keep the web process waiting
    try:
        children.wait_ready(processes[0], board, READY_WITHIN)
    except children.ChildFailed as error:
        _tell_logs(screen, processes, str(error))
        raise
    github.webhook_url = f"{board}/webhook"
    watch = Watch(town, store)
    demo = Demo(
        options=options, screen=screen, town=town, store=store, watch=watch, processes=tuple(processes),
        board=board, over=over, trip=Trip(),
    )  # fmt: skip
    github.on_release(demo.release)
    github.on_control("talk", demo.talk)
    path = running.announce(github.base_url, github.control_token, running.default_home())
    if path is not None:
        stack.callback(running.leave, path)
    screen.say(f"  local GitHub  {github.base_url}/{towns.CONFIG}")
    screen.say(f"  board         {board}/")
    screen.say(f"  logs          {home}/serve.log, {home}/worker.log")
    screen.say(f"Ready after {time.monotonic() - began:.1f} s.", dim=True)
    screen.say()
    towns.open_for_business(town, ci_seconds=CI_SECONDS)
    demo.settle()
    return demo


def _invite(demo: Demo) -> None:
    for line in (
        "",
        "Everything keeps running until Ctrl-C.",
        f"  The board:              {demo.board}/",
        f"  The local GitHub:       {demo.town.github.base_url}/{towns.CONFIG}",
        "  Another release:        lockstep demo release --component api",
        f"  Say something:          lockstep demo comment --pull 2 --by {towns.PLATFORM} '/help'",
        "",
    ):
        demo.screen.say(line)


def _tell_logs(screen: Screen, processes: Sequence[Child], trouble: str) -> None:
    if trouble:
        screen.say(trouble, fg="red")
    for child in processes:
        screen.say(f"--- the end of {child.log.name}")
        screen.say(child.tail())


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    """The demo's home: a temporary folder that goes away, or an empty one of the user's, which stays."""
    if given is None:
        made = Path(tempfile.mkdtemp(prefix="lockstep-demo-"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return
    home = given.expanduser().absolute()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UserError(f"--home {home} is not an empty folder; the trial needs one of its own.")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield home


@contextmanager
def _signals(over: threading.Event) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the demo in good order; a second one changes nothing."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        over.set()

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
