"""Folders of alert rules on disk: reading them with care, and writing a bundle completely or not at all.

`RuleFolder` lists and reads, `staged` writes and swaps, `source_commit` asks Git. Nothing here knows what a rule is.
"""

from bot.adapters.alerts.folder import FolderRefused, RuleFolder
from bot.adapters.alerts.git import Commit, source_commit
from bot.adapters.alerts.stage import Stage, staged

__all__ = ["Commit", "FolderRefused", "RuleFolder", "Stage", "source_commit", "staged"]
