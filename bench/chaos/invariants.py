"""What must hold when all troubles are over: nothing lost, nothing twice, every promotion settled, the ledger whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import pairwise

from bench.chaos.cluster import ENVIRONMENTS, Cluster, at
from bench.chaos.post import Post
from bench.doubles import unasked, written
from bot.adapters.store import Altered, Store
from bot.model.deployment import UNDERWAY, DeploymentState
from bot.model.ledger import LedgerEntry
from bot.model.rollback import RollbackState
from bot.sandbox.door import HttpRequest, HttpResponse
from bot.sandbox.state import CheckRun, Issue
from tests.stories.cast import Town

_MARKER = re.compile(r"<!-- lockstep:.*?-->")
_S = DeploymentState
SETTLED = frozenset({_S.LIVE, _S.FAILED, _S.ROLLED_BACK, _S.SUPERSEDED, _S.CLOSED, _S.OPENED, _S.APPROVED})
"""Where a promotion may stay: what people are asked about (`opened`, `approved`), and every end."""
ONCE = {
    "release_accepted": ("release",),
    "promotion_merged": ("pull_number",),
    "deployment": ("pull_number", "state", "reason"),
    "rollback": ("rollback",),
    "rollback_merged": ("rollback",),
    "rollback_ended": ("rollback",),
    "incident": ("rollback",),
}
"""Ledger events of acts that can happen once, and what tells one act from another."""


class CheckWatch:
    """Sees each check run as it is made: one that says what the one before says already is there twice.

    A finished check run is not taken back: another follows, which begins as queued or says something else.
    """

    def __init__(self, town: Town) -> None:
        self._town = town
        self._newest: dict[tuple[str, str], int] = {}
        self._said: dict[int, tuple[object, ...]] = {}
        self.doubled: list[str] = []
        town.github.on_exchange(self._exchanged)

    def _exchanged(self, request: HttpRequest, _response: HttpResponse) -> None:
        if b"CheckRun" not in request.body and "/check-runs" not in request.path:
            return
        with self._town.github.world.lock:
            for repository in self._town.github.world.repositories.values():
                for run in list(repository.check_runs.values()):
                    if run.app is self._town.app:
                        self._see(run)

    def _see(self, run: CheckRun) -> None:
        says = (run.status, run.conclusion, run.output.get("title"), run.output.get("summary"))
        place = (run.head_sha, run.name)
        before = self._newest.get(place)
        if run.id not in self._said:
            if before is not None and self._said[before] == says:
                self.doubled.append(
                    f"{run.name} on {run.head_sha[:7]}: {run.status} {run.conclusion} {says[2]}"
                )
            self._newest[place] = run.id
        self._said[run.id] = says


def broken(town: Town, cluster: Cluster, post: Post, store: Store, checks: CheckWatch) -> tuple[str, ...]:
    """A sentence for each thing that does not hold; none when all is well."""
    questions: tuple[Callable[[], Iterable[str]], ...] = (
        lambda: _lost(post, store),
        lambda: _doubled(town),
        lambda: _told_twice(town),
        lambda: (f"twice: the check run {each}" for each in checks.doubled),
        lambda: _synced_twice(town, cluster, store),
        lambda: unsettled(town, store),
        lambda: _strayed(town, cluster, store),
        lambda: _ledger(store),
        lambda: _ledger_doubles(store),
        lambda: (f"the local GitHub broke: {each}" for each in town.github.crashes),
        lambda: (f"GitHub knows no such route: {each}" for each in town.github.unknown_routes),
    )
    return tuple(sentence for question in questions for sentence in question())


def _lost(post: Post, store: Store) -> Iterator[str]:
    done = {
        row["id"] for row in store.database.rows("select id from deliveries where completed_at is not null")
    }
    for guid in sorted(post.accepted & post.sent - done):
        yield f"lost: delivery {guid} was accepted and never worked off"
    for each in store.subjects.parked():
        yield f"parked: {each.subject} after {each.attempts} attempts: {each.last_error}"


def _doubled(town: Town) -> Iterator[str]:
    for kind in written(town):
        if kind.kind != "check runs created":  # told apart by what they say, below
            yield from (f"twice: {kind.kind}: {each}" for each in kind.doubled)
    yield from (f"unasked: {each}" for each in unasked(town))


def _told_twice(town: Town) -> Iterator[str]:
    with town.github.world.lock:
        for repository in town.github.world.repositories.values():
            yield from _twice(
                "issues", (_said(each.body) for each in _ours(town, repository.issues.values()))
            )
            made = [(each.environment, each.sha) for each in repository.deployments.values()]
            yield from _twice("deployments", made)
            for each in repository.deployments.values():
                states = [f"{status.state} ({status.description})" for status in each.statuses]
                if any(a == b for a, b in pairwise(states)):
                    yield f"twice: a deployment's status of {each.sha[:7]} in {each.environment}: {states}"
            for issue in repository.issues.values():
                mine = [(issue.number, said.body) for said in issue.comments if said.user is town.app.bot]
                yield from _twice("comments", mine)


def _ours(town: Town, issues: Iterable[Issue]) -> list[Issue]:
    return [each for each in issues if each.user is town.app.bot and not hasattr(each, "head_ref")]


def _said(body: str | None) -> str:
    found = _MARKER.search(body or "")
    return found[0] if found else body or ""


def _synced_twice(town: Town, cluster: Cluster, store: Store) -> Iterator[str]:
    """Syncs of one application at one revision: one, and one for each time that a person asked for one more try."""
    config = town.github.repo(town.config)
    tries = Counter(
        config.pull(row.entry.pull_number).merge_commit_sha
        for row in store.ledger.rows(event="deployment", limit=1_000_000)
        if row.entry.pull_number and _tries_again(row.entry)
    )
    made = Counter(
        (each.path, (each.body or {}).get("revision"))
        for each in cluster.argocd.asked
        if each.method == "POST" and each.status == 200
    )
    for (path, revision), count in made.items():
        if count > 1 + tries[revision]:
            yield f"twice: syncs: {path} at {revision} {count} times, and {tries[revision]} were asked for again"


def _tries_again(entry: LedgerEntry) -> bool:
    """Whether somebody asked that what had failed be tried once more: then each of its steps comes once more."""
    return entry.details.get("state") == _S.MERGED.value and "was" in entry.details


def unsettled(town: Town, store: Store) -> Iterator[str]:
    """Promotions that are on their way to somewhere, though nothing hinders them."""
    config = town.github.repo(town.config)
    open_pulls = {each.number: each for each in town.pulls()}
    for asked in store.rollbacks.all_pending():
        if asked.state is RollbackState.ASKED:
            yield f"unsettled: rollback {asked.id} of {asked.ask.environment} is asked for and not decided"
    for environment in ENVIRONMENTS:
        for back in store.rollbacks.of(config.id, environment, limit=10_000):
            if back.state is RollbackState.MERGED and back.pull_number not in open_pulls:
                yield f"unsettled: rollback #{back.pull_number} is merged and neither healthy nor failed"
            if back.state is RollbackState.OPEN and back.pull_number not in open_pulls:
                yield f"unsettled: rollback #{back.pull_number} ended and is on record as open"
        for each in store.deployments.of(config.id, environment, limit=10_000):
            name, state = f"#{each.pull_number}", each.state.value
            if each.state not in SETTLED:
                yield f"unsettled: {name} is {state} since {each.since:%H:%M:%S}: {each.findings}"
            if each.state in UNDERWAY:
                continue
            if each.merged_at is None and each.state is not _S.CLOSED and each.pull_number not in open_pulls:
                yield f"unsettled: {name} ended and is on record as {state}"
            if each.github_id and each.github_state != each.state.value:
                yield f"unsettled: GitHub was told that {name} is {each.github_state}, it is {state}"
    for pull in open_pulls.values():
        checks = town.checks(pull)
        if pull.user is town.app.bot and not _judged(checks.get("lockstep: main")):
            yield f"unsettled: #{pull.number} {pull.title} has no verdict"


def _judged(run: CheckRun | None) -> bool:
    return run is not None and run.status == "completed"


def _strayed(town: Town, cluster: Cluster, store: Store) -> Iterator[str]:
    """What runs is what Git says, and nothing that was rolled back is there again."""
    config = town.github.repo("splattop/config")
    vetoes = {(each.component, each.digest) for each in store.vetoes.active(config.id)}
    for environment in ENVIRONMENTS:
        wanted = {digest for _, digest in at(town, environment, "main").values()}
        if cluster.running(environment) != wanted:
            yield f"strayed: {environment} does not run what its values file says"
        back = {
            (name, tag.digest)
            for each in store.rollbacks.of(config.id, environment, limit=10_000)
            if each.state in (RollbackState.MERGED, RollbackState.HEALTHY)
            for name, tag in each.before.items()
        }
        for name, (tag, digest) in at(town, environment, "main").items():
            if (name, digest) in vetoes & back:
                yield f"strayed: {environment} has {name} {tag} again, which was rolled back and is vetoed"


def _ledger(store: Store) -> Iterator[str]:
    found = store.ledger.verify()
    if isinstance(found, Altered):
        yield f"ledger: row {found.seq}: {found.why}"


def _ledger_doubles(store: Store) -> Iterator[str]:
    for event, fields in ONCE.items():
        keys, tries = [], Counter[int | None]()
        for row in store.ledger.rows(event=event, limit=1_000_000):
            entry = row.entry
            tries[entry.pull_number] += _tries_again(entry)
            if entry.decision == "done":
                details = {
                    **entry.details,
                    "pull_number": entry.pull_number,
                    "reason": entry.reason,
                }
                said = (str(details.get(name)) for name in fields)
                keys.append((entry.subject, tries[entry.pull_number], *said))
        yield from _twice(f"ledger rows `{event}`", keys)


def _twice(what: str, keys: Iterable[Hashable]) -> Iterator[str]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield f"twice: {what}: {key} is there {count} times"
