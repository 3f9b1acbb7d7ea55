"""GitHub's `codeowners-errors`: owners that do not exist or may not write; syntax is not looked at.

https://docs.github.com/rest/repos/repos#list-codeowners-errors
"""

from __future__ import annotations

from bot.sandbox.errors import not_found
from bot.sandbox.represent.accounts import Json
from bot.sandbox.state import Repository, World

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_MAY = ("write", "maintain", "admin")


def errors(world: World, repo: Repository, sha: str) -> list[Json]:
    """One for each unknown owner of the file that counts at a commit; 404 when there is no file."""
    for path in _PLACES:
        data = repo.git.read(sha, path)
        if data is not None:
            lines = enumerate(data.decode("utf-8", "replace").splitlines(), 1)
            return [
                _error(path, n, text, owner) for n, text in lines for owner in _unknown(world, repo, text)
            ]
    raise not_found()


def _unknown(world: World, repo: Repository, line: str) -> list[str]:
    owners = [word for word in line.partition("#")[0].split()[1:] if word.startswith("@")]
    return [owner for owner in owners if not _may_own(world, repo, owner[1:].lower())]


def _may_own(world: World, repo: Repository, name: str) -> bool:
    """A team by its own permission, whatever its members may do."""
    if "/" in name:
        team = world.teams.get(name)
        return team is not None and team.role_on(repo.id) in _MAY
    return name in world.accounts and world.role(name, repo) in _MAY


def _error(path: str, line: int, text: str, owner: str) -> Json:
    seen = ", is publicly visible," if "/" in owner else ""
    hint = f"make sure {'the team ' if '/' in owner else ''}{owner} exists{seen} and has write access to the repository"
    column = text.index(owner) + 1
    message = f"Unknown owner on line {line}: {hint}\n\n  {text}\n  {' ' * (column - 1)}^"
    where = {"line": line, "column": column, "path": path}
    return {**where, "kind": "Unknown owner", "source": text, "suggestion": hint, "message": message}
