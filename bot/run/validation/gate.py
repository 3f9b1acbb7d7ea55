"""The gate on GitHub: deployments that wait are answered, and commits of blocked repositories show it (rows C4, B8)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.validation import wording
from bot.decide.validation.standing import Gate, Standing
from bot.model.action import CommentOnCommit, Receipt, ReviewDeployment
from bot.model.evidence import sha256_of
from bot.model.facts import Repository
from bot.model.validation import DeploymentRequest, RequestState
from bot.run.acts import carry_out
from bot.run.validation.concerned import blocking
from bot.run.validation.place import Place

MOST_COMMENTS = 10
"""GitHub takes no more reports without a decision for one deployment."""


def answer(place: Place, standing: Standing, incident_url: str | None) -> int:
    """Answers every deployment that waits and renews the check runs; how many commits and deployments were told."""
    told = 0
    for name in place.rules.blocks:
        repository = place.named(name)
        if repository is None:
            continue
        for request in place.house.store.validations.pending([repository.id]):
            told += _answered(place, standing, repository, request, incident_url)
        told += _shown(place, standing, repository, incident_url)
    return told


def _answered(
    place: Place, standing: Standing, repository: Repository, request: DeploymentRequest, url: str | None
) -> int:
    # GitHub's names of environments are not case sensitive:
    # https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments
    covered = request.environment.lower() == place.rules.deployment_environment.lower()
    if not covered:
        state = None
        comment = (
            f"Lockstep's rules say nothing about this environment: `validation.deployment_environment` is "
            f"`{place.rules.deployment_environment}`. Take Lockstep off its protection rules, or name it there."
        )
    else:
        state = _state(place, standing, repository)
        comment = wording.said(standing, place.rules, url)
    digest = sha256_of(comment.encode())
    if state is None and (request.said == digest or request.comments >= MOST_COMMENTS):
        return 0
    review = ReviewDeployment(
        because=wording.headline(standing) if covered else "the rules do not name this environment",
        repository=repository.full_name,
        run_id=request.run_id,
        environment=request.environment,
        state=state,
        comment=comment,
    )

    requests = place.house.store.validations
    answered_before = state is not None and request.said == state
    if state is not None:
        requests.answered(request, RequestState.PENDING, state, request.comments)

    def keep(receipts: Sequence[Receipt]) -> None:
        # GitHub takes an answer once: after a worker's death the refusal of a second one says that the first arrived.
        gone = receipts[0].result.get("refused") and not answered_before
        became = RequestState.GONE if gone else RequestState(state or "pending")
        if became in (RequestState.APPROVED, RequestState.REJECTED):
            event = "deployment_approved" if became is RequestState.APPROVED else "deployment_blocked"
            details = {
                "repository": repository.full_name,
                "run_id": request.run_id,
                "deployment": standing.failures[0].deployment if standing.failures else "",
                "deployment_environment": request.environment,
            }
            place.note(
                event, "done", wording.headline(standing), details, head_sha=request.sha,
                once=f"deployment answered {repository.id} {request.deployment_id}",
            )  # fmt: skip
        requests.answered(request, became, digest, request.comments + (state is None))

    carry_out(place.house, place.cause, repository, [review], keep)
    return 1


def _state(place: Place, standing: Standing, repository: Repository) -> str | None:
    """Yes, no, or (None) not yet. A repository that others block as well needs the yes of all."""
    if standing.gate is Gate.UNKNOWN:
        return None
    if not standing.lets_pass:
        return "rejected"
    others = blocking(place.house, place.subject.installation_id, repository.full_name)
    gates = [kept["gate"] for config, kept in others.items() if config != place.config.id]
    open_ones = {Gate.OPEN.value, Gate.OVERRIDDEN.value}
    return "approved" if all(each in open_ones for each in gates) else None


def _shown(place: Place, standing: Standing, repository: Repository, url: str | None) -> int:
    """The check run on each head that people look at, where it is not there already."""
    key = f"validation shown:{place.config.id}:{repository.id}"
    before = place.house.store.marks.get(key) or {}
    now: dict[str, str] = {}
    told = 0
    for head in place.github.open_heads(repository):
        check = wording.check(standing, place.rules, head.base_ref, head.sha, url)
        name = f"{head.sha} {head.base_ref}"
        now[name] = sha256_of(f"{check.conclusion}\n{check.title}\n{check.summary}".encode())
        if before.get(name) == now[name]:
            continue
        showing = CommentOnCommit(because=check.title, repository=repository.full_name, check=check)
        carry_out(place.house, place.cause, repository, [showing])
        place.house.store.marks.put(key, {**before, **now})
        told += 1
    if now != before:
        place.house.store.marks.put(key, now)
    return told
