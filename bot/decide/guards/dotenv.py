"""Environment files: `NAME=value` lines as Compose reads them (https://docs.docker.com/reference/compose-file/services/#env_file)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*(.*)")
_NAME = re.compile(r"(^|[./_-])env([./_-]|$)|environment", re.IGNORECASE)
_PROSE = (
    ".md",
    ".rst",
    ".py",
    ".go",
    ".js",
    ".ts",
    ".sh",
    ".rego",
    ".html",
    ".json",
    ".yaml",
    ".yml",
    ".tf",
    ".txt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One assignment in an environment file."""

    name: str
    value: str
    line: int


def is_environment_file(path: str) -> bool:
    """Whether a file is one by its name: `.env`, `prod.env`, `.env.production`, `env/api`, `autoheal-env`."""
    name = path.rpartition("/")[2].lower()
    return not name.endswith(_PROSE) and (_NAME.search(name) is not None or "/env/" in f"/{path.lower()}")


def variables(data: bytes) -> tuple[Variable, ...]:
    """Every assignment, in order. Quotes are taken off, and a comment behind an unquoted value."""
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").removeprefix("\ufeff").splitlines(), 1):
        match = None if line.lstrip().startswith("#") else _LINE.match(line)
        if match:
            found.append(Variable(name=match[1], value=_value(match[2]), line=number))
    return tuple(found)


def _value(text: str) -> str:
    text = text.strip()
    quote = text[:1]
    if quote and quote in "\"'":
        return text[1:].partition(quote)[0]
    return re.split(r"\s+#", text, maxsplit=1)[0]
