"""What to propose for one environment from one source: open, rewrite, leave alone, close, or say why not.

The question is asked again after every event that could change its answer. It never merges; that is `decide.pull`.
"""

from bot.decide.environment.decision import decide_environment
from bot.decide.environment.facts import EnvironmentDecision, EnvironmentFacts, branch_of
from bot.decide.environment.selection import commits_between, wanted

__all__ = [
    "EnvironmentDecision",
    "EnvironmentFacts",
    "branch_of",
    "commits_between",
    "decide_environment",
    "wanted",
]
