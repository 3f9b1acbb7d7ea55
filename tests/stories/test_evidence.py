"""The evidence record: what a merge rested on, in the merge commit, in Git notes and in the ledger (rows B6, P11)."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.decide import evidence_summary
from bot.model.action import PutNote
from bot.model.evidence import NOTES_REF, canonical
from bot.model.ports import GitHub
from bot.sandbox import actions
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.trouble import TROUBLES, Trouble, survives, trouble_at

SCHEMA = Path(__file__).parents[2] / "policies" / "evidence-record.schema.json"
RULES_FILE = "promotion/promotion-rules.yaml"


ANA = ("-c", "user.name=ana", "-c", "user.email=ana@example.com")


def git(town: Town, *words: str, given: str = "") -> str:
    """The real Git, in the bare repository behind the local GitHub."""
    path = town.github.repo("splattop/config").git.repo.path
    done = subprocess.run(
        ["git", "-C", path, *words], input=given, capture_output=True, text=True, check=True
    )
    return done.stdout


def github(bot: Bot) -> GitHub:
    return bot.works.house.github(next(iter(bot.town.github.world.installations)))


def noted(town: Town, pull: Pull) -> str:
    assert pull.merge_commit_sha is not None
    return git(town, "notes", "--ref=lockstep", "show", pull.merge_commit_sha)


def record(town: Town, pull: Pull) -> dict[str, Any]:
    return dict(json.loads(noted(town, pull)))


def rows(bot: Bot) -> list[dict[str, Any]]:
    return [dict(row.entry.details) for row in bot.store.ledger.rows(event="evidence")]


def message(town: Town, pull: Pull) -> str:
    assert pull.merge_commit_sha is not None
    return str(town.github.repo("splattop/config").git.commit(pull.merge_commit_sha).message)


def trailers(town: Town, pull: Pull) -> list[str]:
    """The merge commit's trailers, as the real Git reads them."""
    assert pull.merge_commit_sha is not None
    shown = git(town, "log", "-1", "--format=%(trailers:only,unfold)", pull.merge_commit_sha)
    return [line for line in shown.splitlines() if line]


def promoted(bot: Bot, town: Town) -> Pull:
    """A release that has reached dev, and staging with ana's approval; staging's pull request."""
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    town.github.review(staging, by="ana")
    bot.settles()
    assert staging.merged
    return staging


def ruled(bot: Bot, town: Town, old: str, new: str) -> None:
    changed = RULES.replace(old, new)
    assert changed != RULES
    town.github.push("splattop/config", "main", {RULES_FILE: changed}, by="ana", message="Change the rules")
    bot.settles()


def test_git_notes_shows_what_moved_from_where_to_where(bot: Bot, town: Town):
    judged = record(town, promoted(bot, town))["judged"]
    (component,) = judged["components"]
    assert component["component"] == "api"
    assert component["from"] == {"tag": "1.0.0", "digest": digest("0")}
    assert component["to"] == {"tag": "7.0.0", "digest": digest("a")}
    assert component["release"] == judged["releases"][0]["id"]
    assert judged["releases"][0]["run_url"].startswith("http")


def test_the_record_names_who_approved_as_what_and_how(bot: Bot, town: Town):
    staging = promoted(bot, town)
    (approval,) = record(town, staging)["judged"]["approvals"]
    assert approval["by"]["login"] == "ana"
    assert approval["for"] == ["platform"]
    assert (approval["via"], approval["source_id"]) == ("review", staging.reviews[0].id)
    assert approval["head_sha"] == staging.head_sha


def test_the_record_names_the_rules_the_heads_and_the_required_checks(bot: Bot, town: Town):
    staging = promoted(bot, town)
    found = record(town, staging)
    judged, merged = found["judged"], found["merged"]
    assert judged["rules"] == {"file": RULES_FILE, "sha": judged["base_sha"]}
    assert judged["head_sha"] == merged["head_sha"] == staging.head_sha
    assert merged["sha"] == staging.merge_commit_sha
    assert [(each["name"], each["state"]) for each in judged["required_checks"]] == [("helm-lint", "success")]
    assert (merged["by_lockstep"], merged["standing"], merged["not_green"]) == (True, "green", [])


def test_every_gate_is_there_with_its_outcome(bot: Bot, town: Town):
    gates = {each["gate"]: each["outcome"] for each in record(town, promoted(bot, town))["judged"]["gates"]}
    assert gates["approvals"] == gates["required checks"] == gates["content"] == "pass"
    assert set(gates.values()) == {"pass", "skip"}


def test_the_ledger_holds_the_same_bytes_as_the_note(bot: Bot, town: Town):
    staging = promoted(bot, town)
    note = noted(town, staging).encode()
    found = rows(bot)[-1]
    assert found["sha256"] == "sha256:" + hashlib.sha256(note).hexdigest()
    assert found["record"] == json.loads(note)


def test_the_merge_commit_s_trailer_is_the_hash_of_what_was_judged(bot: Bot, town: Town):
    staging = promoted(bot, town)
    found = record(town, staging)
    judged = "sha256:" + hashlib.sha256(canonical(found["judged"])).hexdigest()
    assert trailers(town, staging)[-1] == f"Evidence: {judged}"
    assert found["judged_sha256"] == judged


def test_the_merge_commit_s_trailers_are_git_s(bot: Bot, town: Town):
    staging = promoted(bot, town)
    names = [line.partition(":")[0] for line in trailers(town, staging)]
    assert names == ["Release", "Promoted-From", "Requested-By", "Approved-By", "Evidence"]
    assert "\nApproved-By: ana (" in message(town, staging)


def test_the_record_obeys_its_published_schema(bot: Bot, town: Town):
    promoted(bot, town)
    assert len(rows(bot)) == 2
    for found in rows(bot):
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found["record"])


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_the_note_is_about_the_commit_that_the_merge_method_makes(bot: Bot, town: Town, method: str):
    ruled(
        bot,
        town,
        "    merge: approved\n    concurrency: pinned\n",
        f"    merge: approved\n    merge_method: {method}\n    concurrency: pinned\n",
    )
    staging = promoted(bot, town)
    assert town.github.sha("splattop/config", "main") == staging.merge_commit_sha
    assert record(town, staging)["merged"]["sha"] == staging.merge_commit_sha


def shown(bot: Bot, town: Town, component: str = "api") -> dict[str, Any]:
    """What the board is told of a component in staging."""
    repository = town.github.repo("splattop/config").id
    return dict(bot.store.marks.get(evidence_summary.key(repository, "staging", component)))


def test_the_board_is_told_what_brought_each_component_and_who_approved(bot: Bot, town: Town):
    staging = promoted(bot, town)
    found = shown(bot, town)
    assert (found["number"], found["digest"], found["standing"]) == (staging.number, digest("a"), "green")
    assert found["approved"] == [{"by": "ana", "for": ["platform"]}]
    assert found["gates"]["passed"] == found["gates"]["asked"] > 0


def test_a_late_look_at_an_older_merge_leaves_the_board_with_the_newer_one(bot: Bot, town: Town):
    older = promoted(bot, town)
    town.github.advance(60)
    town.release(api="b")
    bot.settles()
    newer = town.pull("staging")
    town.github.review(newer, by="ana")
    bot.settles()
    town.github.comment(older, "ana", "What was this?")
    bot.settles()
    assert shown(bot, town)["number"] == newer.number


def test_a_person_s_merge_gets_its_record_too(bot: Bot, town: Town):
    ruled(bot, town, "    merge: approved\n", "    merge: manual\n")
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    town.github.review(staging, by="ana")
    bot.settles()
    town.github.merge(staging, by="ana")
    bot.settles()
    found = record(town, staging)
    assert found["merged"]["by"]["login"] == "ana"
    assert (found["merged"]["by_lockstep"], found["merged"]["standing"]) == (False, "green")
    assert [each["by"]["login"] for each in found["judged"]["approvals"]] == ["ana"]


def test_a_merge_over_lockstep_s_head_says_what_was_not_green(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    town.github.merge(staging, by="ana")
    bot.settles()
    merged = record(town, staging)["merged"]
    assert (merged["by_lockstep"], merged["standing"]) == (False, "not green")
    assert merged["not_green"] == ["approvals"]


def test_a_commit_that_was_merged_without_being_judged_is_told_as_such(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    town.github.push("splattop/config", staging.head_ref, {"extra.txt": "x\n"}, by="ana", message="More")
    town.github.merge(staging, by="ana")
    bot.settles()
    assert record(town, staging)["merged"]["standing"] == "another commit"


def test_notes_that_people_write_stay_and_are_read_beside_ours(bot: Bot, town: Town):
    base = git(town, "rev-parse", "main").strip()
    git(town, *ANA, "notes", "--ref=lockstep", "add", "-m", "by hand", base)
    staging = promoted(bot, town)
    assert git(town, "notes", "--ref=lockstep", "show", base) == "by hand\n"
    assert record(town, staging)["version"] == 1
    assert len(git(town, "notes", "--ref=lockstep", "list").splitlines()) == 3


def spread(town: Town) -> None:
    """So many notes that the real Git puts them into directories, ours among them."""
    base = git(town, "rev-parse", "main").strip()
    store = town.github.repo("splattop/config").git
    blobs = [store.write_blob(f"noted {number}".encode()) for number in range(400)]
    git(town, *ANA, "notes", "--ref=lockstep", "add", "-f", "-m", "by hand", base)
    lines = "".join(f"{base} {blob}\n" for blob in blobs)
    git(town, *ANA, "notes", "--ref=lockstep", "copy", "-f", "--stdin", given=lines)
    tops = git(town, "ls-tree", "--name-only", NOTES_REF).split()
    assert all(len(top) == 2 for top in tops)


def test_a_note_is_written_where_git_has_spread_its_notes_over_directories(bot: Bot, town: Town):
    spread(town)
    staging = promoted(bot, town)
    assert record(town, staging)["version"] == 1
    assert len(git(town, "notes", "--ref=lockstep", "list").splitlines()) == 403


def test_a_note_is_found_again_where_git_has_put_it(bot: Bot, town: Town):
    staging = promoted(bot, town)
    there = noted(town, staging)
    git(town, *ANA, "notes", "--ref=lockstep", "add", "-m", "by hand", "main~2")
    assert staging.merge_commit_sha is not None
    flat = git(town, "ls-tree", "--name-only", NOTES_REF).split()
    assert staging.merge_commit_sha in flat
    repository = bot.store.repositories.find(town.github.repo("splattop/config").id)
    assert repository is not None
    action = PutNote(because="again", ref=NOTES_REF, commit_sha=staging.merge_commit_sha, data=there.encode())
    with town.expect_no_writes():
        (receipt,) = github(bot).apply(repository, [action])
    assert receipt.result["note"] == "stands"


def test_another_s_note_about_our_merge_is_replaced_not_joined(bot: Bot, town: Town):
    staging = promoted(bot, town)
    there = noted(town, staging)
    assert staging.merge_commit_sha is not None
    git(town, *ANA, "notes", "--ref=lockstep", "add", "-f", "-m", "forged", staging.merge_commit_sha)
    repository = bot.store.repositories.find(town.github.repo("splattop/config").id)
    assert repository is not None
    action = PutNote(because="again", ref=NOTES_REF, commit_sha=staging.merge_commit_sha, data=there.encode())
    github(bot).apply(repository, [action])
    assert noted(town, staging) == there


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
def test_trouble_at_any_write_of_a_merge_leaves_one_record_and_its_note(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
):
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    town.github.review(staging, by="ana")
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    assert len(rows(bot)) == 2
    found = rows(bot)[-1]["record"]
    assert found == record(town, staging)
    assert f"Evidence: {found['judged_sha256']}" in trailers(town, staging)

    with town.expect_no_writes():
        bot.sweeps()


def test_a_note_that_comes_in_between_is_kept(bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch):
    base = git(town, "rev-parse", "main").strip()
    real = actions.create_commit
    came = []

    def meanwhile(*given: Any, **named: Any) -> str:
        made = real(*given, **named)
        if not came:
            came.append(made)
            git(town, *ANA, "notes", "--ref=lockstep", "add", "-m", "in between", base)
        return made

    monkeypatch.setattr(actions, "create_commit", meanwhile)
    staging = promoted(bot, town)
    assert came
    assert git(town, "notes", "--ref=lockstep", "show", base) == "in between\n"
    assert record(town, staging)["version"] == 1


def test_a_merge_costs_four_requests_for_its_note(bot: Bot, town: Town):
    staging = promoted(bot, town)
    sent = [
        f"{each.method} {each.path.partition('/git/')[2]}".strip()
        for each in town.github.requests
        if "/git/" in each.path and each.method != "GET"
    ]
    assert sent[-3:] == ["POST trees", "POST commits", "PATCH refs/notes/lockstep"]
    assert NOTES_REF == "refs/notes/lockstep"
    assert staging.merged


def test_looking_again_writes_nothing(bot: Bot, town: Town):
    promoted(bot, town)
    with town.expect_no_writes():
        bot.sweeps()
    assert len(rows(bot)) == 2
