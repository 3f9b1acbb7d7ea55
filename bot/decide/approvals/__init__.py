"""Approvals: who must say yes, who counts, and to exactly which content (rows P3, R4, B1).

`evaluate_approvals` is the one question; `content_identity` and `evidence_class` say what it is asked about,
`required_owners` brings CODEOWNERS in, `roles_of` and `contributed` tell `authorize` about a person.
"""

from bot.decide.approvals.answer import answer_approve
from bot.decide.approvals.bind import Bound, Voided, bind
from bot.decide.approvals.demand import Demand, demand_for
from bot.decide.approvals.evaluate import Counted, Evaluation, evaluate_approvals
from bot.decide.approvals.exclusion import Excluded
from bot.decide.approvals.identity import CLOCK_GATES, content_identity, differences, evidence_class
from bot.decide.approvals.owners import OwnersMissing, required_owners
from bot.decide.approvals.seats import Missing
from bot.decide.approvals.standing import Kind, contributed, roles_of

__all__ = [
    "CLOCK_GATES",
    "Bound",
    "Counted",
    "Demand",
    "Evaluation",
    "Excluded",
    "Kind",
    "Missing",
    "OwnersMissing",
    "Voided",
    "answer_approve",
    "bind",
    "content_identity",
    "contributed",
    "demand_for",
    "differences",
    "evaluate_approvals",
    "evidence_class",
    "required_owners",
    "roles_of",
]
