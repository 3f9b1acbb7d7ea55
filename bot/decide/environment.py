"""What to propose for one environment from one source: open, rewrite, leave alone, close, or say why not.

The question is asked again after every event that could change its answer. It never merges; that is `decide.pull`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.decide import names, story, wording
from bot.decide.content import Content, Problem, content_of, images_now
from bot.decide.targets import Targets, from_environment, from_releases, going_back
from bot.model.action import Action, AddLabels, ClosePull, DeleteBranch, EditPull, OpenPull, RewritePull
from bot.model.facts import Mergeable, Pull, RepositoryFile, Unknown
from bot.model.image import ComponentTag, Image, ImageAt
from bot.model.policy import Concurrency, Environment, Policy, Source
from bot.model.release import Promotion, Release, Request
from bot.model.snapshot import Branch, EnvironmentSnapshot, History


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFacts:
    """All that the decision rests on."""

    policy: Policy
    environment: Environment
    source: Source
    snapshot: EnvironmentSnapshot
    bot_id: int
    pending: tuple[Release, ...]
    """At the entrance: accepted releases that have neither arrived nor been declined; with a request, all recent."""
    known: Mapping[str, Release]
    """Digest to the newest accepted release that brought it."""
    record: Promotion | None
    """The open promotion from this source as recorded."""
    declined: Promotion | None
    """The last one that a person closed without merging."""
    earlier: tuple[Promotion, ...] = ()
    """The promotions that have ended, newest first: whose leftover a branch without a pull request may be."""
    requests: tuple[Request, ...]
    history: History | Unknown
    web_url: str
    """GitHub's web address, such as `https://github.com`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDecision:
    """What to do on GitHub, and what it means in words."""

    headline: str
    """One sentence: the answer to whoever asked, and the ledger's reason."""
    refused: bool = False
    """Something kept Lockstep from proposing what it should have proposed."""
    actions: tuple[Action, ...] = ()
    targets: Targets = field(default_factory=lambda: Targets(targets={}, left_out={}))
    adopts: str | None = None
    """The head commit of an open pull request that is ours, although the record does not say so (after a crash)."""


def wanted(facts: EnvironmentFacts) -> Targets | Problem:
    """What the environment should run, before asking whether that differs from what it runs now."""
    environment = facts.environment
    if environment.comes_from is None:
        found: Targets | Problem = from_releases(facts.source, facts.pending)
    else:
        before = facts.policy.environment(environment.comes_from)
        if before is None:
            return Problem(message=f"{environment.comes_from} is not an environment of {facts.policy.path}.")
        found = from_environment(facts.source, before, facts.snapshot.files, facts.known)
    if isinstance(found, Problem):
        return found
    now = images_now(environment, tuple(facts.source.components), facts.snapshot.files)
    if isinstance(now, Problem):
        return now
    return _without_backward_steps(_selected(facts, found, now), now, facts.known)


def decide_environment(facts: EnvironmentFacts) -> EnvironmentDecision:
    """The decision for one environment and source."""
    pull = facts.snapshot.pulls.get(_branch(facts))
    targets = wanted(facts)
    if isinstance(targets, Problem):
        return EnvironmentDecision(headline=targets.message, refused=True)
    if pull is not None and (trouble := _not_ours(facts, pull)):
        return EnvironmentDecision(headline=trouble, refused=True)
    held = _held(facts, pull)
    content = content_of(facts.environment, (held or targets).images, facts.snapshot.files)
    if isinstance(content, Problem):
        return EnvironmentDecision(headline=content.message, refused=True)
    if pull is None:
        return _without_pull(facts, targets, content)
    if not content.files:
        return _pointless(facts, pull)
    return _with_pull(facts, pull, held or targets, targets, content)


def _branch(facts: EnvironmentFacts) -> str:
    return names.branch_name(facts.environment.name, facts.source.name)


def _selected(facts: EnvironmentFacts, found: Targets, now: Mapping[str, ImageAt]) -> Targets:
    """Narrows to the components that somebody or the rules ask for, and forgets remarks that change nothing."""
    chosen: set[str] = set()
    if facts.record is not None:
        chosen |= set(facts.record.components)
    if facts.environment.comes_from is None or (
        facts.environment.auto_promote and not _declined(facts, found)
    ):
        chosen |= set(facts.source.components)
    for request in facts.requests:
        chosen |= set(request.components or facts.source.components)
    picked = found.only(chosen)
    running = {name: image.digest for name, image in now.items()}
    left_out = {name: why for name, why in picked.left_out.items() if not _same(facts, name, running)}
    return Targets(targets=picked.targets, left_out=left_out)


def _same(facts: EnvironmentFacts, name: str, running: Mapping[str, str | None]) -> bool:
    """Whether a component that is left out would not move anyway."""
    before = facts.policy.environment(facts.environment.comes_from or "")
    if before is None:
        return False
    there = images_now(before, (name,), facts.snapshot.files)
    return not isinstance(there, Problem) and name in there and there[name].digest == running.get(name)


def _declined(facts: EnvironmentFacts, found: Targets) -> bool:
    return facts.declined is not None and all(
        found.tags.get(name) == tag for name, tag in facts.declined.components.items()
    )


def _without_backward_steps(
    targets: Targets, now: Mapping[str, ImageAt], known: Mapping[str, Release]
) -> Targets:
    backwards = going_back(targets, {name: image.digest for name, image in now.items()}, known)
    kept = {name: target for name, target in targets.targets.items() if name not in backwards}
    return Targets(targets=kept, left_out={**targets.left_out, **backwards})


def _held(facts: EnvironmentFacts, pull: Pull | None) -> Targets | None:
    """What an open pull request of a pinned environment holds, and keeps."""
    record = facts.record
    if pull is None or record is None or facts.environment.concurrency is not Concurrency.PINNED:
        return None
    return _recorded(facts, record.components)


def _recorded(facts: EnvironmentFacts, components: Mapping[str, ComponentTag]) -> Targets | None:
    releases = [facts.known[tag.digest] for tag in components.values() if tag.digest in facts.known]
    found = from_releases(facts.source, tuple(releases))
    held = {
        name: replace(
            target,
            tag=components[name],
            image=Image(
                repository=target.image.repository, tag=components[name].tag, digest=components[name].digest
            ),
            release=facts.known.get(components[name].digest, target.release),
        )
        for name, target in found.targets.items()
        if name in components
    }
    return Targets(targets=held, left_out={}) if len(held) == len(components) else None


def _not_ours(facts: EnvironmentFacts, pull: Pull) -> str | None:
    """Why an open pull request of our branch name is not ours to touch (attack case 78)."""
    if pull.author.id != facts.bot_id:
        return (
            f"#{pull.number} uses the branch {pull.head_ref} but was opened by {pull.author.login}; close it and "
            "delete the branch, then Lockstep opens its own."
        )
    return None


def _without_pull(facts: EnvironmentFacts, targets: Targets, content: Content) -> EnvironmentDecision:
    branch = facts.snapshot.branches.get(_branch(facts))
    if not targets.targets or not content.files:
        cleaning = _leftover(facts, branch)
        return EnvironmentDecision(headline=_nothing(facts, targets), actions=cleaning, targets=targets)
    before: tuple[Action, ...] = ()
    branch_sha: str | None = None
    if branch is not None:
        if _holds(facts, content) and facts.snapshot.base_sha in branch.head.parents:
            branch_sha = branch.head.sha
        elif (
            branch.head.sha == facts.snapshot.base_sha
            or _ours_before(facts, branch)
            or _written_by_us(facts, branch)
        ):
            before = (_delete(branch, "a branch of Lockstep's without a pull request is made anew"),)
        else:
            return EnvironmentDecision(headline=_stranger(facts, branch), refused=True, targets=targets)
    telling = _telling(facts, targets, content)
    head = wording.title("Promote", content.moves, facts.environment.name)
    opening = OpenPull(
        because=head,
        branch=_branch(facts),
        branch_sha=branch_sha,
        base_ref=facts.snapshot.repository.default_branch,
        base_sha=facts.snapshot.base_sha,
        files=content.files,
        message=wording.commit_message(telling),
        title=head,
        body=wording.body(telling),
        labels=_labels(facts),
        checks=(names.summary_check(facts.snapshot.repository.default_branch),),
    )
    return EnvironmentDecision(headline=head, actions=(*before, opening), targets=targets)


def _with_pull(
    facts: EnvironmentFacts, pull: Pull, held: Targets, newest: Targets, content: Content
) -> EnvironmentDecision:
    """An open pull request of ours: is it what it should be?"""
    exact = _holds(facts, content)
    on_record = facts.record is not None and pull.head_sha == facts.record.head_sha
    branch = facts.snapshot.branches.get(_branch(facts))
    unrecorded = (
        branch is not None
        and branch.head.sha == pull.head_sha
        and pull.commits == 1
        and _written_by_us(facts, branch)
    )
    if not exact and not on_record and not unrecorded:
        return _human_push(facts, pull)
    adopts = pull.head_sha if exact and not on_record and pull.commits == 1 else None
    as_wanted = exact or (
        on_record and facts.record is not None and _digests(facts.record.components) == _digests(held.tags)
    )
    telling = _telling(facts, held, content)
    head = wording.title("Promote", content.moves, facts.environment.name)
    body = wording.body(telling)
    lines = _lines_to_tell(facts, held, newest)
    comments = facts.snapshot.comments.get(pull.number, ())
    stories: tuple[Action, ...] = (
        *_missing_labels(facts, pull),
        *story.told(pull, comments, lines, "a newer release arrived while this one is open"),
    )
    if as_wanted and pull.mergeable is not Mergeable.CONFLICTING and not pull.behind:
        editing: tuple[Action, ...] = ()
        if (pull.title, _normal(pull.body)) != (head, _normal(body)):
            editing = (
                EditPull(
                    because="title and body are kept current",
                    number=pull.number,
                    node_id=pull.node_id,
                    title=head,
                    body=body,
                ),
            )
        return EnvironmentDecision(
            headline=f"#{pull.number} is open: {head}",
            actions=(*stories, *editing),
            targets=held,
            adopts=adopts,
        )
    rewriting = RewritePull(
        because=f"{head}; on {facts.snapshot.base_sha[:7]}",
        number=pull.number,
        node_id=pull.node_id,
        branch=_branch(facts),
        expected_head=pull.head_sha,
        base_sha=facts.snapshot.base_sha,
        files=content.files,
        message=wording.commit_message(telling),
        title=head,
        body=body,
        checks=(names.summary_check(pull.base_ref),),
    )
    return EnvironmentDecision(
        headline=f"#{pull.number} renewed: {head}", actions=(*stories, rewriting), targets=held
    )


def _labels(facts: EnvironmentFacts) -> tuple[str, ...]:
    return (names.BUMP_LABEL, names.environment_label(facts.environment.name))


def _missing_labels(facts: EnvironmentFacts, pull: Pull) -> tuple[AddLabels, ...]:
    """Labels that a crash between opening and labelling left out; they are what audits search for."""
    missing = tuple(label for label in _labels(facts) if label not in pull.labels)
    if not missing:
        return ()
    why = "a promotion carries its labels"
    return (AddLabels(because=why, number=pull.number, node_id=pull.node_id, labels=missing),)


def _lines_to_tell(facts: EnvironmentFacts, held: Targets, newest: Targets) -> list[str]:
    """Supersede and queue notes with links (row B4)."""
    record = facts.record
    if record is None:
        return []
    lines: list[str] = []
    known = set(record.release_ids)
    for release in reversed(newest.releases):
        link = f"[{release.id}]({release.run_url})"
        if release.id in known:
            continue
        if release.id in {each.id for each in held.releases}:
            older = ", ".join(sorted(known)) or "what it held before"
            lines.append(f"{link} took the place of {older}.")
        else:
            lines.append(
                f"{link} is newer and waits: {facts.environment.name} is pinned, so this pull request keeps "
                "what is under review until it is merged or closed."
            )
    return lines


def _human_push(facts: EnvironmentFacts, pull: Pull) -> EnvironmentDecision:
    line = (
        f"{pull.head_sha[:7]} was not written by Lockstep. Lockstep leaves this branch alone from here on: a person "
        "decides what becomes of it. Close this pull request and delete the branch to hand it back."
    )
    comments = facts.snapshot.comments.get(pull.number, ())
    stories = story.told(pull, comments, [line], "a person pushed to the branch")
    return EnvironmentDecision(
        headline=f"#{pull.number}: somebody pushed {pull.head_sha[:7]}; Lockstep leaves the branch alone",
        refused=True,
        actions=stories,
    )


def _pointless(facts: EnvironmentFacts, pull: Pull) -> EnvironmentDecision:
    record = facts.record
    if record is None or pull.head_sha != record.head_sha:
        return _human_push(facts, pull)
    base = facts.snapshot.repository.default_branch
    line = f"Closed: {base} already holds what this pull request would bring."
    comments = facts.snapshot.comments.get(pull.number, ())
    closing = ClosePull(
        because=f"{base} already holds it",
        number=pull.number,
        node_id=pull.node_id,
        branch=pull.head_ref,
        expected_head=pull.head_sha,
        labels=(names.SUPERSEDED_LABEL,),
    )
    return EnvironmentDecision(
        headline=f"#{pull.number} has become pointless: {base} already holds it",
        actions=(*story.told(pull, comments, [line], closing.because), closing),
    )


def _digests(components: Mapping[str, ComponentTag]) -> dict[str, str]:
    return {name: tag.digest for name, tag in components.items()}


def _holds(facts: EnvironmentFacts, content: Content) -> bool:
    """Whether our branch holds exactly the wanted bytes in every values file of the environment."""
    there = facts.snapshot.branch_files.get(_branch(facts), {})
    for values in facts.environment.values:
        base = facts.snapshot.files.get(values.file)
        expected = content.files.get(values.file)
        if expected is None and isinstance(base, RepositoryFile):
            expected = base.data
        found = there.get(values.file)
        if not isinstance(found, RepositoryFile) or found.data != expected:
            return False
    return True


def _ours_before(facts: EnvironmentFacts, branch: Branch) -> bool:
    """Whether the branch is left over from an earlier promotion of ours, closed or merged."""
    return any(
        promotion is not None and promotion.branch == branch.name and promotion.head_sha == branch.head.sha
        for promotion in (facts.record, facts.declined, *facts.earlier)
    )


def _written_by_us(facts: EnvironmentFacts, branch: Branch) -> bool:
    """Whether the branch's commit is ours by GitHub's own signature, though a crash kept it off the record (case 97).

    GitHub signs what an App writes through the API with that App as author; nobody else gets such a commit verified.
    """
    head = branch.head
    return (
        head.verified
        and len(head.parents) == 1
        and head.author is not None
        and head.author.id == facts.bot_id
    )


def _leftover(facts: EnvironmentFacts, branch: Branch | None) -> tuple[Action, ...]:
    if branch is None or not _ours_before(facts, branch):
        return ()
    return (_delete(branch, "nothing is promoted from it any more"),)


def _delete(branch: Branch, because: str) -> DeleteBranch:
    return DeleteBranch(because=because, branch=branch.name, expected_head=branch.head.sha)


def _stranger(facts: EnvironmentFacts, branch: Branch) -> str:
    return (
        f"The branch {branch.name} exists at {branch.head.sha[:7]} and was not written by Lockstep, so it is left "
        f"alone and nothing is proposed for {facts.environment.name}. Delete or rename it, then comment "
        f"`/promote {facts.environment.name}`."
    )


def _nothing(facts: EnvironmentFacts, targets: Targets) -> str:
    environment = facts.environment
    if targets.left_out:
        return f"Nothing to promote to {environment.name}: " + "; ".join(targets.left_out.values()) + "."
    if environment.comes_from is None:
        return f"Nothing to promote to {environment.name}: it runs the newest accepted release of {facts.source.name}."
    if not targets.targets and not facts.requests and not environment.auto_promote:
        return f"{environment.name} waits for `/promote {environment.name}`."
    return f"Nothing to promote to {environment.name}: it already runs what {environment.comes_from} runs."


def _telling(facts: EnvironmentFacts, targets: Targets, content: Content) -> wording.Telling:
    repository = facts.snapshot.repository
    asked = facts.requests[-1] if facts.requests else None
    who = wording.Asked(id=asked.actor_id, login=asked.actor_login) if asked else None
    record = facts.record
    if who is None and record is not None and record.requested_by_id is not None:
        who = wording.Asked(id=record.requested_by_id, login=record.requested_by_login or "")
    return wording.Telling(
        environment=facts.environment.name,
        comes_from=facts.environment.comes_from,
        base_sha=facts.snapshot.base_sha,
        config_url=f"{facts.web_url}/{repository.full_name}",
        source_url=f"{facts.web_url}/{facts.source.repository}",
        moves=content.moves,
        targets=targets,
        known=facts.known,
        history=facts.history,
        pipeline=_pipeline(facts),
        asked=who,
        notes=tuple(f"Left out: {why}." for why in targets.left_out.values()),
    )


def _pipeline(facts: EnvironmentFacts) -> tuple[tuple[str, Mapping[str, ImageAt]], ...]:
    found: list[tuple[str, Mapping[str, ImageAt]]] = []
    for environment in facts.policy.environments:
        images = images_now(environment, tuple(facts.source.components), facts.snapshot.files)
        found.append((environment.name, {} if isinstance(images, Problem) else images))
    return tuple(found)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def commits_between(facts: EnvironmentFacts) -> tuple[str, str | None] | None:
    """The app repository's commits that the pull request should list: the newest one, and the one before the oldest.

    None when there is nothing to list, so that nobody asks GitHub for it.
    """
    targets = wanted(facts)
    if isinstance(targets, Problem) or not targets.targets:
        return None
    held = _held(facts, facts.snapshot.pulls.get(_branch(facts))) or targets
    content = content_of(facts.environment, held.images, facts.snapshot.files)
    if isinstance(content, Problem) or not content.moves:
        return None
    digests = [move.before.digest or "" for move in content.moves]
    before = [facts.known[digest] for digest in digests if digest in facts.known]
    oldest = min(before, key=lambda release: release.order, default=None)
    return held.releases[0].head_sha, oldest.head_sha if oldest else None
