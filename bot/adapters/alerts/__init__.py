"""Folders of alert rules on disk: reading them with care, and writing a bundle completely or not at all.

`RuleFolder` lists and reads, `staged` writes and swaps, `source_commit` and `home_of` ask Git, `DiskFiles` is a
work tree. Nothing here knows what a rule is.
"""

from bot.adapters.alerts.folder import FolderRefused, RuleFolder
from bot.adapters.alerts.git import Commit, Home, home_of, source_commit
from bot.adapters.alerts.stage import Stage, staged
from bot.adapters.alerts.tree import DiskFiles

__all__ = [
    "Commit",
    "DiskFiles",
    "FolderRefused",
    "Home",
    "RuleFolder",
    "Stage",
    "home_of",
    "source_commit",
    "staged",
]
