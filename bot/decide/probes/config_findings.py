"""amtool's words about a configuration as findings, and the configuration's counts (row G3)."""

from __future__ import annotations

import hashlib
import re

from bot.decide.probes.alertmanager import Config, Copy
from bot.decide.probes.said import shown, stopped
from bot.decide.probes.tree import Leaf, leaves
from bot.decide.probes.values import Finding, Kind, Routing
from bot.model.probes import Said

_LINE = re.compile(r"\bline (\d+)\b")
_NAMED = (
    re.compile(r'"((?:\\.|[^"\\])+)"'),
    re.compile(r"bad matcher format: (.+)"),
    re.compile(r"address (\S+): "),
)
"""What amtool quotes of the configuration where it names no line."""
_SCHEME = re.compile(r'unsupported scheme "(.*?)" for URL')
_TEMPLATE = re.compile(r"\b\d+-(\d+)\.tmpl\b")


def config_findings(said: Said, config: Config, copy: Copy) -> list[Finding]:
    """What is wrong with a configuration: its template patterns, and what `amtool check-config` said."""
    found = [_at(config, line, message) for line, message in copy.problems]
    if said.trouble:
        message = stopped("amtool", said.trouble, "this file")
        return [*found, Finding(kind=Kind.TOOL, file=config.file, line=None, message=message)]
    if said.code == 0:
        return found
    words = said.text.partition("FAILED:")[2].partition("amtool: error:")[0].strip() or said.text.strip()
    words = _TEMPLATE.sub(lambda name: _source(int(name.group(1)), copy), words)
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if lines and lines[0].endswith("unmarshal errors:"):
        return found + [
            _at(config, _line(config, line), f"amtool refuses it: {shown(line)}") for line in lines[1:]
        ]
    return [*found, _at(config, _line(config, words), f"amtool refuses it: {shown(words)}")]


def _source(number: int, copy: Copy) -> str:
    return copy.template_files[number] if number < len(copy.template_files) else f"template {number}"


def _line(config: Config, words: str) -> int | None:
    found = _LINE.search(words)
    if found is None:
        culprit = _culprit(config, words)
        if culprit is not None:
            return config.line(culprit.at)
    if found is None or config.written:
        return config.first if config.first > 1 else None
    return config.first - 1 + int(found.group(1)) if config.exact else config.first


def _culprit(config: Config, words: str) -> Leaf | None:
    """The value that amtool complains about without a line: the first one that it quotes, the last of one that must
    be unique."""
    scheme = _SCHEME.search(words)
    there = [each for each in leaves(config.tree) if not each[1].null]
    if scheme is not None:
        return next(
            (each for name, each in there if name.endswith("url") and _scheme(each.text) == scheme.group(1)),
            None,
        )
    named = [found.group(1) for pattern in _NAMED for found in pattern.finditer(words)]
    found = [each for text in named for _, each in there if each.text == text]
    return found[-1 if "not unique" in words else 0] if found else None


def _scheme(url: str) -> str:
    return url.partition("://")[0] if "://" in url else ""


def _at(config: Config, line: int | None, message: str) -> Finding:
    return Finding(kind=Kind.CONFIG, file=config.file, line=line, message=message)


def routing(config: Config, data: bytes, copy: Copy) -> Routing:
    """The counts. `data` are the file's bytes."""
    return Routing(
        file=config.file,
        sha256=hashlib.sha256(data).hexdigest(),
        receivers=len(config.receivers),
        inhibit_rules=config.inhibit_rules,
        routes=config.routes(),
        templates=len(config.templates()),
        template_files=len(copy.template_files),
    )
