"""Did the code-quality check of the source commit pass (row P2)?"""

from __future__ import annotations

from bot.decide.gates.named_check import Checks, named_check
from bot.model.policy_gates import QualityGate
from bot.model.verdict import Verdict

GATE = "quality"


def evaluate(gate: QualityGate, *, checks: Checks) -> Verdict:
    """The verdict on the check run that the gate names."""
    answer = named_check("Code quality", gate.check, gate.app, checks)
    return Verdict(
        gate=GATE,
        outcome=answer.outcome,
        headline=f"{answer.name} {answer.says}",
        evidence=(answer.evidence,),
    )
