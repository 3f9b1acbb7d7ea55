"""What would happen, or would be answered, if somebody promoted now: the worker's own looks, without a write.

An open promotion is judged as it stands; where none is open, what would be promoted is judged as if it were (rows P4,
P5, P12). Nothing here writes: the house comes from `looking.only_looking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.decide import names
from bot.decide.bundle_promotion import SOURCE
from bot.decide.content import Problem
from bot.decide.environment import EnvironmentDecision, EnvironmentFacts, decide_environment
from bot.decide.pull import approving
from bot.decide.pull.demands import demanded, gates
from bot.errors import UserError
from bot.model.action import Action, OpenPull
from bot.model.facts import Pull, RepositoryFile
from bot.model.ports import GitHub
from bot.model.release import Request
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import environment as environment_subject
from bot.model.subject import pull as pull_subject
from bot.run import alert_promotion, imagined, rules
from bot.run import pull as looks
from bot.run.alert_preview import previewed
from bot.run.environment import facts_of
from bot.run.gates import measure
from bot.run.house import House
from bot.run.outlook import Preview
from bot.run.wanted import Wanted, destination
from bot.run.where import Place


def previews(house: House, wanted: Wanted) -> tuple[Preview, ...]:
    """One for each source that is meant, and one for the alert bundle where there is something to tell of it. Raises
    UserError for names that the rules do not know, and invalid rules.
    """

    place = wanted.place
    github = house.github(place.installation_id)
    snapshot, ruling = rules.environment_snapshot(house, github, place.repository, wanted.into)
    if ruling.policy is None:
        first = str(ruling.errors[0]) if ruling.errors else "they cannot be read"
        raise UserError(f"the rules of {place.repository.full_name} are invalid: {first}")
    into = destination(ruling.policy, wanted)
    found = []
    for source in ruling.policy.sources:
        if wanted.source not in (None, source.name):
            continue
        asked = tuple(each for each in wanted.components if each in source.components)
        if wanted.components and not asked:
            continue
        request = _request(house, replace(wanted, components=asked))
        subject = environment_subject(place.installation_id, place.repository.id, into.name)
        facts = facts_of(house, subject, github, ruling.policy, into, source, snapshot, (request,))
        if facts is None:
            why = f"{source.repository} is not a repository of this installation; install the App there."
            found.append(Preview(source=source.name, headline=why, refused=True))
        else:
            found.append(_preview(house, place, github, facts))
    named = SOURCE in wanted.components
    if wanted.source is None and (named or not wanted.components):
        subject = environment_subject(place.installation_id, place.repository.id, into.name)
        request = _request(house, wanted)
        bundle = alert_promotion.place_of(house, subject, github, ruling.policy, into, snapshot, (request,))
        told = previewed(bundle, named=named) if bundle else None
        found += [told] if told else []
    return tuple(found)


def _request(house: House, wanted: Wanted) -> Request:
    return Request(
        comment_id=0,
        installation_id=wanted.place.installation_id,
        config_repository_id=wanted.place.repository.id,
        pull_number=0,
        environment=wanted.into,
        components=wanted.components,
        actor_id=wanted.asker.id,
        actor_login=wanted.asker.login,
        asked_at=house.clock(),
    )


def _preview(house: House, place: Place, github: GitHub, facts: EnvironmentFacts) -> Preview:
    decision = decide_environment(facts)
    branch = names.branch_name(facts.environment.name, facts.source.name)
    standing = facts.snapshot.pulls.get(branch)
    found = Preview(
        source=facts.source.name,
        headline=decision.headline,
        refused=decision.refused or (not decision.targets.targets and bool(decision.targets.left_out)),
        pull=standing,
        components=tuple(sorted(decision.targets.tags.items())),
        actions=decision.actions,
        files=_files(facts.snapshot, decision.actions),
    )
    if standing is not None and facts.record is not None:
        return _of_open(house, place, github, found, standing)
    opening = next((each for each in decision.actions if isinstance(each, OpenPull)), None)
    return found if opening is None else _of_imagined(house, place, github, facts, decision, opening, found)


def _files(snapshot: EnvironmentSnapshot, actions: Sequence[Action]) -> tuple[tuple[str, bytes, bytes], ...]:
    changed: dict[str, bytes] = {}
    for action in actions:
        changed |= getattr(action, "files", {})
    before = {path: snapshot.files.get(path) for path in changed}
    return tuple(
        (path, old.data if isinstance(old := before[path], RepositoryFile) else b"", data)
        for path, data in sorted(changed.items())
    )


def _of_open(house: House, place: Place, github: GitHub, found: Preview, standing: Pull) -> Preview:
    """The verdicts of an open pull request, as its own look would come to them."""
    subject = pull_subject(place.installation_id, place.repository.id, standing.number)
    seen = looks.read(house, github, subject)
    if seen is None:
        return found
    snapshot, ruling, promotion = seen
    _, decision = looks.decided(house, subject, github, snapshot, ruling, promotion, happened=False)
    into = ruling.policy.environment(promotion.environment) if ruling.policy and promotion else None
    demands = demanded(ruling.policy, into) if ruling.policy and into else ()
    return replace(
        found,
        pull=snapshot.pull,
        approvals=decision.approvals,
        components=tuple(sorted(promotion.components.items())) if promotion else found.components,
        gates=tuple(each for each in decision.verdicts if each.gate in demands),
        others=tuple(each for each in decision.verdicts if each.gate not in demands),
    )


def _of_imagined(
    house: House,
    place: Place,
    github: GitHub,
    facts: EnvironmentFacts,
    decision: EnvironmentDecision,
    opening: OpenPull,
    found: Preview,
) -> Preview:
    """What the gates would say of a pull request that is not open yet."""
    into, now = facts.environment, house.clock()
    promotion = imagined.promotion(place, facts, decision, opening, now)
    snapshot = imagined.pull(facts, opening, now)
    subject = environment_subject(place.installation_id, place.repository.id, into.name)
    images = imagined.images(facts, opening, promotion)
    if not isinstance(images, Problem):
        house.values[place.repository.id, imagined.NO_COMMIT, into.name] = images
    measured = measure(house, subject, github, facts.policy, into, promotion, snapshot, now)
    answers = gates(facts.policy, into, measured)
    return replace(
        found,
        components=tuple(sorted(promotion.components.items())),
        gates=answers,
        others=approving.verdicts(into, None),
    )
