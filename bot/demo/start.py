"""Starting the trial: PostgreSQL, the local GitHub, Lockstep's processes; each stopped again by the exit stack."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.store import embedded, open_store
from bot.demo import children, running
from bot.demo import town as towns
from bot.demo.children import Child
from bot.demo.cluster import Cluster, notifier
from bot.demo.live import Demo, Options
from bot.demo.screen import Screen
from bot.demo.slack import Slack
from bot.demo.trip import Trip
from bot.demo.watch import Watch
from bot.errors import LockstepError, UserError
from bot.sandbox.scenario import Sandbox
from bot.settings import DatabaseSettings

APP_ID = 4711
READY_WITHIN = 60.0


class Interrupted(LockstepError):
    """A signal came while things were starting."""


def started(options: Options, screen: Screen, over: threading.Event, stack: ExitStack) -> Demo:
    """Starts everything; whatever was started is stopped by `stack`, in the opposite order."""

    def idle(seconds: float) -> None:
        if over.wait(seconds):
            raise Interrupted("interrupted")

    port = children.port(options.port)
    home = stack.enter_context(_home(options.home))
    began = time.monotonic()
    screen.say("Starting PostgreSQL, a local GitHub, and Lockstep's two processes …", dim=True)
    stack.callback(embedded.stop, home)
    store = stack.enter_context(open_store(DatabaseSettings(home=home), max_size=4))
    idle(0)
    github_home = home / "github"
    github_home.mkdir()
    github = stack.enter_context(Sandbox.start(home=github_home))
    key, secret, token = _private_key(), secrets.token_hex(32), secrets.token_hex(32)
    cluster = stack.enter_context(Cluster.start(github))
    slack = stack.enter_context(Slack.start())
    town = towns.found(github, app_id=APP_ID, private_key=key, secret=secret, service=cluster.url)
    cluster.runs(github.sha(towns.CONFIG, "main") or "")
    board = f"http://127.0.0.1:{port}"
    settings = {
        "APP_ID": str(APP_ID),
        "PRIVATE_KEY": key,
        "WEBHOOK_SECRET": secret,
        "GITHUB_API_URL": github.api_url,
        "LOCKSTEP_HOME": str(home),
        "ALLOWED_ACCOUNTS": "splattop",
        "SLACK_WEBHOOK_URL": slack.url,
        **cluster.settings(token),
    }
    processes: list[Child] = []
    stack.callback(children.stop, processes)
    for name, arguments in (("serve", ["--port", str(port), "--workers", "2"]), ("worker", [])):
        processes.append(children.start(name, arguments, home, settings))
    stack.callback(
        github.webhooks.stop
    )  # first: a connection that is kept open would keep the web process waiting
    try:
        children.wait_ready(processes[0], board, READY_WITHIN, idle)
    except children.ChildFailed as error:
        tell_logs(screen, processes, str(error))
        raise
    github.webhook_url = f"{board}/webhook"
    cluster.notify = notifier(board, token)
    watch = Watch(town, store)
    slack.heard = watch.told
    demo = Demo(
        options=options, screen=screen, town=town, store=store, watch=watch, processes=tuple(processes),
        board=board, over=over, trip=Trip(), cluster=cluster,
    )  # fmt: skip
    github.on_release(demo.release)
    github.on_control("talk", demo.talk)
    github.on_control("settings", lambda _body: dict(settings))
    path = running.announce(github.base_url, github.control_token, running.default_home())
    if path is not None:
        stack.callback(running.leave, path)
    screen.say(f"  local GitHub  {github.base_url}/{towns.CONFIG}")
    screen.say(f"  board         {board}/")
    screen.say(f"  logs          {home}/serve.log, {home}/worker.log")
    screen.say(f"Ready after {time.monotonic() - began:.1f} s.", dim=True)
    screen.say()
    return demo


def tell_logs(screen: Screen, processes: Sequence[Child], trouble: str) -> None:
    """What went wrong, and the ends of the processes' logs."""
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


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
