"""The answer to "why is this running?" as a page for a terminal and as JSON (rows B6, P12). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.decide.evidence_summary import skipped
from bot.decide.hotfix.debts import says, shown
from bot.decide.report import aligned
from bot.decide.text import truncate, visible
from bot.decide.why import Why, image
from bot.model.evidence import NOTES_REF, Json
from bot.model.image import ImageAt

_GATES = ("gate", "outcome", "measured", "needed", "source", "read")
_WIDEST = (20, 10, 60, 50, 60, 20)
_MARKS = {True: "✓", False: "✗", None: "?"}


def page(why: Why) -> str:
    """For people: the sentence, what is wrong, the record, what was verified, and how to verify it by hand."""
    record = why.record
    parts = [visible(why.sentence), "\n".join(f"  ! {visible(each)}" for each in why.troubles)]
    parts.append(_columns(_facts(why, record)))
    if record is not None:
        judged = record["judged"]
        parts += [_gates(judged)] if judged else []
        parts.append("\n".join(f"{_MARKS[each.ok]} {each.what}: {visible(each.says)}" for each in why.checks))
    commands = by_hand(why)
    parts.append("\n".join(["By hand:", *(f"  {each}" for each in commands)]) if commands else "")
    return "\n\n".join(part for part in parts if part)


def as_json(why: Why) -> dict[str, Any]:
    """For machines: the answer, what runs, the whole record, what was verified."""
    facts, record = why.facts, why.record
    last = facts.promotions[0] if facts.promotions else None
    row = facts.row
    return {
        "environment": facts.environment,
        "component": facts.component,
        "ok": why.code == 0,
        "answer": why.sentence,
        "troubles": list(why.troubles),
        "runs": {
            "file": facts.running.file,
            "tag": facts.running.image.tag,
            "digest": facts.running.image.digest,
        },
        "promotion": {
            "pull": last.pull_number,
            "tag": last.components[facts.component].tag,
            "digest": last.components[facts.component].digest,
            "commit": last.components[facts.component].sha,
            "releases": list(last.release_ids),
        }
        if last
        else None,
        "ledger": {"row": row.seq, "sha256": row.entry.details.get("sha256")} if row else None,
        "verified": [{"what": each.what, "ok": each.ok, "says": each.says} for each in why.checks],
        "by_hand": list(by_hand(why)),
        "debts": [shown(each) for each in facts.debts],
        "record": record,
    }


def by_hand(why: Why) -> tuple[str, ...]:
    """Commands that verify the same in a clone of the config repository."""
    record, row = why.record, why.facts.row
    if record is None or row is None or record["merged"]["sha"] is None:
        return (f"git log -p -- {why.facts.running.file}",)
    show = f"git notes --ref={NOTES_REF.rpartition('/')[2]} show {record['merged']['sha']}"
    changed = (f"git log -p -- {why.facts.running.file}",) if why.code == 1 else ()
    return (
        f"git fetch origin {NOTES_REF}:{NOTES_REF}",
        show,
        f"{show} | sha256sum   # {str(row.entry.details.get('sha256')).removeprefix('sha256:')}",
        *changed,
    )


def _facts(why: Why, record: Json | None) -> Iterator[tuple[str, str]]:
    facts = why.facts
    yield "runs", f"{facts.running.image.tag or 'no tag'} {facts.running.image.digest or 'without a digest'}"
    yield "says", f"{facts.running.file}:{facts.running.image.line}"
    for debt in facts.debts:
        yield "owes", says(debt).replace("`", "")
    if not facts.promotions:
        return
    last, judged = facts.promotions[0], record["judged"] if record else None
    moved = next(iter(_moved(judged, facts.component)), None)
    if moved is not None:
        if moved["to"]["digest"] != facts.running.image.digest:
            yield "promoted", f"{moved['to']['tag']} {moved['to']['digest']}"
        before = moved["from"]
        if before is not None:
            was = ImageAt(repository=None, tag=before["tag"], digest=before["digest"], line=0)
            yield "before", image(was)
    yield "pull", f"#{last.pull_number} {judged['pull']['url'] if judged else ''}".strip()
    if record is None:
        return
    yield from _merge(record["merged"])
    if judged is None:
        return
    asked = judged["requested_by"]
    yield (
        "asked by",
        asked["login"] if asked else f"nobody: it came by itself (merge: {judged['merge_rule']})",
    )
    yield "from", judged["promoted_from"] or f"source {judged['source']}"
    yield from _releases(judged, moved)
    yield from _people(judged)
    yield from _required(judged)
    yield "rules", f"{judged['rules']['file']} at {judged['rules']['sha']}"
    yield (
        "judged",
        f"{judged['judged_at']} by Lockstep {judged['app_version']}, head {judged['head_sha'][:12]}",
    )


def _moved(judged: Json | None, component: str) -> Iterator[Json]:
    yield from (each for each in (judged["components"] if judged else ()) if each["component"] == component)


def _merge(merged: Json) -> Iterator[tuple[str, str]]:
    yield "since", merged["at"] or "a time that GitHub does not tell"
    who = merged["by"]["login"] if merged["by"] else "somebody whose account is gone"
    yield "merged by", f"{who} as {merged['sha'] or 'a commit that GitHub does not name'}"


def _releases(judged: Json, moved: Json | None) -> Iterator[tuple[str, str]]:
    """The release that brought the component; all of them when that is not known."""
    name = moved["release"] if moved else None
    for each in judged["releases"]:
        if name in (None, each["id"]):
            built = (
                f"{each['repository']} {each['commit']} ({each['branch']})"
                if each["commit"]
                else "not on record"
            )
            yield "release", f"{each['id']}, built from {built}"
            if each["run_url"]:
                yield "run", each["run_url"]


def _people(judged: Json) -> Iterator[tuple[str, str]]:
    for each in judged["approvals"]:
        seats = ", ".join(each["for"])
        yield "approved", f"{each['by']['login']} as {seats}, {each['via']} {each['source_id']}, {each['at']}"
    if not judged["approvals"]:
        yield "approved", "nobody's approval was counted"
    for each in judged["overrides"]:
        yield (
            "set aside",
            (
                f"{each['gate']} by {each['by']['login']} at {each['given_at']} until {each['expires_at']}: "
                f"{each['reason']}"
            ),
        )


def _gates(judged: Json) -> str:
    rows, debt = [_GATES], skipped(judged)
    for gate in judged["gates"]:
        first = (gate["gate"], "skipped" if gate["gate"] in debt else gate["outcome"])
        found = [
            (*first, each["measured"], each["needed"], each["source"], each["at"] or "")
            for each in gate["measurements"]
        ]
        rows += found or [(*first, gate["says"], "", "", "")]
    return aligned(list(dict.fromkeys(rows)), _WIDEST)


def _required(judged: Json) -> Iterator[tuple[str, str]]:
    for each in judged["required_checks"] or ():
        app = f" (app {each['app_id']})" if each["app_id"] else ""
        yield "check", f"{each['name']}{app}: {each['state']} {each['url'] or ''}".strip()


def _columns(rows: Iterator[tuple[str, str]]) -> str:
    """`name  value` lines; a value is one visible line."""
    return "\n".join(f"  {name:<10} {truncate(visible(value), 2_000, '…')}".rstrip() for name, value in rows)
