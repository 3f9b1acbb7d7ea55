"""What a bundle promotion writes: the production bundle as the source renders to it, and the words around (row A5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.decide.alerts import BUNDLE_FILE, Labelling, make_bundle, write_bundle
from bot.decide.alerts import Source as Origin
from bot.decide.drift import Payload, bundle_of, payload_of
from bot.decide.text import code
from bot.model.facts import Actor
from bot.model.landing import Arrivals
from bot.model.policy_after import Alerts
from bot.model.tree import Tree
from bot.model.verdict import Outcome, Verdict

SOURCE = "alerts"
"""Stands where a source's name would: in the branch, on record, and in `/promote production alerts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleStep:
    """The step of a bundle into an environment: what its folder must hold, and what must go."""

    environment: str
    before: str
    digest: str
    files: Mapping[str, bytes]
    deletions: tuple[str, ...]

    @property
    def title(self) -> str:
        """The pull request's title."""
        return f"Promote alert bundle {self.digest[7:19]} to {self.environment}"


def step(
    alerts: Alerts, source: Tree, folder: Tree | None, *, before: str, environment: str, commit: str
) -> BundleStep | None:
    """What must change in the repository for an environment's bundle to be what the source renders to; None: nothing.

    `folder` is the bundle as it stands (None: there is none), `commit` the one that all of this was read at.
    """
    payload, there = payload_of(source, alerts, environment), bundle_of(folder, environment)
    if payload.troubles or payload.files == dict(there.files):
        return None
    root = alerts.bundles[environment].rstrip("/")
    files = {f"{root}/{name}": data for name, data in payload.files.items() if there.files.get(name) != data}
    files[f"{root}/{BUNDLE_FILE}"] = _listing(alerts, payload, source.path, commit)
    gone = tuple(f"{root}/{name}" for name in sorted(there.files) if name not in payload.files)
    return BundleStep(
        environment=environment, before=before, digest=payload.digest, files=files, deletions=gone
    )


def _listing(alerts: Alerts, payload: Payload, path: str, commit: str) -> bytes:
    labelling = Labelling(
        environment=payload.environment,
        label=alerts.environment_label,
        recording=alerts.label_recording_rules,
    )
    return write_bundle(make_bundle(labelling, Origin(path=path, commit=commit), payload.entries, {}))


THREE = ("bundle", "drift", "probes")
"""What a bundle promotion takes: the bundle before it deployed, drift green, probe results for exactly these bytes."""


def requirements(
    step: BundleStep,
    drift: Verdict | None,
    probes: Verdict | None,
    since: datetime | None,
    soak: timedelta,
    now: datetime,
) -> tuple[Verdict, Verdict, Verdict]:
    """The three that a bundle promotion takes, in the order of `THREE`. `since`: when the bundle before it was seen on
    the default branch first; None: it is not there."""
    return (
        _deployed(step, since, soak, now),
        _green("drift", drift),
        _green("probes", probes),
    )


def _deployed(step: BundleStep, since: datetime | None, soak: timedelta, now: datetime) -> Verdict:
    if since is None:
        headline = f"there is no bundle of {step.before} on the default branch"
        return Verdict(gate=THREE[0], outcome=Outcome.BLOCK, headline=headline)
    said = f"the bundle of {step.before} is deployed since {since:%Y-%m-%d %H:%M} UTC"
    if now - since >= soak:
        return Verdict(gate=THREE[0], outcome=Outcome.PASS, headline=said)
    said += (
        f", and {step.environment} wants {_words(soak)} of it; it is asked again at {since + soak:%H:%M} UTC"
    )
    return Verdict(gate=THREE[0], outcome=Outcome.WAIT, headline=said)


def _green(gate: str, verdict: Verdict | None) -> Verdict:
    """A verdict about the default branch; whatever is not a pass says so."""
    if verdict is not None and verdict.outcome is Outcome.PASS:
        return verdict
    headline = (
        f"{gate} is not green on the default branch: {verdict.headline if verdict else 'nobody answered'}"
    )
    if verdict is None:
        return Verdict(gate=gate, outcome=Outcome.UNKNOWN, headline=headline)
    return replace(verdict, headline=headline)


def missing(three: Sequence[Verdict]) -> tuple[str, ...]:
    """Which of the three are not there, in words."""
    return tuple(each.headline for each in three if each.outcome is not Outcome.PASS)


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"


def authors_of(arrivals: Arrivals, source: str, old: str | None) -> tuple[Actor, ...]:
    """Who made the commits after `old` in which the source is another one than in any of their parents. A parent that
    was not read counts as another one."""
    found = arrivals.by_sha
    wrote = (
        each.commit.author
        for sha, each in found.items()
        if sha != old
        and each.commit.author is not None
        and all(
            parent not in found or found[parent].files.get(source) != each.files.get(source)
            for parent in each.commit.parents
        )
    )
    return tuple({who.id: who for who in wrote}.values())


def body(step: BundleStep, asked: str | None, base_sha: str) -> str:
    """The pull request's body."""
    changed = [f"- {code(path)}" for path in step.files if not path.endswith(f"/{BUNDLE_FILE}")]
    gone = [f"- {code(path)} goes away" for path in step.deletions]
    lines = [
        f"Brings the alert rules of **{step.before}** to **{step.environment}**: the source at "
        f"{code(base_sha[:12])}, rendered for {step.environment}. Only the environment label differs.",
        "",
        f"Digest of the bundle: {code(step.digest)}",
        "",
        *changed,
        *gone,
        "",
        f"Asked for by {code(asked)} with `/promote {step.environment} alerts`." if asked else "",
    ]
    return "\n".join(lines).strip() + "\n"


def commit_message(step: BundleStep, asked: str | None) -> str:
    """The commit's message with its trailers."""
    trailers = [f"Release: alerts@{step.digest}", f"Promoted-From: {step.before}"]
    trailers += [f"Requested-By: {asked}"] if asked else []
    return f"{step.title}\n\n" + "\n".join(trailers) + "\n"
