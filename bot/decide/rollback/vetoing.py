"""Which of the components that somebody would propose are vetoed (row B3, attack case 87)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.text import defang
from bot.model.image import ComponentTag
from bot.model.rollback import Veto


def vetoed(tags: Mapping[str, ComponentTag], vetoes: Sequence[Veto]) -> Mapping[str, str]:
    """Component to a sentence that says why its digest stays out, and how that is lifted."""
    found: dict[str, str] = {}
    for veto in vetoes:
        tag = tags.get(veto.component)
        if tag is not None and tag.digest == veto.digest:
            found[veto.component] = (
                f"{veto.component} {tag.tag} is vetoed since it was rolled back in {veto.environment} "
                f"({defang(veto.reason, 200)}); `/veto lift {veto.component} reason: <words>` lets it go"
            )
    return found
