"""Who and what the stories are about: a local GitHub with an app and a config repository, and the bot beside it.

A story tells GitHub something, lets the bot settle, and expects a state. Time is the local GitHub's clock; nothing
sleeps. Webhooks go through the real receiver, jobs through the real queue, the rest over real HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from flask import Flask
from flask.testing import FlaskClient

from bot.adapters.queue import drain
from bot.adapters.store import Store
from bot.sandbox.scenario import Delivery, Sandbox
from bot.sandbox.state import App, CheckRun, Pull, WorkflowRun
from bot.settings import Settings
from bot.web.app import create_app
from bot.web.board import board
from bot.web.status import status
from bot.web.validation import production_validation
from bot.wiring import Works, run_tokens, works
from bot.worker import work
from tests.builders import digest, values

ALERTS_TOKEN = "a token of the stories' Alertmanager"
VALIDATION_TOKEN = "a token of the stories' validation workflow"
SECRET = "a webhook secret of the stories"
MANIFEST = Path(__file__).parents[2] / "app.yml"
"""The stories' App asks for exactly what the shipped manifest asks for."""
WORKFLOW = ".github/workflows/build.yml"
ROUNDS = 60

RULES = """\
version: 1
sources:
  - repository: splattop/app
    workflow: .github/workflows/build.yml
    artifact: component-tags
    components:
      api: {image: ghcr.io/splattop/api}
      web: {image: ghcr.io/splattop/web}
roles:
  platform: {teams: [splattop/platform]}
environments:
  dev:
    values: [{file: helm/values-dev.yaml, path: "{component}.image"}]
    merge: auto
    concurrency: latest
    required_checks: [helm-lint]
    gates: {tests: off, coverage: off, security: off, quality: off, slo: off, error_budget: off, image: off}
  staging:
    from: dev
    auto_promote: true
    values: [{file: helm/values-staging.yaml, path: "{component}.image"}]
    merge: approved
    concurrency: pinned
    required_checks: [helm-lint]
    gates: {tests: off, coverage: off, security: off, quality: off, slo: off, error_budget: off,
            critical_alerts: off, stability: off, image: off}
    approvals: [{role: platform, count: 1}]
"""


@dataclass(kw_only=True)
class Town:
    """The local GitHub of a story, with the words that stories use."""

    github: Sandbox
    app: App
    number: int = 6
    owner: str = "splattop"
    """The account that has the App installed."""

    @property
    def source(self) -> str:
        """Full name of the repository that releases come from."""
        return f"{self.owner}/app"

    @property
    def config(self) -> str:
        """Full name of the config repository."""
        return f"{self.owner}/config"

    def release(
        self,
        *,
        attempt_of: WorkflowRun | None = None,
        conclusion: str = "success",
        artifact: Mapping[str, bytes] | bytes | None = None,
        **components: str,
    ) -> WorkflowRun:
        """CI of the app repository finishes on a new commit: `release(api="a")` hands over api with digest a…a."""
        self.number += 1
        sha = self.github.push(
            self.source, "main", {"VERSION": f"{self.number}\n"}, by="dev", message="Ship it"
        )
        run = self.started(sha)
        return self.finished(run, conclusion=conclusion, artifact=artifact, **components)

    def started(self, sha: str, workflow: str = WORKFLOW, **more: Any) -> WorkflowRun:
        """A run of the build workflow on a commit begins."""
        return self.github.start_run(
            self.source, workflow, name="build", branch="main", sha=sha, by="dev", **more
        )

    def finished(
        self,
        run: WorkflowRun,
        *,
        conclusion: str = "success",
        artifact: Mapping[str, bytes] | bytes | None = None,
        **components: str,
    ) -> WorkflowRun:
        """The run ends, with its artifact."""
        content = artifact if artifact is not None else self.tags(run, **components)
        return self.github.finish_run(run, conclusion, {"component-tags": content})

    def tags(self, run: WorkflowRun, **components: str) -> Mapping[str, bytes]:
        """A well-formed artifact for a run."""
        entries = {
            name: {"tag": f"{self.number}.0.0", "sha": run.head_sha[:7], "digest": digest(letter)}
            for name, letter in components.items()
        }
        return {"component-tags.json": json.dumps(entries).encode()}

    def pulls(self, state: str = "open") -> list[Pull]:
        """Pull requests of the config repository."""
        return self.github.pulls(self.config, state)

    def pull(self, environment: str, state: str = "open") -> Pull:
        """The one pull request to an environment in that state."""
        found = [each for each in self.pulls(state) if each.head_ref.startswith(f"lockstep/{environment}/")]
        assert len(found) == 1, (
            f"{len(found)} {state} pull requests to {environment}: {[p.title for p in found]}"
        )
        return found[0]

    def values(self, environment: str, ref: str = "main") -> str:
        """An environment's values file."""
        data = self.github.file(self.config, ref, f"helm/values-{environment}.yaml")
        assert data is not None
        return data.decode()

    def checks(self, pull: Pull) -> dict[str, CheckRun]:
        """The newest check run of each name on the head of a pull request."""
        return self.github.checks(self.config, pull.head_sha)

    def check(self, pull: Pull, name: str = "lockstep: main") -> tuple[str, str | None]:
        """Status and conclusion of one check run."""
        found = self.checks(pull)
        assert name in found, f"no check run {name}, only {sorted(found)}"
        return found[name].status, found[name].conclusion

    def writes(self) -> list[str]:
        """What the bot has written so far, readable."""
        return [
            f"{e.method} {e.path} {e.operation or ''}".strip() for e in self.github.writes("lockstep[bot]")
        ]

    @contextmanager
    def expect_no_writes(self) -> Iterator[None]:
        """Nothing is written while this lasts."""
        before = len(self.writes())
        yield
        assert self.writes()[before:] == []


@dataclass(kw_only=True)
class Bot:
    """Lockstep: its receiver and its worker, with the story's clock."""

    town: Town
    settings: Settings
    store: Store
    web: Flask
    works: Works
    answers: list[int] = field(default_factory=list)

    @property
    def client(self) -> FlaskClient:
        """A sender to the receiver."""
        return self.web.test_client()

    def receives(self, delivery: Delivery) -> int:
        """One webhook arrives; the answer's status."""
        answer = self.client.post("/webhook", data=delivery.body, headers=dict(delivery.headers))
        if answer.status_code >= 300:
            self.town.github.webhooks.failed(delivery, answer.status_code)
        self.answers.append(answer.status_code)
        return answer.status_code

    def works_on(self, subject: str) -> str:
        """One look."""
        return work(self.works.house, subject)

    def drains(self) -> int:
        """Everything that is due is looked at; how many looks there were."""
        return drain(self.store, self.works_on, now=self.works.house.clock())

    def settles(self) -> Bot:
        """Webhooks arrive and jobs run until nothing is left that is due."""
        for _ in range(ROUNDS):
            deliveries = self.town.github.webhooks.take()
            for delivery in deliveries:
                self.receives(delivery)
            looks = self.drains()
            if not deliveries and not looks:
                return self
        raise AssertionError(
            f"not settled after {ROUNDS} rounds; the last writes: {self.town.writes()[-10:]}"
        )

    def waits(self, seconds: float) -> Bot:
        """Time passes, then everything that has become due is done."""
        self.town.github.advance(seconds)
        return self.settles()

    def sweeps(self) -> Bot:
        """The timer rings."""
        self.works.sweep()
        return self.settles()

    def again(self) -> Bot:
        """A worker that has forgotten everything takes over: a new process after a crash."""
        house = works(self.settings, store=self.store, clock=self.works.house.clock)
        return Bot(town=self.town, settings=self.settings, store=self.store, web=self.web, works=house)

    def ledger(self, event: str) -> list[tuple[str, str]]:
        """Decision and reason of each ledger row of an event."""
        return [
            (row.entry.decision, row.entry.reason)
            for row in self.store.ledger.rows()
            if row.entry.event == event
        ]


def set_up(github: Sandbox, private_key: str, rules: str = RULES) -> Town:
    """splattop uses Lockstep: see `founded`. Webhooks wait to be taken."""
    manifest = yaml.safe_load(MANIFEST.read_text())
    app = github.app(
        4711,
        private_key,
        SECRET,
        name="lockstep",
        permissions=manifest["default_permissions"],
        events=manifest["default_events"],
    )
    town = founded(github, app, rules=rules)
    github.webhooks.hold()
    github.webhooks.take()
    return town


def founded(github: Sandbox, app: App, owner: str = "splattop", rules: str = RULES) -> Town:
    """An account with an app repository, a config repository with `rules`, a platform team, and Lockstep installed."""
    town = Town(github=github, app=app, owner=owner)
    github.org(owner, admins=["root"])
    for login in ("dev", "ana", "ben"):
        github.user(login)
    github.repository(town.source, {"README.md": "# app\n"})
    mine = rules.replace(" splattop/app", f" {town.source}").replace("[splattop/", f"[{owner}/")
    github.repository(
        town.config,
        {
            "promotion/promotion-rules.yaml": mine,
            "helm/values-dev.yaml": values(),
            "helm/values-staging.yaml": values(),
        },
    )
    github.team(f"{owner}/platform", members=["ana"])
    github.grant("dev", town.source, "write")
    github.grant("ana", town.config, "write")
    github.grant("ben", town.config, "read")
    github.install(app, owner)
    github.ci_for(town.config, ["helm-lint"])
    return town


def hire(town: Town, store: Store, private_key: str) -> Bot:
    """The bot beside a town, over an empty store."""
    settings = Settings(
        alertmanager_token=ALERTS_TOKEN,
        app_id=town.app.id,
        private_key=private_key,
        webhook_secret=SECRET,
        validation_token=VALIDATION_TOKEN,
        github_api_url=town.github.api_url,
    )
    clock = town.github.world.clock.now
    web = create_app(
        settings=settings,
        store=store,
        clock=clock,
        rooms=(
            board(store, "https://github.com", clock),
            status(store, clock),
            production_validation(
                store, clock, settings.validation_token, run_tokens(settings, clock), settings.allows
            ),
        ),
    )
    return Bot(
        town=town,
        settings=settings,
        store=store,
        web=web,
        works=works(settings, store=store, clock=clock),
    )
