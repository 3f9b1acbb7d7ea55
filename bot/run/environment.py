"""A look at an environment: what should be proposed for it, from each source (rows R2, R3)?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.decide import board, names
from bot.decide.content import Problem, images_now
from bot.decide.environment import (
    EnvironmentDecision,
    EnvironmentFacts,
    branch_of,
    commits_between,
    decide_environment,
)
from bot.decide.gates.freeze import freeze
from bot.decide.hotfix import as_hotfix, goes_apart, takes_hotfixes
from bot.decide.rollback import safety
from bot.decide.text import code
from bot.model.action import CheckRun, CommentOnCommit, OpenPull, Receipt, RewritePull
from bot.model.deployment import DeploymentKind
from bot.model.door import Door
from bot.model.facts import Repository, Unknown
from bot.model.holds import Hold
from bot.model.policy import Environment, Policy, Source
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState, Release, Request
from bot.model.snapshot import EnvironmentSnapshot, History
from bot.model.subject import Subject, pull
from bot.model.verdict import Outcome
from bot.run import alert_promotion, deploying, hotfix, rollback, rules
from bot.run.acts import Cause, carry_out
from bot.run.answering import answered
from bot.run.ask import served
from bot.run.house import House, Looked, is_news, note
from bot.run.identity import app_of
from bot.run.shown import show_answer

UNRECORDED = timedelta(seconds=10)
"""How long the look at a pull request that has ended has, before the environment is looked at without it."""


def look_environment(house: House, subject: Subject) -> Looked:
    """Proposes, renews or closes the environment's pull requests, and answers who asked."""
    repository = house.store.repositories.find(subject.repository)
    name = subject.name or ""
    if repository is None:
        return Looked(outcome="skipped: the repository is not known to this installation")
    github = house.github(subject.installation_id)
    histories = _likely_histories(house, subject, name)
    going_back = rollback.branches(house, subject.repository, name)
    snapshot, result = rules.environment_snapshot(house, github, repository, name, histories, going_back)
    requests = house.store.requests.open_for(repository.id, name)
    policy = result.policy
    if policy is None:
        first = str(result.errors[0]) if result.errors else "the rules cannot be read"
        house.store.marks.put(board.key(repository.id, name), board.trouble(snapshot, name, first))
        _answer(house, subject, github, snapshot, requests, f"The rules file is invalid: {code(first)}")
        return Looked(outcome=f"refused: {first}")
    environment = policy.environment(name)
    if environment is None:
        house.store.marks.put(safety.key(repository.id, name), None)
        strange = f"`{name}` is not an environment of {policy.path}."
        _answer(house, subject, github, snapshot, requests, strange)
        return Looked(outcome=f"skipped: {name} is not an environment")
    house.store.marks.put(board.key(repository.id, name), board.value(policy, snapshot, name))
    frozen = freeze(policy.freeze, name, house.clock()).verdict.outcome is not Outcome.PASS
    told = safety.mark(snapshot.repository, policy, environment, frozen=frozen)
    house.store.marks.put(safety.key(repository.id, name), told)
    ended = _ended_unrecorded(house, subject, policy, snapshot)
    if ended and (waits := _waits_for_the_record(house, subject, ended)):
        return waits
    # First what goes back: it places the hold that what follows must respect.
    headlines: list[str | None] = [
        *rollback.look(house, subject, github, policy, environment, snapshot, going_back)
    ]
    urgent, requests = _apart(requests)
    _hotfixes(house, subject, github, policy, environment, snapshot, urgent, headlines)
    headlines += [
        _propose(house, subject, github, policy, environment, source, snapshot, _for(requests, source))
        for source in policy.sources
    ]
    held = _hold(house, repository.id, name) is not None
    headlines.append(
        alert_promotion.look(house, subject, github, policy, environment, snapshot, requests, held=held)
    )
    spoken = [headline for headline in headlines if headline]
    said = "\n".join(spoken) or f"Nothing to promote to {name}."
    _answer(house, subject, github, snapshot, requests, said, [each.name for each in policy.sources])
    return Looked(outcome=" | ".join(spoken) or "nothing")


def _apart(requests: Sequence[Request]) -> tuple[tuple[Request, ...], tuple[Request, ...]]:
    """Those that ask for a hotfix, and the others."""
    return tuple(each for each in requests if each.hotfix), tuple(
        each for each in requests if not each.hotfix
    )


def _hotfixes(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    requests: tuple[Request, ...],
    headlines: list[str | None],
) -> None:
    """Before the ordinary way, which has to know what is open here; who asked for a hotfix is answered by it alone."""
    if takes_hotfixes(environment):
        found = [
            _propose(
                house, subject, github, policy, environment, source, snapshot, _for(requests, source),
                kind=PromotionKind.HOTFIX,
            )
            for source in policy.sources
        ]  # fmt: skip
        headlines += found
        said = "\n".join(each for each in found if each) or f"No hotfix for {environment.name} is on record."
    else:
        said = f"{environment.name} takes no hotfixes of their own: see `hotfix` in {policy.path}."
    _answer(house, subject, github, snapshot, requests, said, [each.name for each in policy.sources])


def _ended_unrecorded(
    house: House, subject: Subject, policy: Policy, snapshot: EnvironmentSnapshot
) -> list[Promotion]:
    """Promotions that are open on record and not on GitHub: merged or closed, and their own look has not come to it."""
    branches = {names.branch_name(subject.name or "", source.name) for source in policy.sources}
    there = {each.number for each in snapshot.pulls.values()}
    return [
        each
        for each in house.store.promotions.open_of(snapshot.repository.id)
        if each.branch in branches
        and each.kind is PromotionKind.PROMOTION
        and each.environment == subject.name
        and each.pull_number not in there
    ]


def _waits_for_the_record(house: House, subject: Subject, ended: Sequence[Promotion]) -> Looked | None:
    """What was closed by a person is not opened again, and what was merged is what a rollback undoes: both have to be
    known first. Once for each, since a pull request that was given another base is not in sight either."""
    numbers = ", ".join(f"#{each.pull_number}" for each in ended)
    if not is_news(house, subject, "unrecorded", numbers):
        return None
    for each in ended:
        wake(house.store, pull(subject.installation_id, subject.repository, each.pull_number))
    wake(house.store, subject, house.clock() + UNRECORDED)
    return Looked(outcome=f"waits for the record of how {numbers} ended")


def facts_of(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    source: Source,
    snapshot: EnvironmentSnapshot,
    requests: tuple[Request, ...],
    kind: PromotionKind = PromotionKind.PROMOTION,
) -> EnvironmentFacts | None:
    """Everything that the decision rests on; None when the source's repository is not known here.

    `kind`: promotion, or hotfix, which has a way of its own into the environment.
    """
    app = app_of(house, subject.installation_id, snapshot.repository.id, source)
    if app is None:
        return None
    source = replace(
        source, repository=app.full_name
    )  # as it is called now, so that links and questions lead there
    promotions = tuple(
        each
        for each in house.store.promotions.of(snapshot.repository.id, environment.name, source.name)
        if each.kind is kind
    )
    apart = kind is PromotionKind.HOTFIX
    environment = as_hotfix(environment) if apart else environment
    settled = [each for each in promotions if each.state is not PromotionState.OPEN]
    record = next((each for each in promotions if each.state is PromotionState.OPEN), None)
    lane = hotfix.lane(house, snapshot.repository.id, source, app) if apart else None
    recent = lane.releases if lane else _ordinary(house, policy, source, app)
    known = house.store.releases.by_digest(app.id, _digests(policy, source, snapshot, record, recent))
    facts = EnvironmentFacts(
        policy=policy,
        environment=environment,
        source=source,
        snapshot=snapshot,
        bot_id=github.bot_id,
        pending=recent if requests else _pending(recent, settled),
        known=known,
        record=record,
        declined=settled[0] if settled and settled[0].state is PromotionState.CLOSED else None,
        earlier=tuple(settled),
        requests=requests,
        hold=_hold(house, snapshot.repository.id, environment.name),
        vetoes=house.store.vetoes.active(snapshot.repository.id),
        history=History(commits=(), complete=True),
        kind=kind,
        hotfixes=lane.hotfixes if lane else (),
        rivals=hotfix.rivals(house, snapshot.repository.id, environment.name, source.name, kind),
        web_url=house.web_url,
    )
    facts = replace(facts, environment=hotfix.paced(house, github, facts, app))
    return replace(facts, history=_history(github, facts))


def _ordinary(house: House, policy: Policy, source: Source, app: Repository) -> tuple[Release, ...]:
    """The newest releases that go the ordinary way."""
    recent = house.store.releases.recent(app.id, source.name)
    return tuple(each for each in recent if not goes_apart(policy, source, each))


def _hold(house: House, repository_id: int, name: str) -> Hold | None:
    found = (each for each in house.store.holds.active(repository_id) if each.environment == name)
    return next(found, None)


def _propose(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    source: Source,
    snapshot: EnvironmentSnapshot,
    requests: tuple[Request, ...],
    kind: PromotionKind = PromotionKind.PROMOTION,
) -> str | None:
    facts = facts_of(house, subject, github, policy, environment, source, snapshot, requests, kind)
    if facts is None:
        return f"{source.repository} is not a repository of this installation; install the App there."
    decision = decide_environment(facts)
    asked = requests[-1] if requests else None
    cause = Cause(
        subject=subject,
        actor_id=asked.actor_id if asked else None,
        actor_login=asked.actor_login if asked else None,
    )
    trouble = decision.headline if decision.refused else ""
    apart = kind is PromotionKind.HOTFIX
    if is_news(house, subject, f"{'hotfix' if apart else 'proposal'} from {source.name}", trouble):
        if apart:
            note(house, subject, "hotfix", "refused", trouble, details={"source": source.name})
        else:
            note(house, subject, "proposal", "refused", trouble, details={"source": source.name})
        _tell_author(house, cause, facts, trouble)
    _note_vetoed(house, subject, facts, decision)
    if decision.adopts is not None:
        _record(house, subject, facts, decision, decision.adopts, _open_number(facts))
        wake(house.store, pull(subject.installation_id, snapshot.repository.id, _open_number(facts)))
    receipts = carry_out(house, cause, snapshot.repository, decision.actions)
    opened = _recorded(house, subject, facts, decision, receipts)
    if opened is not None:
        wake(house.store, pull(subject.installation_id, snapshot.repository.id, opened))
        return f"#{opened}: {decision.headline}"
    quiet = not decision.actions and not decision.refused and not requests
    return None if quiet else decision.headline


def _note_vetoed(
    house: House, subject: Subject, facts: EnvironmentFacts, decision: EnvironmentDecision
) -> None:
    """That a vetoed digest was offered again is on record, once (attack case 87)."""
    barred = {each.component for each in facts.vetoes}
    kept_out = [
        why for name, why in decision.targets.left_out.items() if name in barred and " is vetoed " in why
    ]
    told = "; ".join(kept_out)
    way = "hotfix veto" if facts.kind is PromotionKind.HOTFIX else "veto"
    if is_news(house, subject, f"{way} on {facts.source.name}", told):
        note(house, subject, "vetoed", "refused", told, details={"source": facts.source.name})


def _tell_author(house: House, cause: Cause, facts: EnvironmentFacts, trouble: str) -> None:
    """A release that cannot be proposed is told where its author looks: on the commit it was built from."""
    app = house.store.repositories.named(cause.subject.installation_id, facts.source.repository)
    if app is None or not facts.pending:
        return
    newest = max(facts.pending, key=lambda release: release.order)
    check = CheckRun(
        name=names.RELEASE_CHECK,
        head_sha=newest.head_sha,
        status="completed",
        conclusion="failure",
        title=f"Not proposed for {facts.environment.name}: {trouble}"[:250],
        summary=f"The release {newest.id} was accepted, but not proposed for {facts.environment.name}: {trouble}",
    )
    telling = CommentOnCommit(because=trouble, repository=app.full_name, check=check)
    carry_out(house, cause, app, [telling])


def _recorded(
    house: House,
    subject: Subject,
    facts: EnvironmentFacts,
    decision: EnvironmentDecision,
    receipts: Sequence[Receipt],
) -> int | None:
    """Puts on record what was opened or rewritten; the number of the pull request."""
    for receipt in receipts:
        if isinstance(receipt.action, OpenPull | RewritePull):
            number = int(receipt.result["number"])
            _record(house, subject, facts, decision, str(receipt.result["head_sha"]), number)
            return number
    return None


def _record(
    house: House,
    subject: Subject,
    facts: EnvironmentFacts,
    decision: EnvironmentDecision,
    head_sha: str,
    number: int,
) -> None:
    asked = facts.requests[-1] if facts.requests else None
    before = facts.record
    promotion = Promotion(
        installation_id=subject.installation_id,
        config_repository_id=facts.snapshot.repository.id,
        environment=facts.environment.name,
        source=facts.source.name,
        pull_number=number,
        branch=branch_of(facts),
        head_sha=head_sha,
        components=dict(decision.targets.tags),
        release_ids=tuple(release.id for release in decision.targets.releases),
        requested_by_id=asked.actor_id if asked else (before.requested_by_id if before else None),
        requested_by_login=asked.actor_login if asked else (before.requested_by_login if before else None),
        state=PromotionState.OPEN,
        opened_at=before.opened_at if before else house.clock(),
        kind=facts.kind,
    )
    if facts.kind is PromotionKind.HOTFIX:
        hotfix.opened(house, subject, facts, promotion)
    kind = DeploymentKind(facts.kind.value)
    deploying.opened(house, promotion, facts.environment, facts.snapshot.files, kind=kind)
    house.store.promotions.opened(promotion)


def _open_number(facts: EnvironmentFacts) -> int:
    return facts.snapshot.pulls[branch_of(facts)].number


def _likely_histories(house: House, subject: Subject, name: str) -> tuple[tuple[str, str], ...]:
    """The commits of releases that are about to enter: asked for together with the rest, they cost no request."""
    policy = house.last_policy.get(subject.repository)
    environment = policy.environment(name) if policy else None
    if policy is None or environment is None or environment.comes_from is not None:
        return ()
    found: list[tuple[str, str]] = []
    for source in policy.sources:
        app = app_of(house, subject.installation_id, subject.repository, source)
        newest = _ordinary(house, policy, source, app)[:1] if app else ()
        promotions = house.store.promotions.of(subject.repository, name, source.name, limit=1)
        if app and newest and not any(newest[0].id in each.release_ids for each in promotions):
            found.append((app.full_name, newest[0].head_sha))
    return tuple(found)


def _history(github: GitHub, facts: EnvironmentFacts) -> History | Unknown:
    span = commits_between(facts)
    if span is None:
        return facts.history
    return github.history(facts.source.repository, span[0], span[1])


def _pending(recent: Sequence[Release], settled: Sequence[Promotion]) -> tuple[Release, ...]:
    """Releases newer than all that have arrived or were declined."""
    done = {release_id for promotion in settled for release_id in promotion.release_ids}
    newest = max((release.order for release in recent if release.id in done), default=(0, 0))
    return tuple(release for release in recent if release.order > newest)


def _digests(
    policy: Policy,
    source: Source,
    snapshot: EnvironmentSnapshot,
    record: Promotion | None,
    recent: Sequence[Release],
) -> Collection[str]:
    """Every digest whose origin the decision may ask for."""
    found = {tag.digest for release in recent for tag in release.components.values()}
    found |= {tag.digest for tag in record.components.values()} if record else set()
    for environment in policy.environments:
        images = images_now(environment, tuple(source.components), snapshot.files)
        if not isinstance(images, Problem):
            found |= {image.digest for image in images.values() if image.digest}
    return found


def _for(requests: Sequence[Request], source: Source) -> tuple[Request, ...]:
    return tuple(
        request
        for request in requests
        if not request.components or set(request.components) & set(source.components)
    )


def _answer(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: EnvironmentSnapshot,
    requests: Sequence[Request],
    answer: str,
    sources: Sequence[str] = (),
) -> None:
    """One answer for each request, where it was asked."""
    for request in requests:
        by = {"actor_id": request.actor_id, "actor_login": request.actor_login}
        cause = Cause(
            subject=subject,
            delivery_id=request.delivery_id,
            actor_id=request.actor_id,
            actor_login=request.actor_login,
        )
        if is_news(house, subject, f"answer to {request.comment_id}", answer):
            decision = "done" if served(house, request, sources) else "refused"
            note(
                house, subject, "promote", decision, answer, delivery_id=request.delivery_id, **by,
                pull_number=request.pull_number or None, head_sha=request.head_sha,
                details={"door": request.via.value, "environment": request.environment},
            )  # fmt: skip
        if request.via is Door.COMMENT:
            answered(
                house,
                cause,
                github,
                request.config_repository_id,
                request.pull_number,
                names.answer_marker(request.comment_id, request.environment),
                answer,
                because=f"answers `{'/hotfix' if request.hotfix else '/promote'}` of {request.actor_login}",
            )
        elif request.via is Door.DISPATCH:
            conclusion = "success" if served(house, request, sources) else "neutral"
            show_answer(
                house, cause, snapshot.repository, snapshot.base_sha, request.environment, conclusion, answer
            )
        house.store.requests.answered(request.comment_id, request.environment, answer, house.clock())
