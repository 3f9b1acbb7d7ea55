"""What the board asks the store for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.adapters.store import Store
from tests.builders import NOW, release


def test_marks_are_found_by_the_beginning_of_their_key(store: Store) -> None:
    for key in ("board:1:dev", "board:1:staging", "board_:x", "sweep"):
        store.marks.put(key, {"of": key})
    assert dict(store.marks.under("board:")) == {
        "board:1:dev": {"of": "board:1:dev"},
        "board:1:staging": {"of": "board:1:staging"},
    }


def test_a_mark_holds_whatever_text_a_file_brought(store: Store) -> None:
    store.marks.put("board:1:dev", {"diff": ["a\0b\ud800", "tab\there"]})
    assert store.marks.get("board:1:dev") == {"diff": ["ab\\ud800", "tab\\there"]}


def test_the_newest_releases_of_all_sources_come_first(store: Store) -> None:
    old = replace(release(9, api="a"), accepted_at=NOW - timedelta(hours=1))
    new = replace(release(3, web="b"), id="shop@3.1", source="shop", source_repository_id=602)
    for each in (old, new):
        store.releases.accept(each)
    assert store.releases.newest(5) == (new, old)
    assert store.releases.newest(1) == (new,)
