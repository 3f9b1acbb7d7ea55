"""Runs a checker on content that is not trusted: in a folder of its own, without network, credentials or much memory.

`Limits` says how much, `Workspace` holds the files and runs the program; `Apart` runs a function of ours likewise.
Lines of defence, each for when another is missing: the environment is empty and the working folder fresh; the program
starts in a network namespace of its own, and Landlock lets it open nothing but the folder and the system's libraries,
where the kernel has these; processor time, memory and file size are limited; after `seconds` everything it started is
killed; what it prints is read up to a limit.
"""

from bot.adapters.confined.apart import Apart
from bot.adapters.confined.workspace import Limits, ProgramMissing, Workspace, program, version_of, workspace

__all__ = ["Apart", "Limits", "ProgramMissing", "Workspace", "program", "version_of", "workspace"]
