"""After the merge: is it rolled out, is it well, and what is next? One decision for each look (rows P6, P7, R5, R9)."""

from bot.decide.deploying.decision import (
    DeploymentDecision,
    DeploymentFacts,
    Synced,
    applications_of,
    decide_deployment,
    is_later,
    replaced,
    watched,
)

__all__ = [
    "DeploymentDecision", "DeploymentFacts", "Synced", "applications_of", "decide_deployment", "is_later",
    "replaced", "watched",
]  # fmt: skip
