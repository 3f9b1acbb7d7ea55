"""Direct pushes: managed files that changed past pull requests, told on the commit and in the ledger (row R8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide import landing
from bot.decide.names import detail_check
from bot.decide.text import code, plain
from bot.model.action import CheckRun, CommentOnCommit
from bot.model.facts import Unknown
from bot.model.landing import Step
from bot.run.acts import Cause, carry_out
from bot.run.house import note
from bot.run.landed.seen import Push, pushed_by
from bot.run.landed.watched import Watched

ATTRIBUTED = 20
"""Steps whose files are asked for one by one; of more, all are taken to touch managed files."""


def touching_managed(watched: Watched, past: Sequence[Step]) -> Mapping[str, tuple[Step, tuple[str, ...]]]:
    """Commit to the managed files it changes. What cannot be listed counts as changing them."""
    policy = watched.policy or watched.house.last_policy.get(watched.repository.id)
    files, directories = set(watched.guarded), set[str]()
    if policy is not None:
        files |= {values.file for each in policy.environments for values in each.values}
        alerts = policy.alerts
        named = (alerts.source, alerts.tests, alerts.alertmanager, *alerts.bundles.values()) if alerts else ()
        directories = {path for path in (*named, policy.guards.directory) if path}
        files |= directories
    found: dict[str, tuple[Step, tuple[str, ...]]] = {}
    for number, step in enumerate(past):
        changed = (
            watched.github.changed_paths(watched.repository.full_name, step.commit.sha)
            if number < ATTRIBUTED
            else Unknown(why="too many commits to list their files")
        )
        mine = (
            (changed.why,) if isinstance(changed, Unknown) else landing.managed(changed, files, directories)
        )
        if mine:
            found[step.commit.sha] = (step, mine)
    return found


def tell_pushed(
    watched: Watched, touching: Mapping[str, tuple[Step, tuple[str, ...]]], pushes: Sequence[Push]
) -> None:
    """One row and one check run for all that was pushed past pull requests since the last look."""
    shas = tuple(touching)
    paths = tuple(dict.fromkeys(path for _, found in touching.values() for path in found))
    newest = touching[shas[0]][0].commit
    push = pushed_by(newest.sha, pushes)
    who = push.login if push else "Somebody"
    count = f"{len(shas)} commit{'s' if len(shas) != 1 else ''}"
    branch = watched.repository.default_branch
    title = f"{who} pushed {count} to {branch} past pull requests: {', '.join(paths[:3])}"
    _report(
        watched, newest.sha, title, push, {"commits": ", ".join(shas[:20]), "files": ", ".join(paths[:50])}
    )


def tell_rewritten(watched: Watched, old: str, new: str, pushes: Sequence[Push]) -> None:
    """One row and one check run for a branch that somebody rewrote."""
    push = pushed_by(new, pushes)
    who = push.login if push else "Somebody"
    title = f"{who} rewrote {watched.repository.default_branch}: {old[:7]} is no longer part of it"
    _report(watched, new, title, push, {"before": old, "commits": new, "forced": "true"})


def _report(watched: Watched, sha: str, title: str, push: Push | None, details: Mapping[str, str]) -> None:
    rows = [f"- {name}: {code(value)}" for name, value in details.items()]
    check = CheckRun(
        name=detail_check(watched.repository.default_branch, "direct push"),
        head_sha=sha,
        status="completed",
        conclusion="failure",
        title=plain(title, 250),
        summary="\n".join(
            [
                "Managed files (values, rules, CODEOWNERS, alerts) change by reviewed pull request. This came past it.",
                "",
                *rows,
                "",
                "Have their owners look at it, or revert it by a pull request; protect the branch so that nobody can "
                "push to it.",
            ]
        ),
    )
    telling = CommentOnCommit(because=title, repository=watched.repository.full_name, check=check)
    actor = (push.who, push.login, push.delivery) if push else (None, None, None)
    cause = Cause(subject=watched.subject, delivery_id=actor[2], actor_id=actor[0], actor_login=actor[1])
    carry_out(watched.house, cause, watched.repository, [telling])
    note(
        watched.house,
        watched.subject,
        "direct_push",
        "done",
        title,
        actor_id=actor[0],
        actor_login=actor[1],
        delivery_id=actor[2],
        head_sha=sha,
        details=dict(details),
        once=f"direct_push {watched.repository.id} {details.get('before', '')} {sha}",
    )
