"""`/sync`: a person's yes to bringing what was merged to the cluster, or one more try of what failed (rows R5, P12)."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.decide.deploying import applications_of
from bot.decide.deploying.rollout import key
from bot.decide.pull import PullDecision
from bot.decide.status import sentence
from bot.decide.text import code
from bot.model.deployment import Deployment, DeploymentState, Progress
from bot.model.facts import PullState
from bot.model.policy_after import ArgoCD, Sync
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind
from bot.model.subject import deployment as subject_of
from bot.run.commands.asked import RULES_INVALID, Answer, Asked
from bot.run.hotfix import confirm


def sync(asked: Asked[grammar.Sync]) -> Answer:
    """Puts the yes on record, for each application that may be synced on this person's word."""
    look = asked.look
    if look.snapshot.pull.state is PullState.OPEN and look.promotion is not None:
        confirmed = _confirms(asked, look.promotion)
        if confirmed is not None:
            return confirmed
    if look.snapshot.pull.state is not PullState.MERGED or look.promotion is None:
        return "Nothing to sync here: `/sync` is for a promotion of Lockstep's that was merged."
    there = look.house.store.deployments.by_pull(look.subject.repository, look.subject.number)
    if there is None:
        return "Nothing to sync here: no deployment is on record for it."
    if look.policy is None:
        return RULES_INVALID
    environment = look.policy.environment(there.environment)
    named = applications_of(environment, there) if environment else ()
    meant = [each for each in named if each.sync is not Sync.OFF]
    failed = there.state is DeploymentState.FAILED
    if not meant and not failed:
        return f"Nothing to sync here: {_why_not(there, named)}"
    if not failed and not there.underway:
        return f"Nothing to sync here: it is {there.state.value}."
    if failed and not begin_again(asked, there):
        return "It was tried again, and failed again. `/sync` once more tries it once more."
    if not meant:
        return f"It is verified again from the beginning; {_why_not(there, named)}"
    _say_yes(asked, there, meant)
    wake(
        look.house.store, subject_of(look.subject.installation_id, look.subject.repository, there.pull_number)
    )
    sha = (there.merge_sha or "")[:7]
    return f"{', '.join(code(each.application) for each in meant)} will be synced at {sha}."


def _confirms(asked: Asked[grammar.Sync], promotion: Promotion) -> Answer:
    """Before the merge of a hotfix it is the confirmation that an environment may ask for, and the yes to the sync
    that follows; None where nobody has to confirm anything."""
    look = asked.look
    environment = look.policy.environment(promotion.environment) if look.policy else None
    if promotion.kind is not PromotionKind.HOTFIX or environment is None or not environment.hotfix.confirm:
        return None
    head = look.snapshot.pull.head_sha
    if asked.saw != head:
        return "Its content changed since. Look at what stands there now, and say it again."
    confirm(look.house, look.subject, promotion, asked.by, head_sha=head, delivery_id=asked.delivery_id)
    there = look.house.store.deployments.by_pull(look.subject.repository, look.subject.number)
    if there is not None:
        _say_yes(
            asked, there, [each for each in applications_of(environment, there) if each.sync is not Sync.OFF]
        )

    def answer(decision: PullDecision) -> str:
        moves = ", ".join(f"{name} {tag.tag}" for name, tag in sorted(promotion.components.items()))
        return f"Confirmed: {moves} may go to {code(promotion.environment)}. {sentence(decision)}"

    return answer


def _say_yes(asked: Asked[grammar.Sync], there: Deployment, meant: list[ArgoCD]) -> None:
    """Once: a second yes changes nothing about a sync that was asked for already."""
    look, now = asked.look, asked.look.house.clock()
    for each in meant:
        before = there.progress.get(key(each.application))
        waits = before is None or before.since is None or there.state is DeploymentState.FAILED
        if waits:
            word = Progress(key=key(each.application), at=now, by=asked.by.login)
            look.house.store.deployments.note(there, progress=[word])


def begin_again(asked: Asked[grammar.Sync | grammar.Retry], there: Deployment) -> bool:
    """A failed one is looked at from the beginning, at once. False when these words have had their try: a worker that
    died before it answered leaves them to be heard again, and it may have failed once more since."""
    why = f"{asked.by.login} asked for one more try"
    store, now = asked.look.house.store, asked.look.house.clock()
    with store.together():
        fresh = asked.note(
            "deployment", "done", why, environment=there.environment, state="merged", was=there.state.value
        )
        if fresh and store.deployments.move(there, DeploymentState.MERGED, now, why):
            store.deployments.begin_afresh(there)
    subject = asked.look.subject
    wake(store, subject_of(subject.installation_id, subject.repository, there.pull_number))
    return fresh


def _why_not(there: Deployment, named: tuple[ArgoCD, ...]) -> str:
    where = code(there.environment)
    if not named:
        return f"the rules name no Argo CD application for it in {where}."
    listed = ", ".join(code(each.application) for each in named)
    return f"the rules say `sync: off` for {listed} in {where}, so Lockstep only watches."
