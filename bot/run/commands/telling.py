"""`/status`, `/dry-run` and `/retry`: what is awaited, what would be done now, and looking at it all again."""

from __future__ import annotations

from bot.decide import board
from bot.decide import commands as grammar
from bot.decide import status as words
from bot.decide.pull import PullDecision
from bot.decide.why_bundle import lines
from bot.model.deployment import DeploymentState
from bot.model.door import Door
from bot.model.ports_store import wake
from bot.model.subject import environment
from bot.run.alert_standing import standing
from bot.run.commands.asked import Answer, Asked
from bot.run.commands.sync import begin_again
from bot.run.house import queue_key, refusal_key
from bot.run.why_bundle import told


def status(asked: Asked[grammar.Status]) -> Answer:
    """What is awaited, from whom, and what runs where; told when all other commands of this look are obeyed."""
    look = asked.look
    repository = look.snapshot.repository.id
    names = [each.name for each in look.policy.environments] if look.policy else []
    bundles = _bundles(asked)
    boards = [look.house.store.marks.get(board.key(repository, name)) for name in names]

    def answer(decision: PullDecision) -> str:
        return words.status(
            decision,
            look.promotion,
            [each for each in boards if isinstance(each, dict)],
            look.house.store.holds.active(repository),
            look.house.store.promotions.open_of(repository),
            look.house.clock(),
            look.house.store.debts.active(repository),
            bundles,
        )

    return answer


def _bundles(asked: Asked[grammar.Status]) -> list[str]:
    """The alert bundles that lag behind, and what is missing for each to be promoted."""
    look = asked.look
    if look.policy is None:
        return []
    repository, base = look.snapshot.repository, look.snapshot.base_head_sha
    stands = (
        standing(look.house, look.github, repository, base, look.policy, each)
        for each in look.policy.environments
    )
    return lines([told(each) for each in stands if each is not None])


def dry_run(asked: Asked[grammar.DryRun]) -> Answer:
    """What the decision would do now; nothing of it is done on the strength of this command."""
    look = asked.look

    def answer(decision: PullDecision) -> str:
        return words.dry_run(decision, look.promotion)

    return answer


def retry(asked: Asked[grammar.Retry]) -> Answer:
    """Forgets what was remembered as refused or failing, and looks again, at a failed deployment from the beginning; a
    pressed button needs no answer. A sync that waits for a person's yes needs that of `/sync`."""
    look = asked.look
    repository = look.snapshot.repository.id
    look.house.store.subjects.succeeded(str(look.subject))
    look.house.store.marks.put(refusal_key(repository, look.snapshot.pull.number), None)
    thrown_out = queue_key(repository, look.snapshot.pull.number)
    if look.house.store.marks.get(thrown_out):
        # This look has read it already; the next one puts it back into the merge queue.
        look.house.store.marks.put(thrown_out, None)
        wake(look.house.store, look.subject)
    if look.environment is not None:
        wake(look.house.store, environment(look.subject.installation_id, repository, look.environment))
    there = look.house.store.deployments.by_pull(look.subject.repository, look.subject.number)
    again = there is not None and there.state is DeploymentState.FAILED and begin_again(asked, there)
    if asked.door is not Door.COMMENT:
        return None
    if again:
        return "It is looked at again from the beginning."

    def answer(decision: PullDecision) -> str:
        return f"Looked at everything again. {words.sentence(decision)}"

    return answer


def on_incidents_alone(asked: Asked[grammar.Command]) -> Answer:
    """`/ack`, `/decide` and `/false-positive` on a pull request: where they belong."""
    return f"`/{asked.command.name}` is said on an incident's issue; this is none."
