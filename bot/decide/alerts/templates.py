"""What Go's template engine would refuse in an annotation or label, as far as that can be told without running it."""

from __future__ import annotations

import re

_ACTION = re.compile(
    r"""\{\{(?P<body>(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|/\*.*?\*/|[^"'`}]|\}(?!\}))*?)\}\}""",
    re.DOTALL,
)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'|/\*.*?\*/", re.DOTALL)
_VARIABLE = re.compile(r"\$(\w+)(\s*(?:,\s*\$(\w+)\s*)?:?=)?")
_GIVEN = frozenset({"labels", "externalLabels", "externalURL", "value"})
_WORD = re.compile(r"(?<![\w.$])[A-Za-z_]\w*")
_KNOWN = re.compile(
    r"""query|first|label|value|strvalue|args|reReplaceAll|safeHtml|match|title|toUpper|toLower|graphLink|tableLink
      | sortByLabel|stripPort|stripDomain|humanize|humanize1024|humanizeDuration|humanizePercentage|humanizeTimestamp
      | toTime|toDuration|now|pathPrefix|externalURL|parseDuration|tmpl|urlQueryEscape  # Prometheus
      | and|call|html|index|slice|js|len|not|or|print|printf|println|urlquery|eq|ge|gt|le|lt|ne  # Go
      | if|else|end|range|nil|define|template|block|with|break|continue|true|false""",
    re.VERBOSE,
)
MAX_LENGTH = 100_000


def template_problem(text: str) -> str | None:
    """An action that never ends, a variable that nobody sets, an unknown function; None where promtool must judge.

    Variables and functions are those of https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
    """
    if "{{" not in text:
        return None
    if len(text) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    if "{{" in _ACTION.sub("", text):
        return "an action {{ is not closed"
    known = set(_GIVEN)
    for action in _ACTION.finditer(text):
        body = _TEXT.sub('""', action.group("body"))
        for found in _VARIABLE.finditer(body):
            if found.group(2):
                known |= {found.group(1), found.group(3) or found.group(1)}
            elif found.group(1) not in known:
                return f'undefined variable "${found.group(1)}"'
        for word in _WORD.findall(body):
            if not _KNOWN.fullmatch(word):
                return f'function "{word}" is not defined'
    return None
