"""A look at a pull request: its commands, its verdicts, its merge, and what follows it.

`look` obeys, judges and does what was decided, `facts` reads and measures what that rests on, `refusal` keeps what
GitHub would not merge.
"""

from bot.run.pull.facts import decided, read
from bot.run.pull.look import look_pull

__all__ = ["decided", "look_pull", "read"]
