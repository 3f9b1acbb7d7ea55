"""The words of a promotion pull request: title, body, commit message. Pure builders, the same for the same facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.decide.content import Move
from bot.decide.targets import Targets
from bot.decide.text import code, defang, fit, truncate
from bot.model.facts import Commit, Unknown
from bot.model.image import ImageAt, short_digest
from bot.model.release import Release
from bot.model.snapshot import History

BODY_LIMIT = 60_000
"""Bytes. GitHub refuses bodies over 65,536 characters; the rest is left for what GitHub adds."""
TITLE_NAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked for a promotion with a command."""

    id: int
    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Everything that title, body and commit message tell."""

    environment: str
    comes_from: str | None
    base_sha: str
    config_url: str
    """The config repository's page."""
    source_url: str
    """The app repository's page."""
    moves: tuple[Move, ...]
    targets: Targets
    known: Mapping[str, Release]
    """Digest to the release that brought it, for what runs now."""
    history: History | Unknown
    pipeline: tuple[tuple[str, Mapping[str, ImageAt]], ...]
    """Each environment in order with what it runs of this source's components."""
    asked: Asked | None = None
    notes: tuple[str, ...] = field(default=())
    verb: str = "Promote"
    """`Promote` or `Hotfix`: the title's first word."""
    command: str = "/promote"
    """What was said to ask for it."""
    first: str = ""
    """What the body begins with."""
    takes: str = ""
    """What is asked before the merge (`decide.takes`)."""


def title(verb: str, moves: Sequence[Move], environment: str) -> str:
    """`Promote api 1.7.3, web 2.4.0 to staging`; many components are counted."""
    names = [f"{move.component} {move.after.tag}" for move in _one_each(moves)]
    shown = (
        names
        if len(names) <= TITLE_NAMES
        else [*names[: TITLE_NAMES - 1], f"{len(names) - TITLE_NAMES + 1} more"]
    )
    return truncate(f"{verb} {', '.join(shown)} to {environment}", 250, "…")


def commit_message(telling: Telling) -> str:
    """Title, moves, and the trailers that tools read: Release, Source-Run, Promoted-From, Requested-By."""
    releases = telling.targets.releases
    trailers = [f"Release: {release.id}" for release in releases]
    trailers += [f"Source-Run: {release.run_url}" for release in releases]
    if telling.comes_from is None:
        trailers += [f"Promoted-From: {release.repository}@{release.head_sha}" for release in releases]
    else:
        trailers.append(f"Promoted-From: {telling.comes_from}@{telling.base_sha}")
    asked = telling.asked
    trailers.append(f"Requested-By: @{asked.login} ({asked.id})" if asked else "Requested-By: lockstep")
    lines = [
        f"{move.component}: {_plain(move.before)} -> {move.after.tag} {move.after.digest}"
        for move in _one_each(telling.moves)
    ]
    head = title(telling.verb, telling.moves, telling.environment)
    return "\n".join([head, "", *lines, "", *trailers]) + "\n"


def body(telling: Telling) -> str:
    """What moves, the commits in between, the pipeline, what it takes, and how it goes on."""
    parts = [
        telling.first,
        _moves_table(telling),
        _digests(telling.moves),
        _commits(telling),
        _pipeline(telling),
        telling.takes,
        _runs(telling),
    ]
    parts += [f"> {note}" for note in telling.notes]
    parts.append(
        "<sub>Opened by Lockstep. Pushing to this branch hands it over to you: Lockstep then leaves it alone. "
        "Comment `/help` for what it understands.</sub>"
    )
    return fit("\n\n".join(part for part in parts if part), BODY_LIMIT, "\n\n… (shortened)")


def _moves_table(telling: Telling) -> str:
    rows = ["| component | from | to | what changed |", "|---|---|---|---|"]
    for move in _one_each(telling.moves):
        target = telling.targets.targets.get(move.component)
        rows.append(
            f"| **{move.component}** | {_shown(move.before)} "
            f"| {code(move.after.tag, in_table=True)} {code(short_digest(move.after.digest))} "
            f"| {_compare(telling, move, target.tag.sha if target else '')} |"
        )
    return f"Moves to **{telling.environment}**:\n\n" + "\n".join(rows)


def _compare(telling: Telling, move: Move, new_sha: str) -> str:
    old = telling.known.get(move.before.digest or "")
    if old is None:
        return f"[{new_sha}]({telling.source_url}/commit/{new_sha}) (what ran before is not on record)"
    old_sha = old.components[move.component].sha if move.component in old.components else old.head_sha
    if old_sha == new_sha:
        return f"the same commit {code(new_sha)}, built again"
    return f"[{old_sha[:7]}…{new_sha[:7]}]({telling.source_url}/compare/{old_sha}...{new_sha})"


def _digests(moves: Sequence[Move]) -> str:
    lines = [
        f"- {move.component} in {code(move.file)}: "
        f"{code(move.before.digest or 'no digest')} → {code(move.after.digest)}"
        for move in moves
    ]
    return "<details><summary>Full digests and files</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _commits(telling: Telling) -> str:
    history = telling.history
    if isinstance(history, Unknown):
        return f"The commits in between could not be read: {defang(history.why, 300)}"
    if not history.commits:
        return ""
    lines = [_commit_line(telling.source_url, commit) for commit in history.commits]
    head = f"{len(history.commits)} commits" if len(history.commits) != 1 else "1 commit"
    if not history.complete:
        head = f"The newest {head}; there may be more"
    return f"<details><summary>{head}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _commit_line(source_url: str, commit: Commit) -> str:
    headline = defang(commit.message.split("\n", 1)[0], 120)
    return f"- [{commit.sha[:7]}]({source_url}/commit/{commit.sha}) {headline}"


def _pipeline(telling: Telling) -> str:
    names = sorted({move.component for move in telling.moves})
    rows = ["| environment | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for environment, images in telling.pipeline:
        cells = [_shown(images[name]) if name in images else "—" for name in names]
        mark = " ←" if environment == telling.environment else ""
        rows.append(f"| {environment}{mark} | " + " | ".join(cells) + " |")
    return "What runs where, by the values files:\n\n" + "\n".join(rows)


def _runs(telling: Telling) -> str:
    lines = [
        f"Built by [run {release.run_number}]({release.run_url}) of {code(release.repository)} "
        f"from {code(release.head_sha[:7])} on {code(release.branch)} (release {code(release.id)})."
        for release in telling.targets.releases
    ]
    if telling.asked:
        lines.append(f"Asked for by {code(telling.asked.login)} with `{telling.command}`.")
    return "\n".join(lines)


def _one_each(moves: Sequence[Move]) -> list[Move]:
    """One move for each component, in name order: a component can stand in several files."""
    found: dict[str, Move] = {}
    for move in moves:
        found.setdefault(move.component, move)
    return [found[name] for name in sorted(found)]


def _plain(image: ImageAt) -> str:
    return " ".join(part for part in (image.tag, image.digest) if part) or "nothing"


def _shown(image: ImageAt) -> str:
    parts = [image.tag, short_digest(image.digest) if image.digest else None]
    return " ".join(code(part, in_table=True) for part in parts if part) or "nothing"
