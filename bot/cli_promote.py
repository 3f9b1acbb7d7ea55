"""`lockstep promote`: asks for a promotion by the same way through as `/promote` (rows P4, P5)."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import cli_asking as asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.cli_following import Followed, Wish
    from bot.run.wanted import Wanted
    from bot.wiring import Works

EPILOG = """\b
Examples:
  lockstep promote --from dev --to staging --dry-run
  GITHUB_TOKEN=… lockstep promote --from dev --to staging api web --wait opened
  GITHUB_TOKEN=… lockstep promote --to production --skip-validation --reason "CDN outage, INC-42"

Who asks is the person whose token is given (GITHUB_TOKEN or --token-file), and needs what `/promote` needs. A worker
opens the pull request. --auto-approve and --skip-validation say `/approve` and `/override` there as that person, with
the token's right to comment, so they count for exactly as much. A dry run needs no token and writes nothing.

\b
Exit codes: 0 done, or already there; 1 the answer is no; 2 usage or configuration; 3 something outside (GitHub, the
database, a worker) did not answer.
"""


@click.command("promote", short_help="Ask for a promotion; --dry-run shows it.", epilog=EPILOG)
@asked.asking
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing (DRY_RUN).")
@click.option("--auto-approve", is_flag=True, help="Approve it too, where the rules let you (AUTO_APPROVE).")
@click.option("--skip-validation", is_flag=True, help="Override every gate that holds it (SKIP_VALIDATION).")
@click.option("--reason", metavar="WORDS", help="Why the gates are overridden (REASON).")
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="A file with your GitHub token (GITHUB_TOKEN)."
)
@click.option("--wait", type=click.Choice(["opened", "merged"]), help="Follow it until then.")
@click.option("--timeout", type=click.IntRange(1), default=600, show_default=True, help="Seconds to wait.")
@click.argument("components", nargs=-1, metavar="[COMPONENT]...")
def promote(
    comes_from: str | None,
    into: str | None,
    repository: str | None,
    source: str | None,
    as_json: bool,
    dry_run: bool,
    auto_approve: bool,
    skip_validation: bool,
    reason: str | None,
    token_file: Path | None,
    wait: str | None,
    timeout: int,
    components: tuple[str, ...],
) -> None:
    """Open the pull request that promotes to an environment, or find the one that is open."""
    from bot.cli_following import Wish, follow
    from bot.run.wanted import Wanted
    from bot.run.where import config_repository

    known = asked.variables()
    name = asked.destination(into, known)
    wish = Wish(
        approve=asked.switch(auto_approve, "AUTO_APPROVE", known),
        override=_reason(asked.switch(skip_validation, "SKIP_VALIDATION", known), reason, known),
        until=wait,
        timeout=timeout,
        quiet=as_json,
    )
    only_shown = asked.switch(dry_run, "DRY_RUN", known)
    token = None if only_shown else asked.token(token_file, known)
    before = asked.text(comes_from, "FROM_ENV", known)
    parts = asked.opened()
    try:
        place = config_repository(parts.house, parts.installations(), repository)
        wanted = Wanted(place=place, into=name, comes_from=before, source=source, components=components)
        if token is None:
            code = _dry_run(parts, wanted, wish, as_json)
        else:
            code = _told(follow(parts, wanted, wish, token, key=f"terminal {uuid.uuid4()}"), as_json)
    finally:
        parts.store.close()
    raise click.exceptions.Exit(code)


def _reason(skip: bool, given: str | None, known: Mapping[str, str]) -> str | None:
    """The reason on one line, None when no gate is to be set aside. Raises UsageError without words."""
    from bot.decide.text import has_words, visible

    if not skip:
        return None
    reason = visible(asked.text(given, "REASON", known) or "")
    if not has_words(reason):
        raise click.UsageError("--skip-validation needs a reason in words: --reason, or REASON.")
    return reason


def _dry_run(parts: Works, wanted: Wanted, wish: Wish, as_json: bool) -> int:
    from bot.run.dry_run import line, told

    found = asked.looked(parts, wanted)
    code = 1 if any(each.refused for each in found) else 0
    extra = [f"Would set aside every gate that holds it: {wish.override}"] if wish.override else []
    extra += ["Would approve it as whoever asks, where the rules let them."] if wish.approve else []
    if as_json:
        shown = [
            {
                **asked.described(each),
                "actions": [line(action) for action in each.actions],
                "files": [path for path, _, _ in each.files],
            }
            for each in found
        ]
        click.echo(
            json.dumps({"dry_run": True, "to": wanted.into, "ok": code == 0, "promotions": shown}, indent=2)
        )
        return code
    texts = [told(each) for each in found] or [f"Nothing to promote to {wanted.into}."]
    click.echo("\n\n".join(["Dry run: nothing is written.", *texts, *extra]))
    return code


def _told(followed: Followed, as_json: bool) -> int:
    if as_json:
        answer: dict[str, Any] = {
            "to": followed.into,
            "ok": followed.code == 0,
            "asked_by": followed.by,
            "answer": followed.answer,
            "pulls": [
                {"number": each.pull_number, "state": each.state.value} for each in followed.promotions
            ],
        }
        click.echo(json.dumps({**answer, "said": list(followed.said)}, indent=2))
    elif followed.answer:
        click.echo(followed.answer, err=followed.code == 1 and not followed.promotions)
    return followed.code
