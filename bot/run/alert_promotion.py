"""Bundle promotions: alert rules on their way to the next environment, by pull request like images (row A5).

The environment's look asks: does its bundle lag behind the one before it, and are the three there that it takes?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.decide import names
from bot.decide.bundle_promotion import SOURCE, BundleStep, body, commit_message, missing, step
from bot.decide.drift import DriftFacts, chain_of, paths_of
from bot.decide.opening import Proposal, opening
from bot.model.action import Action, ClosePull, RewritePull
from bot.model.facts import Mergeable, Pull
from bot.model.policy import Concurrency, Environment, Policy
from bot.model.policy_after import Alerts
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState, Request
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject, pull
from bot.model.tree import Tree
from bot.run.acts import Cause, carry_out
from bot.run.alert_probes import probed
from bot.run.alert_pulls import drifted, once
from bot.run.house import House, is_news, note


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One environment's bundle, and everything that a look at it needs."""

    house: House
    subject: Subject
    github: GitHub
    policy: Policy
    alerts: Alerts
    environment: Environment
    before: str
    snapshot: EnvironmentSnapshot
    requests: tuple[Request, ...]

    @property
    def branch(self) -> str:
        return names.branch_name(self.environment.name, SOURCE)

    def record(self) -> Promotion | None:
        """The open bundle promotion on record."""
        found = self.house.store.promotions.of(self.snapshot.repository.id, self.environment.name, SOURCE)
        return next((each for each in found if each.state is PromotionState.OPEN), None)

    def declined(self, digest: str) -> bool:
        """Whether a person closed the last one, of these very bytes, without merging."""
        found = self.house.store.promotions.of(
            self.snapshot.repository.id, self.environment.name, SOURCE, limit=1
        )
        return any(
            each.state is PromotionState.CLOSED and _release(digest) in each.release_ids for each in found
        )

    @property
    def asked(self) -> Request | None:
        return self.requests[-1] if self.requests else None


def look(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    requests: Sequence[Request],
    *,
    held: bool,
) -> str | None:
    """Proposes, renews or closes the bundle's pull request; the sentence that answers who asked, None: nothing new."""
    alerts = policy.alerts
    chain = chain_of(alerts, tuple(each.name for each in policy.environments)) if alerts else ()
    if alerts is None or alerts.source is None or environment.name not in alerts.bundles:
        return None
    _seen(house, snapshot, github, alerts, environment.name)
    if chain.index(environment.name) == 0 or policy.source(SOURCE) is not None:
        return None
    place = _Place(
        house=house,
        subject=subject,
        github=github,
        policy=policy,
        alerts=alerts,
        environment=environment,
        before=chain[chain.index(environment.name) - 1],
        snapshot=snapshot,
        requests=tuple(each for each in requests if not each.components or SOURCE in each.components),
    )
    return _looked(place, held=held)


def _seen(
    house: House, snapshot: EnvironmentSnapshot, github: GitHub, alerts: Alerts, name: str
) -> datetime | None:
    """Since when the default branch holds the bundle that it holds now, as far as Lockstep has seen: never earlier
    than its merge. None: there is no bundle."""
    folder = alerts.bundles[name].rstrip("/")
    tree = github.trees(snapshot.repository.id, snapshot.base_sha, paths_of(alerts))[folder]
    if not isinstance(tree, Tree):
        return None
    key = f"alert bundle:{snapshot.repository.id}:{name}"
    mark = house.store.marks.get(key) or {}
    if mark.get("tree") != tree.oid:
        mark = {"tree": tree.oid, "since": house.clock().isoformat()}
        house.store.marks.put(key, mark)
    return datetime.fromisoformat(str(mark["since"]))


def _looked(place: _Place, *, held: bool) -> str | None:
    standing, record = place.snapshot.pulls.get(place.branch), place.record()
    if standing is None and not place.requests and not place.environment.auto_promote:
        return None  # nobody wants one: nothing needs to be rendered
    trees = place.github.trees(place.snapshot.repository.id, place.snapshot.base_sha, paths_of(place.alerts))
    source = trees.get((place.alerts.source or "").rstrip("/"))
    folder = trees.get(place.alerts.bundles[place.environment.name].rstrip("/"))
    if not isinstance(source, Tree):
        return (
            f"{place.alerts.source} cannot be read, so no alert bundle is promoted."
            if place.requests
            else None
        )
    found = step(
        place.alerts,
        source,
        folder if isinstance(folder, Tree) else None,
        before=place.before,
        environment=place.environment.name,
        commit=place.snapshot.base_sha,
    )
    if standing is not None and (record is None or standing.head_sha != record.head_sha):
        return f"#{standing.number} was not written like this by Lockstep; a person decides about it."
    if found is None:
        return _nothing(place, standing)
    if standing is not None and not _is_due(place, standing, record, found):
        return f"#{standing.number} is open: {standing.title}" if place.requests else None
    by_itself = place.environment.auto_promote and not held and not place.declined(found.digest)
    if standing is None and not place.requests and not by_itself:
        return None
    lacking = _missing(place, found)
    why = f"No alert bundle is promoted to {place.environment.name}: {'; '.join(lacking)}." if lacking else ""
    if is_news(place.house, place.subject, "alert bundle", why):
        note(place.house, place.subject, "alert_bundle", "refused", why, details={"digest": found.digest})
    return why or _written(place, found, standing, record)


def _missing(place: _Place, found: BundleStep) -> tuple[str, ...]:
    """Which of the three are not there. Time alone may mend one of them: then it is asked again."""
    house, snapshot, alerts = place.house, place.snapshot, place.alerts
    trees = place.github.trees(snapshot.repository.id, snapshot.base_sha, paths_of(alerts))
    environments = tuple(each.name for each in place.policy.environments)
    # As for a change of the source: the first bundle must be current, those after it may be behind.
    question = DriftFacts(
        alerts=alerts, environments=environments, changed=(alerts.source or "",), trees=trees
    )
    here = (snapshot.repository.id, snapshot.base_sha, repr(alerts), environments)
    answers = (
        once(house, ("drift of the base", *here), lambda: drifted(house, question)),
        once(
            house,
            ("probes of the base", *here),
            lambda: probed(
                house, place.github, snapshot.repository, snapshot.base_sha, place.policy, alerts, trees
            ),
        ),
    )
    now, soak = house.clock(), place.environment.soak or timedelta()
    since = _seen(house, snapshot, place.github, alerts, place.before) or now
    if now - since < soak:
        wake(house.store, place.subject, since + soak)
    return missing(found, answers, since, soak, now)


def _is_due(place: _Place, standing: Pull, record: Promotion | None, found: BundleStep) -> bool:
    """Whether the open pull request must be written anew: on another base, or with a newer bundle where newest wins."""
    if standing.mergeable is Mergeable.CONFLICTING or standing.behind:
        return True
    newer = record is not None and _release(found.digest) not in record.release_ids
    return newer and place.environment.concurrency is not Concurrency.PINNED


def _nothing(place: _Place, standing: Pull | None) -> str | None:
    """The bundles say the same already."""
    said = f"Nothing to promote: {place.environment.name} has the alert rules of {place.before}."
    if standing is not None:
        closing = ClosePull(
            because=said,
            number=standing.number,
            node_id=standing.node_id,
            branch=place.branch,
            expected_head=standing.head_sha,
            labels=(names.SUPERSEDED_LABEL,),
        )
        carry_out(place.house, Cause(subject=place.subject), place.snapshot.repository, [closing])
        return f"#{standing.number} has become pointless. {said}"
    named = any(SOURCE in each.components for each in place.requests)
    return said if named else None


def _written(place: _Place, found: BundleStep, standing: Pull | None, record: Promotion | None) -> str:
    """Opens the pull request, or writes it anew, and puts it on record."""
    asked = place.asked
    login = asked.actor_login if asked else (record.requested_by_login if record else None)
    base, base_sha = place.snapshot.repository.default_branch, place.snapshot.base_sha
    text, message = body(found, login, base_sha), commit_message(found, login)
    checks = (names.summary_check(base),)
    actions: list[Action]
    if standing is not None:
        actions = [
            RewritePull(
                because=f"{found.title}; on {base_sha[:7]}",
                number=standing.number,
                node_id=standing.node_id,
                branch=place.branch,
                expected_head=standing.head_sha,
                base_sha=base_sha,
                files=found.files,
                deletions=found.deletions,
                message=message,
                title=found.title,
                body=text,
                checks=checks,
            )
        ]
    else:
        proposal = Proposal(
            branch=place.branch,
            because=found.title,
            title=found.title,
            body=text,
            message=message,
            files=found.files,
            deletions=found.deletions,
            labels=(names.BUMP_LABEL, names.environment_label(place.environment.name)),
        )
        opened = opening(place.snapshot, proposal, bot_id=place.github.bot_id)
        if opened is None:
            return f"The branch {place.branch} exists and was not written by Lockstep. Delete it, then ask again."
        actions = list(opened)
    cause = Cause(
        subject=place.subject,
        actor_id=asked.actor_id if asked else None,
        actor_login=asked.actor_login if asked else None,
    )
    result = carry_out(place.house, cause, place.snapshot.repository, actions)[-1].result
    return _recorded(place, found, record, int(result["number"]), str(result["head_sha"]))


def _recorded(place: _Place, found: BundleStep, record: Promotion | None, number: int, head_sha: str) -> str:
    asked, repository = place.asked, place.snapshot.repository
    place.house.store.promotions.opened(
        Promotion(
            installation_id=place.subject.installation_id,
            config_repository_id=repository.id,
            environment=place.environment.name,
            source=SOURCE,
            pull_number=number,
            branch=place.branch,
            head_sha=head_sha,
            components={},
            release_ids=(_release(found.digest),),
            requested_by_id=asked.actor_id if asked else (record.requested_by_id if record else None),
            requested_by_login=asked.actor_login
            if asked
            else (record.requested_by_login if record else None),
            state=PromotionState.OPEN,
            opened_at=record.opened_at if record else place.house.clock(),
            kind=PromotionKind.ALERTS,
        )
    )
    wake(place.house.store, pull(place.subject.installation_id, repository.id, number))
    return f"#{number}: {found.title}"


def _release(digest: str) -> str:
    return f"{SOURCE}@{digest}"
