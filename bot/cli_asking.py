"""What `lockstep gates` and `lockstep promote` share: options that are also variables, and where they look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.run.outlook import Preview
    from bot.run.wanted import Wanted
    from bot.wiring import Works

Command = TypeVar("Command", bound=Callable[..., Any])

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"", "0", "false", "no", "off"})


def asking(command: Command) -> Command:
    """The options that say what is to be promoted where."""
    options = (
        click.option("--from", "comes_from", metavar="ENV", help="Where it comes from (FROM_ENV)."),
        click.option("--to", "into", metavar="ENV", help="Where it goes (TO_ENV). Required."),
        click.option(
            "--repository", metavar="OWNER/NAME", help="The config repository, if there are several."
        ),
        click.option("--source", metavar="NAME", help="Only what comes from this source."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def variables() -> Mapping[str, str]:
    """The environment and `.env`."""
    from bot.settings import environment

    return environment()


def text(given: str | None, name: str, known: Mapping[str, str]) -> str | None:
    """An option's value, else the variable's; blank counts as unset."""
    return given or known.get(name, "").strip() or None


def switch(given: bool, name: str, known: Mapping[str, str]) -> bool:
    """A flag, else its variable. Raises UserError for a word that is neither yes nor no: `DRY_RUN=flase` is no run."""
    word = known.get(name, "").strip().lower()
    if word not in YES | NO:
        raise UserError(f"{name} is {word[:40]!r}; say true or false.")
    return given or word in YES


def destination(into: str | None, known: Mapping[str, str]) -> str:
    """`--to` or TO_ENV. Raises UsageError without either."""
    found = text(into, "TO_ENV", known)
    if found is None:
        raise click.UsageError("Say where to: --to ENV, or TO_ENV.")
    return found


def token(file: Path | None, known: Mapping[str, str]) -> str:
    """The person's token. Raises UserError without one."""
    if file is not None:
        try:
            given = file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--token-file {file} cannot be read ({type(error).__name__}).") from None
    else:
        given = known.get("GITHUB_TOKEN", "").strip()
    if not given or not given.isprintable():
        raise UserError("Who asks? Set GITHUB_TOKEN to a token of yours, or name a file with --token-file.")
    return given


def opened() -> Works:
    """The worker's parts for this command. Raises UserError that names each wrong setting."""
    from bot.logging import configure
    from bot.wiring import settings_from_environment, works

    settings = settings_from_environment()
    configure("ERROR", settings.secrets())
    return works(settings)


def looked(parts: Works, wanted: Wanted) -> Sequence[Preview]:
    """The previews, from a house in which nothing can be written."""
    from bot.run.looking import only_looking
    from bot.run.preview import previews

    return previews(only_looking(parts.house), wanted)


def described(preview: Preview) -> dict[str, Any]:
    """What both commands tell of a promotion in JSON."""
    pull = preview.pull
    return {
        "source": preview.source,
        "headline": preview.headline,
        "refused": preview.refused,
        "pull": {"number": pull.number, "url": pull.url, "title": pull.title, "head_sha": pull.head_sha}
        if pull
        else None,
        "components": {
            name: {"tag": tag.tag, "sha": tag.sha, "digest": tag.digest} for name, tag in preview.components
        },
    }
