"""A look at an environment: what should be proposed for it, from each source (rows R2, R3)?

`look` goes through everything that is due there, `facts` reads what one source's proposal rests on, `proposing` does
what was decided, `answers` tells who asked.
"""

from bot.run.environment.facts import facts_of
from bot.run.environment.look import look_environment

__all__ = ["facts_of", "look_environment"]
