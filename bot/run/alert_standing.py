"""Where an environment's alert bundle stands: what a promotion would bring, and which of the three it takes are there.

Asked by the look that promotes, and by whoever wants to know: `lockstep why`, `/status` and dry runs. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.decide.bundle_promotion import SOURCE, BundleStep, requirements, step
from bot.decide.drift import DriftFacts, chain_of, paths_of
from bot.model.facts import Repository
from bot.model.policy import Environment, Policy
from bot.model.policy_after import Alerts
from bot.model.ports import GitHub
from bot.model.release import Promotion, PromotionState
from bot.model.tree import Tree
from bot.model.verdict import Verdict
from bot.run.alert_probes import probed
from bot.run.alert_pulls import drifted, once
from bot.run.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One environment's bundle on the default branch, and the environment that its rules come from."""

    house: House
    github: GitHub
    repository: Repository
    base_sha: str
    policy: Policy
    alerts: Alerts
    environment: Environment
    before: str

    def folder(self, name: str) -> Tree | None:
        """An environment's bundle as the default branch holds it; None: there is none, or it cannot be read."""
        found = self._tree(self.alerts.bundles[name])
        return found if isinstance(found, Tree) else None

    def source(self) -> Tree | None:
        """The base rules; None: they cannot be read."""
        return self._tree(self.alerts.source or "")

    def _tree(self, path: str) -> Tree | None:
        trees = self.github.trees(self.repository.id, self.base_sha, paths_of(self.alerts))
        found = trees.get(path.rstrip("/"))
        return found if isinstance(found, Tree) else None

    def step(self) -> BundleStep | None:
        """What a promotion would write; None: nothing, or the source cannot be rendered."""
        source = self.source()
        if source is None:
            return None
        return step(
            self.alerts,
            source,
            self.folder(self.environment.name),
            before=self.before,
            environment=self.environment.name,
            commit=self.base_sha,
        )

    def since(self, name: str) -> datetime | None:
        """Since when the default branch holds the bundle that it holds now, as far as Lockstep has seen: never
        earlier than its merge. None: there is no bundle."""
        tree = self.folder(name)
        if tree is None:
            return None
        mark = self.house.store.marks.get(seen_key(self.repository.id, name)) or {}
        return (
            datetime.fromisoformat(str(mark["since"])) if mark.get("tree") == tree.oid else self.house.clock()
        )

    @property
    def soak(self) -> timedelta:
        """How long the bundle before must have been there."""
        return self.environment.soak or timedelta()

    def three(self, found: BundleStep) -> tuple[Verdict, Verdict, Verdict]:
        """What the promotion takes: the bundle before it deployed, drift green, probe results for these very bytes."""
        house, alerts = self.house, self.alerts
        trees = self.github.trees(self.repository.id, self.base_sha, paths_of(alerts))
        environments = tuple(each.name for each in self.policy.environments)
        # As for a change of the source: the first bundle must be current, those after it may be behind.
        question = DriftFacts(
            alerts=alerts, environments=environments, changed=(alerts.source or "",), trees=trees
        )
        here = (self.repository.id, self.base_sha, repr(alerts), environments)
        return requirements(
            found,
            once(house, ("drift of the base", *here), lambda: drifted(house, question)),
            once(
                house,
                ("probes of the base", *here),
                lambda: probed(
                    house, self.github, self.repository, self.base_sha, self.policy, alerts, trees
                ),
            ),
            self.since(self.before),
            self.soak,
            house.clock(),
        )

    def open(self) -> Promotion | None:
        """The open bundle promotion on record."""
        found = self.house.store.promotions.of(self.repository.id, self.environment.name, SOURCE)
        return next((each for each in found if each.state is PromotionState.OPEN), None)

    def last(self) -> Promotion | None:
        """The last bundle promotion that was merged."""
        found = self.house.store.promotions.of(self.repository.id, self.environment.name, SOURCE)
        return next((each for each in found if each.state is PromotionState.MERGED), None)


def seen_key(repository_id: int, name: str) -> str:
    """The mark that keeps since when an environment's bundle is what it is."""
    return f"alert bundle:{repository_id}:{name}"


def standing(
    house: House,
    github: GitHub,
    repository: Repository,
    base_sha: str,
    policy: Policy,
    environment: Environment,
) -> Standing | None:
    """Where the bundle of an environment stands; None where none is promoted to it: it has no bundle, it is the first
    to have one, or a source has taken the name."""
    alerts = policy.alerts
    if alerts is None or alerts.source is None or environment.name not in alerts.bundles:
        return None
    chain = chain_of(alerts, tuple(each.name for each in policy.environments))
    place = chain.index(environment.name)
    if place == 0 or policy.source(SOURCE) is not None:
        return None
    return Standing(
        house=house,
        github=github,
        repository=repository,
        base_sha=base_sha,
        policy=policy,
        alerts=alerts,
        environment=environment,
        before=chain[place - 1],
    )
