"""Bundle promotions: alert rules on their way to the next environment, by pull request like images (row A5).

The environment's look asks: does its bundle lag behind the one before it, and are the three there that it takes?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide import names
from bot.decide.bundle_promotion import SOURCE, BundleStep, body, commit_message, missing
from bot.decide.drift import paths_of
from bot.decide.opening import Proposal, opening
from bot.model.action import Action, ClosePull, RewritePull
from bot.model.facts import Mergeable, Pull
from bot.model.policy import Concurrency, Environment, Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState, Request
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject, pull
from bot.model.tree import Tree
from bot.model.verdict import Outcome, Verdict
from bot.run.acts import Cause, carry_out
from bot.run.alert_standing import Standing, seen_key, standing
from bot.run.house import House, is_news, note


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One environment's bundle, and what a look at it needs beside where it stands."""

    subject: Subject
    stands: Standing
    snapshot: EnvironmentSnapshot
    requests: tuple[Request, ...]

    @property
    def house(self) -> House:
        """Everything that is at hand."""
        return self.stands.house

    @property
    def environment(self) -> Environment:
        """Where the bundle goes."""
        return self.stands.environment

    @property
    def branch(self) -> str:
        """The branch of its promotion."""
        return names.branch_name(self.environment.name, SOURCE)

    @property
    def standing(self) -> Pull | None:
        """Its open pull request."""
        return self.snapshot.pulls.get(self.branch)

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
        """Who asked last."""
        return self.requests[-1] if self.requests else None


def place_of(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    requests: Sequence[Request],
) -> Place | None:
    """The environment's bundle with who asked for it; None where none is promoted to it."""
    stands = standing(house, github, snapshot.repository, snapshot.base_sha, policy, environment)
    if stands is None:
        return None
    meant = tuple(each for each in requests if not each.components or SOURCE in each.components)
    return Place(subject=subject, stands=stands, snapshot=snapshot, requests=meant)


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
    _see(house, snapshot, github, policy, environment.name)
    place = place_of(house, subject, github, policy, environment, snapshot, requests)
    return None if place is None else _looked(place, held=held)


def _see(house: House, snapshot: EnvironmentSnapshot, github: GitHub, policy: Policy, name: str) -> None:
    """Remember since when the default branch holds the bundle that it holds now."""
    alerts = policy.alerts
    if alerts is None or alerts.source is None or name not in alerts.bundles:
        return
    folder = alerts.bundles[name].rstrip("/")
    tree = github.trees(snapshot.repository.id, snapshot.base_sha, paths_of(alerts))[folder]
    key = seen_key(snapshot.repository.id, name)
    if isinstance(tree, Tree) and (house.store.marks.get(key) or {}).get("tree") != tree.oid:
        house.store.marks.put(key, {"tree": tree.oid, "since": house.clock().isoformat()})


def _looked(place: Place, *, held: bool) -> str | None:
    pull, record, stands = place.standing, place.stands.open(), place.stands
    if pull is None and not place.requests and not place.environment.auto_promote:
        return None  # nobody wants one: nothing needs to be rendered
    if stands.source() is None:
        return (
            f"{stands.alerts.source} cannot be read, so no alert bundle is promoted."
            if place.requests
            else None
        )
    found = stands.step()
    if pull is not None and (record is None or pull.head_sha != record.head_sha):
        return f"#{pull.number} was not written like this by Lockstep; a person decides about it."
    if found is None:
        return _nothing(place, pull)
    if pull is not None and not _is_due(place, pull, record, found):
        return f"#{pull.number} is open: {pull.title}" if place.requests else None
    by_itself = place.environment.auto_promote and not held and not place.declined(found.digest)
    if pull is None and not place.requests and not by_itself:
        return None
    three = stands.three(found)
    why = refusal(place, three)
    _again(place)
    with place.house.store.together():
        if is_news(place.house, place.subject, "alert bundle", why):
            lacking = [each.gate for each in three if each.outcome is not Outcome.PASS]
            note(
                place.house,
                place.subject,
                "alert_bundle",
                "refused",
                why,
                details={
                    "digest": found.digest,
                    "environment": place.environment.name,
                    "missing": lacking,
                },
            )
    return why or _written(place, found, pull, record)


def refusal(place: Place, three: Sequence[Verdict]) -> str:
    """Which of the three are missing, in a sentence; empty when all are there."""
    lacking = missing(three)
    name = place.environment.name
    return f"No alert bundle is promoted to {name}: {'; '.join(lacking)}." if lacking else ""


def _again(place: Place) -> None:
    """Time alone may mend one of the three: then it is asked again."""
    stands = place.stands
    since = stands.since(stands.before)
    if since is not None and place.house.clock() - since < stands.soak:
        wake(place.house.store, place.subject, since + stands.soak)


def _is_due(place: Place, standing: Pull, record: Promotion | None, found: BundleStep) -> bool:
    """Whether the open pull request must be written anew: on another base, or with a newer bundle where newest wins."""
    if standing.mergeable is Mergeable.CONFLICTING or standing.behind:
        return True
    newer = record is not None and _release(found.digest) not in record.release_ids
    return newer and place.environment.concurrency is not Concurrency.PINNED


def _nothing(place: Place, standing: Pull | None) -> str | None:
    """The bundles say the same already."""
    said = f"Nothing to promote: {place.environment.name} has the alert rules of {place.stands.before}."
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


def actions(place: Place, found: BundleStep, standing: Pull | None) -> list[Action] | str:
    """What opens the pull request, or writes it anew; or why neither can be done."""
    asked, record = place.asked, place.stands.open()
    login = asked.actor_login if asked else (record.requested_by_login if record else None)
    base, base_sha = place.snapshot.repository.default_branch, place.snapshot.base_sha
    text, message = body(found, login, base_sha), commit_message(found, login)
    checks = (names.summary_check(base),)
    if standing is not None:
        return [
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
    opened = opening(place.snapshot, proposal, bot_id=place.stands.github.bot_id)
    if opened is None:
        return f"The branch {place.branch} exists and was not written by Lockstep. Delete it, then ask again."
    return list(opened)


def _written(place: Place, found: BundleStep, standing: Pull | None, record: Promotion | None) -> str:
    """Opens the pull request, or writes it anew, and puts it on record."""
    asked, due = place.asked, actions(place, found, standing)
    if isinstance(due, str):
        return due
    cause = Cause(
        subject=place.subject,
        actor_id=asked.actor_id if asked else None,
        actor_login=asked.actor_login if asked else None,
    )
    result = carry_out(place.house, cause, place.snapshot.repository, due)[-1].result
    return _recorded(place, found, record, int(result["number"]), str(result["head_sha"]))


def _recorded(place: Place, found: BundleStep, record: Promotion | None, number: int, head_sha: str) -> str:
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
