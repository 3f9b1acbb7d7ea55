"""Deployments that wait for a yes of Lockstep's where no rules name their repository: they wait on, and are told why.

Nobody is let pass by rules that are not there, and nobody looks for the reason on GitHub for thirty days.
"""

from __future__ import annotations

from dataclasses import replace

from bot.model.action import ReviewDeployment
from bot.model.evidence import sha256_of
from bot.model.facts import Repository
from bot.model.subject import Subject
from bot.model.validation import RequestState
from bot.run.acts import Cause, carry_out
from bot.run.house import House

SAYS = (
    "No rules file that Lockstep reads blocks deployments of this repository, so there is nothing to decide by: name "
    "it under `validation.blocks`, or take Lockstep off this environment's protection rules."
)


def tell_unnamed(house: House, subject: Subject, repository: Repository) -> None:
    """Tells each once; it is decided when rules name the repository."""
    digest = sha256_of(SAYS.encode())
    # Tokens reach what rules name; no rules name this one.
    anywhere = replace(house, github=house.whole_installation)
    for request in house.store.validations.pending([repository.id]):
        if request.said == digest:
            continue
        telling = ReviewDeployment(
            because="no rules name this repository",
            repository=repository.full_name,
            run_id=request.run_id,
            environment=request.environment,
            state=None,
            comment=SAYS,
        )
        receipts = carry_out(anywhere, Cause(subject=subject), repository, [telling])
        became = RequestState.GONE if receipts[0].result.get("refused") else RequestState.PENDING
        house.store.validations.answered(request, became, digest, request.comments + 1)
