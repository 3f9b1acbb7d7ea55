"""Who and what the trial is about: an organization with an app repository, a config repository and its people."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.adapters.github.manifest import ALL_PERMISSIONS, EVENTS
from bot.demo import cluster, reports, validating
from bot.errors import UserError
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import App, Pull, WorkflowRun

APP, CONFIG = "splattop/app", "splattop/config"
WORKFLOW = ".github/workflows/build.yml"
COMPONENTS = ("api", "web", "worker")
RULES = "promotion/promotion-rules.yaml"
CHECKS = ("helm-lint", "kubeconform")
DEVELOPER, PLATFORM, REVIEWER = "dana", "ana", "ben"
"""Who pushes to the app repository, who asks for promotions, and who approves: another one of the platform team."""
END_TO_END = "e2e"
"""The check on the app repository's commit that takes longer than the build."""

_TEAMS = {
    "platform": ("ana", "ben"),
    "developers": ("dana", "eli"),
    "sre": ("cho",),
    "qa": ("quinn",),
}
_CHANGES = (
    ("Round each line of a basket before adding up", "services/api/checkout.py"),
    ("Tell the payment provider our order number", "services/api/payment.py"),
    ("Show the delivery day on the confirmation page", "services/web/confirmation.ts"),
    ("Retry mails that the provider refused for now", "services/worker/mail.py"),
)


@dataclass(kw_only=True)
class Town:
    """The local GitHub with its repositories, and what the app repository's CI has released so far."""

    github: Sandbox
    app: App
    versions: dict[str, tuple[int, int, int]] = field(
        default_factory=lambda: {"api": (1, 6, 2), "web": (2, 3, 0), "worker": (1, 10, 1)}
    )
    runs: list[WorkflowRun] = field(default_factory=list)

    def release(self, components: Sequence[str] = COMPONENTS) -> WorkflowRun:
        """A developer pushes, CI builds these components and leaves the artifact. Raises UserError for unknown ones."""
        strange = [name for name in components if name not in COMPONENTS]
        if strange or not components:
            raise UserError(
                f"{', '.join(strange) or 'Nothing'} is no component; there are {', '.join(COMPONENTS)}."
            )
        for name in components:
            major, minor, _ = self.versions[name]
            self.versions[name] = (major, minor + 1, 0)
        sha = self._pushed(components)
        run = self.github.start_run(APP, WORKFLOW, name="build", branch="main", sha=sha, by=DEVELOPER)
        self.runs.append(run)
        tags = {name: self._tag(name, sha) for name in components}
        content = json.dumps(tags, indent=2).encode()
        self.github.check(APP, sha, END_TO_END, None)
        handed = {"component-tags": {"component-tags.json": content}, **reports.artifacts()}
        return self.github.finish_run(run, "success", handed)

    def end_to_end_passes(self) -> None:
        """The slow tests of every release so far are through."""
        for run in self.runs:
            self.github.check(APP, run.head_sha, END_TO_END, "success")

    def version(self, component: str) -> str:
        """The newest released version of a component."""
        return ".".join(map(str, self.versions[component]))

    def pull_to(self, environment: str, *, state: str = "all") -> Pull | None:
        """The newest pull request of the bot to an environment."""
        found = [
            each
            for each in self.github.pulls(CONFIG, state)
            if each.head_ref.startswith(f"lockstep/{environment}/")
        ]
        return found[-1] if found else None

    def first_to(self, environment: str) -> Pull | None:
        """The first pull request of the bot to an environment."""
        found = (
            each
            for each in self.github.pulls(CONFIG, "all")
            if each.head_ref.startswith(f"lockstep/{environment}/")
        )
        return next(found, None)

    def rollback(self) -> Pull | None:
        """The rollback's pull request."""
        found = (each for each in self.github.pulls(CONFIG, "all") if "/rollback+" in each.head_ref)
        return next(found, None)

    def url(self, pull: Pull) -> str:
        """The address of a pull request's page."""
        return f"{self.github.base_url}/{pull.repo.full_name}/pull/{pull.number}"

    def diff(self, pull: Pull) -> str:
        """What it changes, as a unified diff, from Git."""
        from bot.sandbox.represent.pulls import compared

        with self.github.world.lock:
            return "".join(
                f"--- a/{each.path}\n+++ b/{each.path}\n{each.patch or ''}\n"
                for each in pull.repo.git.diff(*compared(pull))
            )

    def _pushed(self, components: Sequence[str]) -> str:
        """The commits that this release brings: one change, then the version bump that CI builds."""
        message, path = _CHANGES[len(self.runs) % len(_CHANGES)]
        number = len(self.runs) + 1
        self.github.push(APP, "main", {path: f"# change {number}\n"}, by=DEVELOPER, message=message)
        bumped = {f"services/{name}/VERSION": f"{self.version(name)}\n" for name in components}
        words = ", ".join(f"{name} {self.version(name)}" for name in components)
        return self.github.push(APP, "main", bumped, by=DEVELOPER, message=f"Release {words}")

    def _tag(self, component: str, sha: str) -> dict[str, str]:
        """One entry of component-tags.json. No image is built here; the digest is made from what would be."""
        made = hashlib.sha256(f"{component}:{self.version(component)}:{sha}".encode()).hexdigest()
        return {"tag": self.version(component), "sha": sha[:12], "digest": f"sha256:{made}"}


def found(
    github: Sandbox, *, app_id: int, private_key: str, secret: str, service: str = cluster.SERVICE
) -> Town:
    """Builds the town. Nothing is installed yet, so that the first webhook is seen as it arrives. `service` is where
    the service of staging answers."""
    app = github.app(app_id, private_key, secret, name="lockstep", permissions=ALL_PERMISSIONS, events=EVENTS)
    github.org("splattop", admins=["olga"])
    for login in ("ines", "pavel"):
        github.user(login)
    github.repository(APP, _tree("app"))
    config = _tree("config")
    config[RULES] = config[RULES].replace(cluster.SERVICE.encode(), service.encode())
    github.repository(CONFIG, config)
    for team, members in _TEAMS.items():
        github.team(f"splattop/{team}", members=members)
        github.grant(f"splattop/{team}", CONFIG, "write" if team in ("platform", "sre") else "read")
    github.grant("splattop/developers", APP, "write")
    validating.found(github)
    protection = github.protect(CONFIG, "main", block_push=True)
    protection.checks = [("lockstep: main", app.id), *((name, None) for name in CHECKS)]
    return Town(github=github, app=app)


def open_for_business(town: Town, *, ci_seconds: float) -> None:
    """Installs the App on the organization and switches on the config repository's CI."""
    town.github.ci_for(CONFIG, CHECKS, delay=ci_seconds)
    town.github.install(town.app, "splattop")


def short(text: str) -> str:
    """Digests shortened to twelve digits, as people read them."""
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}", r"\1…", text)


def _tree(name: str) -> dict[str, bytes]:
    """A repository's first files, by their paths there. Packages keep `.github` without its dot."""
    return {
        re.sub(r"^github/", ".github/", path): data
        for path, data in _files_below(files("bot.demo").joinpath("files", name), "")
    }


def _files_below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found_here: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            found_here += _files_below(entry, f"{prefix}{entry.name}/")
        else:
            found_here.append((prefix + entry.name, entry.read_bytes()))
    return found_here
