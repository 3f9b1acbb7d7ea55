"""Has Argo CD brought the merge to the cluster? One application at a time, each trouble in a sentence (rows R5, R9).

A Healthy that was left over from before is not believed: the sync that is looked at holds the merged commit and ended
after the merge, Argo CD compared after it, and the pods run the new digests and none of the old ones.
https://argo-cd.readthedocs.io/en/stable/operator-manual/health/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.decide.gates.measuring import length, moment
from bot.decide.text import code, plain, truncate
from bot.model.argocd import ApplicationSource, ApplicationState, SyncOperation
from bot.model.deployment import Deployment, DeploymentKind, DeploymentState, Progress
from bot.model.facts import Unknown
from bot.model.image import short_digest
from bot.model.policy_after import Sync
from bot.model.rollout import ApplicationLook

SETTLING = timedelta(minutes=2)
"""How long a Degraded may still be the one from before the sync, where Argo CD does not tell since when it is."""
SKEW = timedelta(minutes=1)
"""How far GitHub's clock and the cluster's may differ, where Argo CD does not tell what it applied."""
ASKED = timedelta(minutes=2)
"""How long Argo CD has to begin a sync that was asked for, before it is asked for again."""
PATIENCE = timedelta(minutes=3)
"""What is left of the time at least, once Argo CD answers again after a silence."""
_SAID = 300


class Step(Enum):
    """Where an application stands."""

    DONE = "done"
    WAIT = "wait"
    SYNC = "sync"
    """It is to be synced now."""
    PERSON = "person"
    """It waits for a person's `/sync`."""
    UNREAD = "unread"
    """It could not be read, which is no failure of the deployment."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """The answer for one application; `positions` say which of several sources take the commit, from 1."""

    step: Step
    says: str
    positions: tuple[int, ...] = ()


def key(application: str) -> str:
    """Under which an application's progress is kept."""
    return f"sync:{application}"


def stand(look: ApplicationLook, deployment: Deployment, config: str, now: datetime) -> Stand:
    """Where one application stands at `now`. `config` is the config repository's full name."""
    state, what = look.state, f"The application {code(look.application.application)}"
    if isinstance(state, Unknown):
        return Stand(step=Step.UNREAD, says=f"{what} could not be read: {plain(state.why, _SAID)}")
    places = places_of(state.sources, config)
    if not places:
        follows = ", ".join(code(each.repository) for each in state.sources) or "nothing"
        return Stand(
            step=Step.UNREAD, says=f"{what} follows {follows}, not {config}: see `argocd` in the rules"
        )
    subject = _Subject(look=look, state=state, deployment=deployment, places=places, what=what, now=now)
    found = subject.judged()
    positions = tuple(place + 1 for place in places) if len(state.sources) > 1 else ()
    return Stand(step=found.step, says=found.says, positions=positions)


def places_of(sources: Sequence[ApplicationSource], config: str) -> tuple[int, ...]:
    """Which of an application's sources are the config repository, counted from 0; by owner and name, because
    addresses are written in many ways (https, ssh, with and without `.git`)."""
    return tuple(at for at, each in enumerate(sources) if _name(each.repository) == config.lower())


def _name(address: str) -> str:
    parts = re.split(r"[/:]", address.removesuffix("/").removesuffix(".git"))
    return "/".join(parts[-2:]).lower()


def expected(look: ApplicationLook, deployment: Deployment) -> Mapping[str, str]:
    """Component to digest, of those that this application runs."""
    mine = look.application.components
    return {name: digest for name, digest in deployment.digests.items() if mine is None or name in mine}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    look: ApplicationLook
    state: ApplicationState
    deployment: Deployment
    places: tuple[int, ...]
    what: str
    now: datetime

    def judged(self) -> Stand:
        operation, state = self.state.operation, self.state
        if state.running:
            since = f" since {moment(operation.started_at)}" if operation and operation.started_at else ""
            return self._in_time(f"{self.what} is being synced{since}")
        if operation is None or not self._is_ours(operation):
            return self._not_begun()
        if operation.phase in ("Failed", "Error"):
            return Stand(step=Step.FAILED, says=f"{self.what}: the sync failed{_because(operation.message)}")
        if operation.phase != "Succeeded":
            says = f"{self.what}: the sync ended as {plain(operation.phase, 40)}, which is no known end"
            return Stand(step=Step.UNREAD, says=says)
        return self._rolled_out(operation)

    def _is_ours(self, operation: SyncOperation) -> bool:
        """Whether the operation holds the merge, and is no left-over from before it."""
        merged = self.deployment.merged_at
        if merged is None or self._is_before_the_yes(operation):
            return False
        if operation.revisions:
            # What holds the merge came after it, whatever the two clocks say.
            return self._holds(operation.revisions)
        if operation.finished_at and operation.finished_at < merged - SKEW:
            return False
        return operation.started_at is not None and operation.started_at >= merged - SKEW

    def _is_before_the_yes(self, operation: SyncOperation) -> bool:
        """Whether a person has asked for another sync since; an application that syncs by itself is only watched.

        Told apart by Argo CD's own clock: the operation that stood when the sync was asked for, or another one.
        """
        asked = self._asked()
        if asked is None or asked.by is None or self.state.automated or operation.finished_at is None:
            return False
        return asked.since is None or (asked.after is not None and operation.started_at == asked.after)

    def _holds(self, revisions: Sequence[str]) -> bool:
        """Whether every source that is the config repository stands at the merge, or after it."""
        seen = [revisions[place] for place in self.places if place < len(revisions)]
        return bool(seen) and all(self.look.contains.get(each, False) for each in seen)

    def _not_begun(self) -> Stand:
        """No sync since the merge: ask for one, wait for a person, or watch."""
        mode, asked = self._mode(), self._asked()
        sha = (self.deployment.merge_sha or "")[:7]
        if mode is Sync.OFF or self.state.automated:
            return self._in_time(self._unseen(sha))
        if mode is Sync.CONFIRM and (asked is None or asked.by is None):
            says = f"{self.what} waits for a person's `/sync` of {sha}"
            return Stand(step=Step.PERSON, says=says)
        if asked is not None and asked.failed:
            return Stand(step=Step.FAILED, says=f"{self.what}: the sync was refused: {asked.says}")
        if asked is None or asked.since is None:
            return Stand(step=Step.SYNC, says=f"{self.what} is synced at {sha}")
        if self.now >= asked.at + ASKED and not self._late():
            return Stand(step=Step.SYNC, says=f"{self.what} is synced at {sha}, asked for once more")
        return self._in_time(f"{self.what}: a sync at {sha} was asked for and has not begun")

    def _mode(self) -> Sync:
        """As the rules say; a rollback that was merged waits for nobody's second yes."""
        mode = self.look.application.sync
        back = self.deployment.kind is DeploymentKind.ROLLBACK
        return Sync.AUTO if back and mode is Sync.CONFIRM else mode

    def _unseen(self, sha: str) -> str:
        """Nobody asks for a sync here: why Argo CD has not done it, as far as it tells."""
        if not self._holds(self.state.revisions):
            seen = ", ".join(each[:7] for each in self.state.revisions) or "no commit"
            return f"{self.what} has not seen {sha} yet: Argo CD compared it with {seen}{self._conditions()}"
        if self.state.sync == "OutOfSync":
            return f"{self.what} is OutOfSync at {sha}: nothing has synced it{self._conditions()}"
        return f"{self.what}: no sync has ended since the merge of {sha}"

    def _rolled_out(self, operation: SyncOperation) -> Stand:
        state, ended = self.state, operation.finished_at
        if ended and state.reconciled_at and state.reconciled_at < ended:
            return self._in_time(f"{self.what} was synced; Argo CD has not looked at it since")
        if not self._holds(state.revisions):
            seen = ", ".join(each[:7] for each in state.revisions) or "no commit"
            return self._in_time(f"{self.what} was synced, but Argo CD compares it with {seen}")
        if state.sync not in ("Synced", "OutOfSync"):
            says = f"{self.what}: Argo CD cannot tell whether it is in sync{self._conditions()}"
            return Stand(step=Step.UNREAD, says=says)
        if state.sync == "OutOfSync":
            return self._in_time(f"{self.what} is OutOfSync after its sync: what runs is not what Git says")
        return self._health(operation) or self._images()

    def _health(self, operation: SyncOperation) -> Stand | None:
        state = self.state
        if state.health == "Healthy":
            return None
        says = f"{self.what} is {plain(state.health, 40)}{_because(state.health_message)}"
        if state.health == "Degraded":
            return Stand(step=Step.FAILED, says=says) if self._is_new(operation) else self._in_time(says)
        if state.health == "Suspended":
            return self._in_time(f"{says}; it goes on when somebody resumes it")
        if state.health in ("Progressing", "Missing"):
            return self._in_time(says)
        because = _because(state.health_message)
        return Stand(step=Step.UNREAD, says=f"{self.what}: Argo CD does not know its health{because}")

    def _is_new(self, operation: SyncOperation) -> bool:
        """Whether a Degraded is about what was synced, and not left over from what ran before."""
        began, ended, since = operation.started_at, operation.finished_at, self.state.health_since
        if began and since and since >= began:
            return True
        return ended is None or self.now >= ended + SETTLING

    def _images(self) -> Stand:
        wanted = expected(self.look, self.deployment)
        missing = [f"{name} {short_digest(digest)}" for name, digest in sorted(wanted.items())
                   if not self.state.runs(digest)]  # fmt: skip
        if missing:
            return self._in_time(f"{self.what} does not run {', '.join(missing)}")
        old = [f"{name} {short_digest(before)}" for name in sorted(wanted)
               if (before := self.deployment.components[name].before) is not None
               and before != wanted[name] and self.state.runs(before)]  # fmt: skip
        if old:
            return self._in_time(f"{self.what} still runs {', '.join(old)} as well")
        runs = ", ".join(f"{name} {short_digest(digest)}" for name, digest in sorted(wanted.items()))
        sha = (self.deployment.merge_sha or "")[:7]
        return Stand(step=Step.DONE, says=f"{self.what} is Synced and Healthy at {sha} and runs {runs}")

    def _asked(self) -> Progress | None:
        return self.deployment.progress.get(key(self.look.application.application))

    def _late(self) -> bool:
        """Whether its time is over: since the sync was asked for, or since the merge where nobody asks."""
        asked, since = self._asked(), self.deployment.merged_at
        since = (asked.since or asked.at) if asked else since
        end = (since or self.now) + self.look.application.timeout
        silent = self.deployment.progress.get(f"silent:{self.look.application.application}")
        return self.now >= (max(end, silent.at + PATIENCE) if silent else end)

    def _in_time(self, says: str) -> Stand:
        # While it is verified, `verify.timeout` says how long it may be anything but well.
        if self.deployment.state is DeploymentState.VERIFYING or not self._late():
            return Stand(step=Step.WAIT, says=says)
        over = length(self.look.application.timeout)
        return Stand(step=Step.FAILED, says=f"{says}; that is over the {over} that the rules give it")

    def _conditions(self) -> str:
        wrong = next((each for each in self.state.conditions if each.type.endswith("Error")), None)
        return _because(wrong.message) if wrong else ""


def _because(message: str) -> str:
    """Argo CD's own words, which hold what a cluster says: as code, where nothing is acted on (attack case 92)."""
    return f" ({code(truncate(message, _SAID, '…'))})" if message else ""
