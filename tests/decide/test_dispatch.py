"""`client_payload` of a repository_dispatch, read strictly."""

from __future__ import annotations

import pytest

from bot.decide.dispatch import DispatchAsk, Malformed, read_dispatch


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"to": "staging"}, DispatchAsk(into="staging")),
        ({"to": " staging ", "from": ""}, DispatchAsk(into="staging")),
        (
            {"to": "b", "from": "a", "components": ["x", "x"]},
            DispatchAsk(into="b", comes_from="a", components=("x",)),
        ),
        ({"to": "b", "components": "x, y z"}, DispatchAsk(into="b", components=("x", "y", "z"))),
        ({"to": "b", "dry_run": True}, DispatchAsk(into="b", dry_run=True)),
        ({"to": "b", "dry_run": "True"}, DispatchAsk(into="b", dry_run=True)),
        ({"to": "b", "dry_run": ""}, DispatchAsk(into="b")),
        ({"to": "b", "dry_run": None, "components": None, "from": None}, DispatchAsk(into="b")),
    ],
)
def test_what_is_well_formed_is_read(payload, expected):
    assert read_dispatch(payload) == expected


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (None, "client_payload is missing"),
        ([], "client_payload is missing"),
        ({}, "client_payload.to is missing"),
        ({"to": "  "}, "client_payload.to is missing"),
        ({"to": 3}, "client_payload.to is the name"),
        ({"to": "b", "from": ["a"]}, "client_payload.from is the name"),
        ({"to": "b", "component": "x"}, "client_payload.component is not understood"),
        ({"to": "b", "components": {"x": 1}}, "client_payload.components is a list"),
        ({"to": "b", "components": ["x"] * 101}, "client_payload.components is a list"),
        ({"to": "b", "dry_run": 1}, "client_payload.dry_run is true or false"),
        ({"to": "b", "dry_run": "yes"}, "client_payload.dry_run is true or false"),
        ({"to": "b", "dry_run": []}, "client_payload.dry_run is true or false"),
    ],
)
def test_anything_else_is_refused_whole_and_names_the_field(payload, field):
    read = read_dispatch(payload)
    assert isinstance(read, Malformed)
    assert read.problem.startswith(field)
