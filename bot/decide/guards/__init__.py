"""Guards: gates on content. Which files are looked at, what the Rego guards are asked, and what follows (G1, R8).

`collect` reads files into facts with their lines, `questions` asks, an engine (`bot.model.guards.Engine`) answers,
`findings` tells, `verdict` judges. Policy lives in `policies/guards/*.rego`; here is only what a file says.
"""

from bot.decide.guards.collect import Collected, collect, is_guarded
from bot.decide.guards.documents import MAX_BYTES
from bot.decide.guards.judge import findings, is_ignored, own_modules, questions
from bot.decide.guards.look import Guarded, guard, guard_apart
from bot.decide.guards.verdict import verdict

__all__ = [
    "MAX_BYTES",
    "Collected",
    "Guarded",
    "collect",
    "findings",
    "guard",
    "guard_apart",
    "is_guarded",
    "is_ignored",
    "own_modules",
    "questions",
    "verdict",
]
