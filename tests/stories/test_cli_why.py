"""`lockstep why`: why is this running? Answered from the ledger and Git, and verified (rows B6, P11, P12)."""

from __future__ import annotations

import hashlib

import pytest

from bot.sandbox.state import Pull
from tests.builders import digest, values
from tests.stories.cast import Bot, Town
from tests.stories.terminal import Said, Terminal
from tests.stories.test_evidence import ANA, git, noted, promoted
from tests.stories.test_gates import GOOD, MEASURED, built, demand

ASK = ("why", "staging", "api")


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """api 7.0.0 has come to staging with ana's approval."""
    return promoted(bot, town)


def asked(terminal: Terminal, *more: str) -> Said:
    with terminal.expect_nothing_written():
        return terminal.runs(*ASK, *more)


def line(said: Said, name: str) -> str:
    """What stands beside a name on the page."""
    found = [each for each in said.out.splitlines() if each.startswith(f"  {name} ")]
    assert found, f"no line {name!r} in:\n{said.out}"
    return found[0].removeprefix(f"  {name}").strip()


def test_the_first_line_is_the_answer(terminal: Terminal, staging: Pull):
    said = asked(terminal)
    assert said.code == 0, said.out + said.err
    assert said.out.splitlines()[0] == (
        f"staging runs api 7.0.0 (sha256:{'a' * 12}) because #{staging.number} was merged: "
        "6 of 6 gates passed, approved by ana as platform."
    )


def test_who_approved_merged_and_which_rules_counted_stand_there(
    terminal: Terminal, town: Town, staging: Pull
):
    said = asked(terminal)
    assert f"ana as platform, review {staging.reviews[0].id}, 20" in line(said, "approved")
    assert line(said, "merged by") == f"lockstep[bot] as {staging.merge_commit_sha}"
    assert line(said, "asked by") == "nobody: it came by itself (merge: approved)"
    assert line(said, "rules").startswith("promotion/promotion-rules.yaml at ")
    assert line(said, "pull").endswith(f"/splattop/config/pull/{staging.number}")
    assert line(said, "before") == f"1.0.0 (sha256:{'0' * 12})"


def test_the_release_with_its_commit_and_run_stands_there(terminal: Terminal, town: Town, staging: Pull):
    said = asked(terminal)
    sha = town.github.sha("splattop/app", "main")
    assert line(said, "release").startswith("app@")
    assert f"built from splattop/app {sha} (main)" in line(said, "release")
    assert "/splattop/app/actions/runs/" in line(said, "run")


def test_gates_stand_with_what_was_measured_needed_and_where(bot: Bot, town: Town, terminal: Terminal):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    town.github.review(town.pull("staging"), by="ana")
    bot.settles()
    rows = [each.split() for each in asked(terminal).out.splitlines() if each.startswith("coverage ")]
    assert rows[0][:3] == ["coverage", "pass", "80%"]
    assert "70%" in rows[0]
    assert rows[0][-1].endswith("Z")


def test_what_was_asked_for_by_a_person_names_them(bot: Bot, town: Town, terminal: Terminal):
    rules = (town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml") or b"").decode()
    text = rules.replace("auto_promote: true", "auto_promote: false")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": text}, by="ana")
    town.github.team("splattop/platform", members=["ana", "dev"])
    town.github.grant("dev", "splattop/config", "write")
    town.release(api="a")
    bot.settles()
    town.github.comment(town.pull("dev", "closed"), "dev", "/promote staging")
    bot.settles()
    town.github.review(town.pull("staging"), by="ana")
    bot.settles()
    said = asked(terminal)
    assert said.code == 0, said.out + said.err
    assert line(said, "asked by") == "dev"


def test_the_note_s_bytes_are_verified_and_the_command_to_do_so_is_told(
    terminal: Terminal, town: Town, staging: Pull
):
    said = asked(terminal)
    assert "✓ Git note: its bytes hash to what the ledger says" in said.out
    assert "✓ merge commit: its trailer Evidence: is the hash of what was judged" in said.out
    (command,) = [each.strip() for each in said.out.splitlines() if "sha256sum" in each]
    shown = command.partition("   # ")
    assert shown[0] == f"git notes --ref=lockstep show {staging.merge_commit_sha} | sha256sum"
    assert shown[2] == hashlib.sha256(noted(town, staging).encode()).hexdigest()


def test_machines_get_the_whole_record_and_what_was_verified(terminal: Terminal, town: Town, staging: Pull):
    found = asked(terminal, "--json").json
    assert (found["ok"], found["repository"], found["promotion"]["pull"]) == (
        True,
        "splattop/config",
        staging.number,
    )
    assert found["runs"] == {"file": "helm/values-staging.yaml", "tag": "7.0.0", "digest": digest("a")}
    assert found["record"]["merged"]["sha"] == staging.merge_commit_sha
    assert [(each["what"], each["ok"]) for each in found["verified"]] == [
        ("ledger", True),
        ("Git note", True),
        ("merge commit", True),
    ]


def test_a_note_that_somebody_forged_is_told_with_the_place_where_it_differs(
    terminal: Terminal, town: Town, staging: Pull
):
    assert staging.merge_commit_sha is not None
    forged = noted(town, staging).replace('"login": "ana"', '"login": "eve"')
    git(town, *ANA, "notes", "--ref=lockstep", "add", "-f", "-m", forged, staging.merge_commit_sha)
    said = asked(terminal)
    assert said.code == 1
    assert "✗ Git note: its bytes hash to sha256:" in said.out
    assert '.judged.approvals[0].by.login is "eve" in the note, "ana" in the ledger' in said.out


def test_a_note_that_was_removed_is_told(terminal: Terminal, town: Town, staging: Pull):
    assert staging.merge_commit_sha is not None
    git(town, *ANA, "notes", "--ref=lockstep", "remove", staging.merge_commit_sha)
    said = asked(terminal)
    assert said.code == 1
    assert "✗ Git note: there is none about the merge commit" in said.out


def test_what_lockstep_never_promoted_is_told_as_such(terminal: Terminal):
    said = asked(terminal)
    assert said.code == 1
    assert "Lockstep never promoted api there: nothing on record says why." in said.out
    assert "git log -p -- helm/values-staging.yaml" in said.out


def test_a_component_that_another_promotion_left_alone_was_never_promoted(terminal: Terminal, staging: Pull):
    said = terminal.runs("why", "staging", "web")
    assert (said.code, "Lockstep never promoted web there" in said.out) == (1, True)


def test_values_that_were_changed_by_hand_are_told_with_who_pushed_them(
    bot: Bot, town: Town, terminal: Terminal, staging: Pull
):
    town.github.push(
        "splattop/config", "main", {"helm/values-staging.yaml": values(api="f", api_tag="6.6.6")}, by="ana"
    )
    bot.settles().waits(60).sweeps()
    said = asked(terminal)
    assert said.code == 1
    assert f"staging runs api 6.6.6 (sha256:{'f' * 12}), but #{staging.number} brought 7.0.0" in said.out
    assert "ana pushed 1 commit to main past pull requests: helm/values-staging.yaml" in said.out


def test_going_back_by_hand_names_the_promotion_that_brought_it_before(
    bot: Bot, town: Town, terminal: Terminal, staging: Pull
):
    before = town.values("staging")
    town.release(api="b")
    bot.settles()
    town.github.review(town.pull("staging"), by="ana")
    bot.settles()
    assert asked(terminal).code == 0
    town.github.push("splattop/config", "main", {"helm/values-staging.yaml": before}, by="ana")
    said = asked(terminal)
    assert said.code == 1
    assert f"It is what #{staging.number} brought before." in said.out


def test_a_tag_that_was_changed_by_hand_under_the_same_digest_is_told(
    town: Town, terminal: Terminal, staging: Pull
):
    edited = town.values("staging").replace("7.0.0", "7.0.1")
    town.github.push("splattop/config", "main", {"helm/values-staging.yaml": edited}, by="ana")
    said = asked(terminal)
    assert said.code == 1
    assert "helm/values-staging.yaml says tag 7.0.1, the promotion said 7.0.0" in said.out


def test_a_merge_over_lockstep_s_head_is_no_reason(bot: Bot, town: Town, terminal: Terminal):
    town.release(api="a")
    bot.settles()
    town.github.merge(town.pull("staging"), by="ana")
    bot.settles()
    said = asked(terminal)
    assert said.code == 1
    assert "ana merged it although it was not green: what was merged was not green (approvals)." in said.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("moon", "api"),
            "`moon` is not an environment of promotion/promotion-rules.yaml; there are dev, staging.",
        ),
        (
            ("staging", "ap"),
            "`ap` is not a component of promotion/promotion-rules.yaml; there are api, web. Did you",
        ),
        (("staging", "api", "--repository", "a/b"), "--repository a/b is no config repository of this App"),
        (("staging",), "Missing argument 'COMPONENT'"),
    ],
)
def test_a_name_that_nobody_knows_is_exit_code_2(bot: Bot, terminal: Terminal, words, says):
    said = terminal.runs("why", *words)
    assert (said.code, says in said.err) == (2, True), said.err


def test_a_github_that_does_not_answer_is_exit_code_3(bot: Bot, terminal: Terminal):
    said = terminal.runs(*ASK, GITHUB_API_URL="http://127.0.0.1:9")
    assert (said.code, "Try again later" in said.err) == (3, True)
