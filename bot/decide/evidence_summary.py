"""An evidence record in a few words: what the board and the trial show of it (row B6). Pure."""

from __future__ import annotations

from typing import Any

from bot.model.evidence import EvidenceRecord, Json
from bot.model.image import ComponentTag
from bot.model.release import Promotion

PREFIX = "why:"


def key(repository_id: int, environment: str, component: str) -> str:
    """The mark under which the newest record of a component in an environment is kept for the board."""
    return f"{PREFIX}{repository_id}:{environment}:{component}"


def value(record: EvidenceRecord, promotion: Promotion, component: str) -> dict[str, Any]:
    """The mark's value: which place it is about, what was brought there, and `summary`."""
    tag: ComponentTag = promotion.components[component]
    return {
        "repository_id": promotion.config_repository_id,
        "environment": promotion.environment,
        "component": component,
        "digest": tag.digest,
        "number": promotion.pull_number,
        **summary(record.to_json()),
    }


def summary(record: Json) -> dict[str, Any]:
    """`{url, at, by, by_lockstep, standing, approved: [{by, for}], gates: {passed, asked, set_aside, skipped},
    overrides: [{gate, by, until, reason}], skipped: [{gate, says}]}`; a gate that was set aside, or that did not hold
    a hotfix, counts as asked, not as passed."""
    judged, merged = record["judged"] or {}, record["merged"]
    overrides = judged.get("overrides", ())
    aside = {each["gate"] for each in overrides}
    debt = skipped(judged)
    asked = [each for each in judged.get("gates", ()) if each["outcome"] != "skip"]
    passed = [
        each
        for each in asked
        if each["outcome"] == "pass" and each["gate"] not in aside and each["gate"] not in debt
    ]
    return {
        "url": judged["pull"]["url"] if judged else None,
        "at": merged["at"],
        "by": merged["by"]["login"] if merged["by"] else None,
        "by_lockstep": merged["by_lockstep"],
        "standing": merged["standing"],
        "approved": [
            {"by": each["by"]["login"], "for": list(each["for"])} for each in judged.get("approvals", ())
        ],
        "gates": {
            "passed": len(passed),
            "asked": len(asked),
            "set_aside": sum(each["gate"] in aside for each in asked),
            "skipped": sum(each["gate"] in debt for each in asked),
        },
        "overrides": [
            {
                "gate": each["gate"],
                "by": each["by"]["login"],
                "until": each["expires_at"],
                "reason": each["reason"],
            }
            for each in overrides
        ],
        "skipped": [{"gate": gate, "says": says} for gate, says in sorted(debt.items())],
    }


def skipped(judged: Json) -> dict[str, str]:
    """The gates that did not hold a hotfix, with what they said: debt, and never a pass (row B5)."""
    found = (judged.get("hotfix") or {}).get("skipped_gates", ())
    return {str(each["gate"]): str(each["says"]) for each in found}


def count(gates: Json) -> str:
    """`7 of 7 gates passed`, `5 of 7 gates passed, 1 set aside, 1 skipped debt`."""
    if not gates["asked"]:
        return "no gate was asked"
    aside = f", {gates['set_aside']} set aside" if gates["set_aside"] else ""
    debt = f", {gates['skipped']} skipped debt" if gates.get("skipped") else ""
    return f"{gates['passed']} of {gates['asked']} gates passed{aside}{debt}"
