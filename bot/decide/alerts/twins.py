"""The quick answer of a comparison: two files with the same bytes but for the environment's name are equal.

Sound because nothing is guessed: one file is read, the places of its environment labels are known, and the other must
be that text with the other name at exactly these places. A plain or quoted name reads the same there.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.decide.alerts.findings import Environments
from bot.decide.alerts.reading import Read
from bot.decide.bump.strings import (
    can_be_plain,
    double_quoted,
    fits_single_quotes,
    is_string_when_plain,
    single_quoted,
)


def are_twins(staging: Read, production: bytes, environments: Environments) -> bool:
    """Whether `production` is `staging` with the other environment in every label that must be there."""
    spots = _spots(staging, environments)
    if spots is None:
        return False
    try:
        other = production.decode("utf-8")
    except UnicodeDecodeError:
        return False
    text, wanted = staging.parsed.bom + staging.parsed.text, _forms(environments.production)
    lead = len(staging.parsed.bom)
    position = at = 0
    for start, length in spots:
        piece = text[position : start + lead]
        if not other.startswith(piece, at):
            return False
        at += len(piece)
        form = next((form for form in wanted if other.startswith(form, at)), None)
        if form is None:
            return False
        at += len(form)
        position = start + lead + length
    return other[at:] == text[position:]


def _spots(staging: Read, environments: Environments) -> list[tuple[int, int]] | None:
    """Offset and length of every environment name in labels, in order; None where the long way must look."""
    found: set[tuple[int, int]] = set()
    forms = _forms(environments.staging)
    for start in _marks(staging, environments):
        form = next(
            (form for form in forms if start is not None and staging.parsed.text.startswith(form, start)),
            None,
        )
        if start is None or form is None:
            return None
        found.add((start, len(form)))
    return sorted(found)


def _marks(staging: Read, environments: Environments) -> Iterator[int | None]:
    mark = f"labels/{environments.label}"
    for group in staging.file.groups():
        if environments.label in group.labels:
            fine = group.labels[environments.label] == environments.staging
            yield group.marks[mark] if fine else None
        for rule in group.rules:
            value = rule.labels.get(environments.label)
            if value is None and (not rule.alerting or environments.staging is None):
                continue
            yield rule.marks[mark] if value is not None and value == environments.staging else None


def _forms(environment: str | None) -> list[str]:
    """How a name may stand in the text: in quotes, or plain where every reader takes that for a string."""
    if environment is None:
        return []
    forms = [double_quoted(environment)]
    if fits_single_quotes(environment):
        forms.append(single_quoted(environment))
    if is_string_when_plain(environment) and can_be_plain(environment, flow=True):
        forms.append(environment)
    return forms
