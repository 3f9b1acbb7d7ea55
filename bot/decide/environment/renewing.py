"""A pull request is open: is it what it should be? Rewrite it, keep it current, close it, or leave it to people."""

from __future__ import annotations

from bot.decide import names, story, wording
from bot.decide.content import Content, Problem, images_now
from bot.decide.environment.facts import EnvironmentDecision, EnvironmentFacts, branch_of
from bot.decide.environment.ownership import holds
from bot.decide.environment.told import labels, telling_of
from bot.decide.opening import signed_by
from bot.decide.targets import Targets
from bot.model.action import Action, AddLabels, ClosePull, EditPull, RewritePull
from bot.model.facts import Mergeable, Pull
from bot.model.release import Promotion, PromotionKind


def with_pull(
    facts: EnvironmentFacts, pull: Pull, held: Targets, newest: Targets, content: Content
) -> EnvironmentDecision:
    """An open pull request of ours: is it what it should be?"""
    on_record = facts.record is not None and pull.head_sha == facts.record.head_sha
    exact = _is_exactly(facts, pull, content)
    if not (on_record or exact or _is_unrecorded(facts, pull)):
        return _human_push(facts, pull)
    same = on_record and facts.record is not None and _brings(facts, facts.record, held)
    telling = telling_of(facts, held, content)
    head = wording.title(telling.verb, content.moves, facts.environment.name)
    body = wording.body(telling)
    comments = facts.snapshot.comments.get(pull.number, ())
    stories: tuple[Action, ...] = (
        *_missing_labels(facts, pull),
        *story.told(
            pull,
            comments,
            _lines_to_tell(facts, held, newest),
            "a newer release arrived while this one is open",
        ),
    )
    if (exact or same) and pull.mergeable is not Mergeable.CONFLICTING and not pull.behind:
        return EnvironmentDecision(
            headline=f"#{pull.number} is open: {head}",
            actions=(*stories, *_kept_current(pull, head, body)),
            targets=held,
            adopts=pull.head_sha if exact and not on_record else None,
        )
    rewriting = RewritePull(
        because=f"{head}; on {facts.snapshot.base_sha[:7]}",
        number=pull.number,
        node_id=pull.node_id,
        branch=branch_of(facts),
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


def _is_exactly(facts: EnvironmentFacts, pull: Pull, content: Content) -> bool:
    """Whether it is byte for byte what Lockstep would write, in one commit and no other file: then who pushed it
    makes no difference."""
    managed = {values.file for values in facts.environment.values}
    alone = pull.commits == 1 and pull.files_complete and set(pull.changed_files) <= managed
    return alone and holds(facts, content)


def _is_unrecorded(facts: EnvironmentFacts, pull: Pull) -> bool:
    """Whether its one commit is signed as ours, though a crash kept it off the record."""
    branch = facts.snapshot.branches.get(branch_of(facts))
    standing = branch is not None and branch.head.sha == pull.head_sha and pull.commits == 1
    return standing and branch is not None and signed_by(branch.head, facts.bot_id)


def _kept_current(pull: Pull, title: str, body: str) -> tuple[EditPull, ...]:
    if (pull.title, _normal(pull.body)) == (title, _normal(body)):
        return ()
    why = "title and body are kept current"
    return (EditPull(because=why, number=pull.number, node_id=pull.node_id, title=title, body=body),)


def _missing_labels(facts: EnvironmentFacts, pull: Pull) -> tuple[AddLabels, ...]:
    """Labels that a crash between opening and labelling left out; they are what audits search for."""
    missing = tuple(label for label in labels(facts) if label not in pull.labels)
    if not missing:
        return ()
    why = "a promotion carries its labels"
    return (AddLabels(because=why, number=pull.number, node_id=pull.node_id, labels=missing),)


def _lines_to_tell(facts: EnvironmentFacts, held: Targets, newest: Targets) -> list[str]:
    """Supersede and queue notes with links (row B4), and the other way's pull request beside this one."""
    record = facts.record
    if record is None:
        return []
    lines = [*_beside(facts)]
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


def _beside(facts: EnvironmentFacts) -> list[str]:
    """A hotfix goes before an ordinary promotion of the same component; each names the other."""
    numbers = ", ".join(f"#{number}" for number in sorted(set(facts.rivals.values())))
    if not numbers:
        return []
    if facts.kind is PromotionKind.HOTFIX:
        return [f"Goes before {numbers}, which waits until this is merged or closed."]
    return [f"{numbers} brings a hotfix of {', '.join(sorted(facts.rivals))} and goes before this one."]


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


def pointless(facts: EnvironmentFacts, pull: Pull, targets: Targets) -> EnvironmentDecision:
    """Nothing is left to bring: it is closed, and says why."""
    record = facts.record
    if record is None or pull.head_sha != record.head_sha:
        return _human_push(facts, pull)
    base = facts.snapshot.repository.default_branch
    why, line = (
        f"{base} already holds it",
        f"Closed: {base} already holds what this pull request would bring.",
    )
    if not targets.targets and facts.environment.comes_from is not None:
        why = f"{facts.environment.comes_from} runs it no longer"
        line = f"Closed: {facts.environment.comes_from} no longer runs what this pull request would bring."
    comments = facts.snapshot.comments.get(pull.number, ())
    closing = ClosePull(
        because=why,
        number=pull.number,
        node_id=pull.node_id,
        branch=pull.head_ref,
        expected_head=pull.head_sha,
        labels=(names.SUPERSEDED_LABEL,),
    )
    return EnvironmentDecision(
        headline=f"#{pull.number} has become pointless: {why}",
        actions=(*story.told(pull, comments, [line], closing.because), closing),
    )


def _brings(facts: EnvironmentFacts, record: Promotion, held: Targets) -> bool:
    """Whether what is on record is what it should bring, but for what the environment has come to run meanwhile."""
    now = images_now(facts.environment, tuple(record.components), facts.snapshot.files)
    running = {} if isinstance(now, Problem) else {name: image.digest for name, image in now.items()}
    wanted = {**running, **{name: tag.digest for name, tag in held.tags.items()}}
    return wanted == {name: tag.digest for name, tag in record.components.items()}


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
