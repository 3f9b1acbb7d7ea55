"""What was written twice on the local GitHub: each kind of write has something that must be there once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from bot.sandbox.state import Pull
from tests.stories.cast import Town

ASKING = ("/promote", "/retry", "/hotfix")
"""Commands after which a closed pull request may come again."""
_MARKER = re.compile(r"<!-- lockstep:.*?-->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Of one kind of write: how many there are, and which of them are there more than once."""

    kind: str
    count: int
    doubled: tuple[str, ...]


def written(town: Town) -> tuple[Written, ...]:
    """Everything that the bot has written that could be there twice."""
    with town.github.world.lock:
        # What a person closed is left out: the same may be proposed again when somebody asks, see `unasked`.
        pulls = [
            each
            for each in town.pulls("all")
            if each.user is town.app.bot and (each.merged or each.closed_by in (None, town.app.bot))
        ]
        comments = [
            (each.number, match[0] if (match := _MARKER.search(said.body)) else said.body)
            for each in town.pulls("all")
            for said in each.comments
            if said.user is town.app.bot
        ]
        checks = [
            (repository.name, run.head_sha[:12], run.name)
            for repository in town.github.world.repositories.values()
            for run in repository.check_runs.values()
            if run.app is town.app
        ]
        merges = [
            entry.path
            for entry in town.github.requests
            if entry.path.endswith("/merge") and entry.method == "PUT" and entry.status == 200
        ]
        return (
            _written("pull requests", [_content(each) for each in pulls]),
            _written("comments", comments),
            _written("check runs created", checks),
            _written("commits", [commit for each in pulls for commit in _commits(each)]),
            _written("merges", merges),
        )


def unasked(town: Town) -> tuple[str, ...]:
    """What a person closed and Lockstep proposed again though nobody had asked for it in between."""
    with town.github.world.lock:
        ours = [each for each in town.pulls("all") if each.user is town.app.bot]
        asked = [
            said.created_at
            for each in town.pulls("all")
            for said in each.comments
            if said.user is not town.app.bot and said.body.startswith(ASKING)
        ]
        found = []
        for closed in ours:
            at = closed.closed_at
            if closed.merged or at is None or closed.closed_by in (None, town.app.bot):
                continue
            for again in ours:
                if again.number <= closed.number or _content(again) != _content(closed):
                    continue
                if not any(at <= each <= again.created_at for each in asked):
                    found.append(f"#{again.number} proposes what #{closed.number} did, which was closed")
        return tuple(found)


def _written(kind: str, keys: Iterable[Hashable]) -> Written:
    counted = Counter(keys)
    return Written(
        kind=kind,
        count=counted.total(),
        doubled=tuple(f"{key} {n} times" for key, n in counted.items() if n > 1),
    )


def _content(pull: Pull) -> tuple[str, str]:
    """A promotion's branch, and what its values file would hold: proposed once."""
    environment = pull.head_ref.split("/")[1]
    data = pull.repo.git.read(pull.head_sha, f"helm/values-{environment}.yaml")
    return pull.head_ref, (data or b"").decode()


def _commits(pull: Pull) -> list[tuple[str, tuple[str, ...], str]]:
    """Each commit that the branch ever stood at: its parents and its tree."""
    git = pull.repo.git
    shas = dict.fromkeys([*pull.previous_heads, pull.head_sha])
    return [(pull.head_ref, tuple(map(str, git.commit(sha).parent_ids)), git.tree_of(sha)) for sha in shas]
