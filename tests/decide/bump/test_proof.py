"""The proof itself: a splice that does more than it says is caught, whatever planned it (attack case 52)."""

from __future__ import annotations

import pytest

from bot.decide.bump.parse import parse
from bot.decide.bump.splice import Plan, Splice, carry_out
from bot.decide.bump.values import BumpRefused

TEXT = "a: v1\ntag: v1 # why\nz: 1\n"
AT = TEXT.index("v1 #")


def spliced(new: str, *, start: int = AT, end: int = AT + 2, wanted: str = "v2") -> bytes:
    parsed = parse(TEXT.encode(), file="v.yaml")
    tag = parsed.documents[0].entries[1][1]
    plan = Plan(splices=[Splice(start=start, end=end, new=new)], values={tag.event: wanted}, added={})
    return carry_out(parsed, plan)[0]


def test_a_splice_that_does_what_it_says_passes() -> None:
    assert spliced("v2") == TEXT.replace("tag: v1", "tag: v2").encode()


@pytest.mark.parametrize(
    "new",
    [
        "v2\nextra: 1",
        "v2\nz: 2",
        "v3",
        "[v2]",
        "*x",
        "&x v2",
        "!!str v2",
        "'v2",
        '"v2" : x',
        "v2#",
        "v2\n---\nb: 1",
        "|",
    ],
)
def test_a_splice_that_does_more_is_refused(new: str) -> None:
    with pytest.raises(BumpRefused, match="edit this line by hand"):
        spliced(new)


@pytest.mark.parametrize("value", ["1.10", "true", "~"])
def test_a_value_that_would_not_read_back_as_a_string_is_refused(value: str) -> None:
    with pytest.raises(BumpRefused, match="edit this line by hand"):
        spliced(value, wanted=value)


def test_a_splice_at_the_wrong_place_is_refused() -> None:
    with pytest.raises(BumpRefused, match="edit this line by hand"):
        spliced("v2", start=TEXT.index("v1"), end=TEXT.index("v1") + 2)


def test_splices_that_overlap_are_refused() -> None:
    parsed = parse(TEXT.encode(), file="v.yaml")
    splices = [Splice(start=0, end=3, new="x"), Splice(start=2, end=4, new="y")]
    with pytest.raises(BumpRefused, match="overlap"):
        carry_out(parsed, Plan(splices=splices, values={}, added={}))
