"""`lockstep demo`: the whole trip on this machine, without a GitHub account."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.group("demo", invoke_without_command=True)
@click.option("--once", is_flag=True, help="End after the first release's trip: 0 when it arrived, else 1.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=None,
    help="Port of the board and the webhook.  [default: free]",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Keep database and logs in this empty folder.  [default: a temporary one, removed at the end]",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the summary as JSON; the story goes to standard error."
)
@click.pass_context
def demo(context: click.Context, once: bool, port: int | None, home: Path | None, as_json: bool) -> None:
    """Watch a release travel: local GitHub, PostgreSQL and Lockstep's real processes, all on this machine.

    Listens on loopback only, needs no account and no root, and leaves nothing running.

    \b
    Examples:
      lockstep demo                              until Ctrl-C
      lockstep demo --once --json                ends by itself, summary as JSON
      lockstep demo release --component api      from another terminal
    """
    if context.invoked_subcommand is not None:
        return
    from bot.demo.live import Options
    from bot.demo.show import run

    raise click.exceptions.Exit(run(Options(once=once, port=port, home=home, as_json=as_json)))


@demo.command("release")
@click.option(
    "--component", "components", multiple=True, help="Release only this one; repeatable.  [default: all]"
)
def release(components: tuple[str, ...]) -> None:
    """Let the app repository's CI release again, in the demo that runs.

    \b
    Example:
      lockstep demo release --component api
    """
    said = _ask("release", {"components": list(components)})
    click.echo(f"CI run {said['run']} has finished: {said['title']}. Watch the demo's terminal.")


@demo.command("comment")
@click.option("--pull", "number", type=click.IntRange(1), required=True, help="Number of the pull request.")
@click.option(
    "--by", default="ana", show_default=True, help="Who: ana, ben (platform), cho (sre), quinn (qa), …"
)
@click.argument("text")
def comment(number: int, by: str, text: str) -> None:
    """Comment on a pull request of the demo that runs, as one of its people.

    \b
    Example:
      lockstep demo comment --pull 2 --by ben '/help'
    """
    click.echo(_ask("talk", {"number": number, "by": by, "text": text})["url"])


@demo.command("approve")
@click.option("--pull", "number", type=click.IntRange(1), required=True, help="Number of the pull request.")
@click.option(
    "--by", default="ana", show_default=True, help="Who: ana, ben (platform), cho (sre), quinn (qa), …"
)
def approve(number: int, by: str) -> None:
    """Approve a pull request of the demo that runs, as one of its people.

    \b
    Example:
      lockstep demo approve --pull 2 --by ana
    """
    click.echo(_ask("talk", {"number": number, "by": by, "approve": True})["url"])


def _ask(verb: str, body: dict[str, object]) -> dict[str, object]:
    from bot.demo.running import control, default_home, newest

    said: dict[str, object] = json.loads(json.dumps(control(newest(default_home()), verb, body)))
    return said
