"""Why an environment has the alert rules that it has, and what keeps the next ones from it (rows A5, P12). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.decide.report import aligned, sentences
from bot.decide.text import visible
from bot.model.release import Promotion
from bot.model.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleWhy:
    """The bundle of an environment, and where its next promotion stands."""

    environment: str
    before: str
    folder: str
    digest: str | None
    """Of the bundle as the default branch holds it; None: there is none."""
    since: datetime | None
    commit: str | None
    """The commit of the source that it was rendered from, as its `bundle.json` tells."""
    last: Promotion | None
    """The bundle promotion that was merged last."""
    waiting: str | None
    """The digest of the bundle that a promotion would bring; None: there is nothing to promote."""
    three: Sequence[Verdict]
    """What that promotion takes; empty when there is nothing to promote."""
    pull: int | None
    """The open bundle promotion."""

    @property
    def is_promoted(self) -> bool:
        """Whether what is there is what the last promotion brought."""
        return self.last is not None and f"alerts@{self.digest}" in self.last.release_ids

    @property
    def code(self) -> int:
        """The command's: 0 what is there was promoted and nothing blocks the next; 1 otherwise; 3 nobody can tell."""
        held = {each.outcome for each in self.three} - {Outcome.PASS}
        if held == {Outcome.UNKNOWN}:
            return 3
        return 0 if self.is_promoted and not held else 1

    def sentence(self) -> str:
        """Why it is there."""
        if self.digest is None:
            return f"{self.environment} has no alert bundle: there is no rule file in {self.folder}."
        here = f"{self.environment} has the alert bundle {_short(self.digest)}"
        if self.last is None:
            return f"{here}, and Lockstep never promoted one there: nothing on record says why."
        if self.is_promoted:
            return f"{here} because #{self.last.pull_number} was merged."
        return f"{here}, but #{self.last.pull_number} brought another: it was changed since, and not by a promotion."

    def next_one(self) -> str:
        """What the next promotion waits for."""
        if self.waiting is None:
            return f"Nothing to promote: {self.environment} has the alert rules of {self.before}."
        what = f"The bundle {_short(self.waiting)} of {self.before}"
        lacking = [each.gate for each in self.three if each.outcome is not Outcome.PASS]
        if lacking:
            return (
                f"{what} is not promoted: of the three that it takes, {_and(lacking)} {_is(lacking)} missing."
            )
        if self.pull is not None:
            return f"{what} is proposed in #{self.pull}."
        return f"{what} can be promoted: comment `/promote {self.environment} alerts`."


def page(why: BundleWhy) -> str:
    """For people at a terminal."""
    parts = [visible(why.sentence()), "\n".join(_facts(why)), visible(why.next_one())]
    if why.three:
        rows = [("needed", "outcome"), *((each.gate, each.outcome.value) for each in why.three)]
        parts += [aligned(rows, (20, 10)), "\n".join(sentences(why.three))]
    return "\n\n".join(part for part in parts if part)


def _facts(why: BundleWhy) -> Iterator[str]:
    yield f"  folder     {why.folder}"
    if why.digest is not None:
        yield f"  digest     {why.digest}"
    if why.since is not None:
        yield f"  since      {why.since:%Y-%m-%d %H:%M} UTC, as far as Lockstep has seen"
    if why.commit is not None:
        yield f"  rendered   from {why.commit}"


def as_json(why: BundleWhy) -> dict[str, Any]:
    """For machines."""
    return {
        "environment": why.environment,
        "component": "alerts",
        "ok": why.code == 0,
        "answer": why.sentence(),
        "digest": why.digest,
        "since": why.since.isoformat() if why.since else None,
        "commit": why.commit,
        "promotion": {"pull": why.last.pull_number} if why.last else None,
        "next": {
            "says": why.next_one(),
            "digest": why.waiting,
            "pull": why.pull,
            "needed": [
                {"what": each.gate, "outcome": each.outcome.value, "says": each.headline}
                for each in why.three
            ],
        },
    }


def lines(bundles: Sequence[BundleWhy]) -> list[str]:
    """For `/status`: a line for each environment that lags behind, with what is missing."""
    found = []
    for each in bundles:
        if each.waiting is None:
            continue
        found.append(f"- **alerts to {each.environment}**: {each.next_one()}")
        found += [
            f"  - {verdict.gate}: {verdict.headline}"
            for verdict in each.three
            if verdict.outcome is not Outcome.PASS
        ]
    return found


def _short(digest: str) -> str:
    return digest[7:19]


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _is(words: Sequence[str]) -> str:
    return "is" if len(words) == 1 else "are"
