"""Reading why an environment has the alert rules that it has, for `lockstep why` and `/status` (rows A5, P12)."""

from __future__ import annotations

from bot.decide.alerts import BUNDLE_FILE, AlertsRefused, read_bundle
from bot.decide.drift import bundle_of
from bot.decide.why_bundle import BundleWhy
from bot.errors import UserError
from bot.model.tree import Tree
from bot.run import rules
from bot.run.alert_standing import Standing, standing
from bot.run.house import House
from bot.run.wanted import Wanted, destination
from bot.run.where import Place


def why_bundle(house: House, place: Place, environment: str) -> BundleWhy:
    """Why an environment has its alert bundle. Raises UserError for what the rules do not know, and invalid rules."""
    github, repository = house.github(place.installation_id), place.repository
    snapshot, ruling = rules.environment_snapshot(house, github, repository, environment)
    if ruling.policy is None:
        first = str(ruling.errors[0]) if ruling.errors else "they cannot be read"
        raise UserError(f"the rules of {repository.full_name} are invalid: {first}")
    into = destination(ruling.policy, Wanted(place=place, into=environment))
    stands = standing(house, github, repository, snapshot.base_sha, ruling.policy, into)
    if stands is None:
        raise UserError(
            f"no alert bundle is promoted to {environment}: it is not under alerts.bundles, or the first that is."
        )
    return told(stands)


def told(stands: Standing) -> BundleWhy:
    """The answer for one environment's bundle."""
    name = stands.environment.name
    folder, found, record = stands.folder(name), stands.step(), stands.open()
    there = bundle_of(folder, name)
    return BundleWhy(
        environment=name,
        before=stands.before,
        folder=stands.alerts.bundles[name],
        digest=there.digest if there.files else None,
        since=stands.since(name),
        commit=_commit(folder),
        last=stands.last(),
        waiting=found.digest if found else None,
        three=stands.three(found) if found else (),
        pull=record.pull_number if record else None,
    )


def _commit(folder: Tree | None) -> str | None:
    file = folder.files.get(f"{folder.path}/{BUNDLE_FILE}") if folder else None
    try:
        return read_bundle(file.data).source.commit if file and file.data else None
    except AlertsRefused:
        return None
