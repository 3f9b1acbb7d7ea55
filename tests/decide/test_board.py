"""What a look at an environment leaves for the board."""

from __future__ import annotations

import json

from bot.decide import board
from bot.model.facts import Pull, RepositoryFile, Unknown
from bot.model.snapshot import Branch, EnvironmentSnapshot
from tests.builders import BASE, CONFIG, NOW, commit, digest, file, files, policy, pull, values

WHERE = "lockstep/dev/app"
PATH = "helm/values-dev.yaml"


def snapshot(
    before: RepositoryFile | Unknown, after: RepositoryFile | Unknown, open_pull: Pull | None = None
) -> EnvironmentSnapshot:
    return EnvironmentSnapshot(
        taken_at=NOW,
        repository=CONFIG,
        base_sha=BASE,
        files={PATH: before, **files(staging=values(web="e", web_tag="9.9.9"))},
        branches={WHERE: Branch(name=WHERE, head=commit("c" * 40))},
        branch_files={WHERE: {PATH: after}},
        pulls={WHERE: open_pull or pull("dev", "c" * 40, title="Promote")},
    )


def test_every_environment_of_the_rules_is_told_with_tags_and_digests() -> None:
    found = board.value(policy(), snapshot(file(PATH, values()), file(PATH, values())), "dev")
    assert [each["name"] for each in found["environments"]] == ["dev", "staging"]
    assert found["environments"][1]["components"]["web"] == {"tag": "9.9.9", "digest": digest("e")}


def test_the_diff_of_the_open_pull_request_is_the_base_against_its_branch() -> None:
    after = file(PATH, values(api="a", api_tag="7.0.0"))
    found = board.value(policy(), snapshot(file(PATH, values()), after), "dev")["pulls"][0]
    assert [line for line in found["diff"] if line[:1] in "+-"] == [
        f"--- a/{PATH}",
        f"+++ b/{PATH}",
        '-    tag: "1.0.0"',
        f"-    digest: {digest('0')}",
        '+    tag: "7.0.0"',
        f"+    digest: {digest('a')}",
    ]


def test_a_long_diff_is_cut_and_says_so() -> None:
    wide = b"".join(b"line %d\n" % number for number in range(500))
    found = board.value(policy(), snapshot(file(PATH, b""), file(PATH, wide)), "dev")["pulls"][0]
    assert (len(found["diff"]), found["diff_cut"]) == (board.DIFF_LINES, True)


def test_a_long_line_is_cut() -> None:
    found = board.value(policy(), snapshot(file(PATH, b""), file(PATH, b"x" * 5000)), "dev")["pulls"][0]
    assert max(map(len, found["diff"])) == board.LINE_LENGTH


def test_a_file_that_was_not_read_is_told_in_both_places() -> None:
    found = board.value(policy(), snapshot(Unknown(why="too large"), file(PATH, values())), "dev")
    assert "too large" in found["environments"][0]["problem"]
    assert found["pulls"][0]["diff"] == [f"{PATH} was not read"]


def test_bytes_that_are_no_text_are_told_all_the_same() -> None:
    found = board.value(policy(), snapshot(file(PATH, b"\xff\n"), file(PATH, values())), "dev")
    assert json.loads(json.dumps(found)) == found


def test_rules_that_cannot_be_read_leave_their_reason_alone() -> None:
    found = board.trouble(snapshot(file(PATH, values()), file(PATH, values())), "dev", "line 3: what?")
    assert (found["trouble"], found["environments"], found["pulls"]) == ("line 3: what?", [], [])
