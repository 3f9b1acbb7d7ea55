"""`lockstep demo`: the whole trip on this machine, without a GitHub account."""

from __future__ import annotations

import json
from pathlib import Path

import click

INSIDE = ("gates", "ledger", "why")
"""Commands that only look, and may look into the demo."""


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
      lockstep demo why staging api              so do `gates` and `ledger`
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


def _inside(name: str) -> click.Command:
    """`lockstep demo <name> …`: the command of that name, with the settings of the demo that runs."""

    def run(words: tuple[str, ...]) -> None:
        from bot.demo.children import run_once

        settings = {key: str(value) for key, value in _ask("settings", {}).items()}
        raise click.exceptions.Exit(run_once([name, *words], settings))

    return click.Command(
        name,
        callback=run,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        short_help=f"`lockstep {name}`, in the demo that runs.",
    )


for _name in INSIDE:
    demo.add_command(_inside(_name))


def _ask(verb: str, body: dict[str, object]) -> dict[str, object]:
    from bot.demo.running import control, default_home, newest

    said: dict[str, object] = json.loads(json.dumps(control(newest(default_home()), verb, body)))
    return said
