"""Which commits a release brings, told by their parents."""

from __future__ import annotations

from bot.adapters.github.history import between
from bot.model.facts import Commit


def line(*entries: str) -> list[Commit]:
    """Commits newest first, each as `sha` or `sha<parent,parent`."""
    result = []
    for entry in entries:
        sha, _, parents = entry.partition("<")
        found = tuple(parent for parent in parents.split(",") if parent)
        result.append(Commit(sha=sha, message=sha, parents=found))
    return result


def shas(commits: tuple[Commit, ...]) -> list[str]:
    return [commit.sha for commit in commits]


def test_the_commits_after_the_old_one_are_listed_newest_first() -> None:
    history = between(line("d<c", "c<b", "b<a", "a"), "b", 50)
    assert (shas(history.commits), history.complete) == (["d", "c"], True)


def test_the_old_commit_may_be_abbreviated() -> None:
    history = between(line("ddddddd1<bbbbbbb1", "bbbbbbb1<a", "a"), "bbbbbbb", 50)
    assert (shas(history.commits), history.complete) == (["ddddddd1"], True)


def test_a_side_branch_older_than_the_old_commit_but_merged_after_it_is_brought() -> None:
    history = between(line("m<b,s", "b<a", "s<a", "a"), "b", 50)
    assert (shas(history.commits), history.complete) == (["m", "s"], True)


def test_what_the_old_commit_had_already_is_not_brought() -> None:
    history = between(line("n<m", "s<a", "m<b,s", "b<a", "a"), "m", 50)
    assert (shas(history.commits), history.complete) == (["n"], True)


def test_an_old_commit_that_is_not_met_leaves_the_history_incomplete() -> None:
    history = between(line("d<c", "c<b"), "aaaaaaa", 50)
    assert (shas(history.commits), history.complete) == (["d", "c"], False)


def test_a_line_that_leaves_the_page_unexplained_makes_it_incomplete() -> None:
    history = between(line("m<b,s", "b<a"), "b", 50)
    assert (shas(history.commits), history.complete) == (["m"], False)


def test_no_more_than_the_limit_is_given() -> None:
    history = between(line("d<c", "c<b", "b<a", "a"), "a", 2)
    assert (shas(history.commits), history.complete) == (["d", "c"], False)


def test_the_same_commit_brings_nothing() -> None:
    history = between(line("d<c", "c"), "d", 50)
    assert (shas(history.commits), history.complete) == ([], True)


def test_without_an_old_commit_the_newest_are_given() -> None:
    history = between(line("d<c", "c<b"), None, 50)
    assert (shas(history.commits), history.complete) == (["d", "c"], False)
