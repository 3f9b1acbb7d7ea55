"""The guard autoheal_disabled: whatever way YAML and Compose have to say AUTOHEAL_ENABLED=true (row G1)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.guards import Guarded
from bot.decide.guards.compose import environment
from bot.decide.guards.documents import read
from tests.decide.guards.asking import found, look

DATA = Path(__file__).resolve().parents[2] / "data" / "guards"
EXPECTED = json.loads((DATA / "expected.json").read_text())

SERVICE = """\
services:
  api:
    image: a@sha256:{digest}
    {body}
"""

# What stands in the service, and the line of what is found.
TRUE = {
    "list": ("environment:\n      - AUTOHEAL_ENABLED=true", 5),
    "list, quoted": ("environment:\n      - 'AUTOHEAL_ENABLED=true'", 5),
    "list, value quoted": ('environment:\n      - AUTOHEAL_ENABLED="true"', 5),
    "list, spaces": ("environment:\n      - AUTOHEAL_ENABLED = true", 5),
    "list, later item": ("environment:\n      - LOG=info\n      - AUTOHEAL_ENABLED=true", 6),
    "map, bare": ("environment:\n      AUTOHEAL_ENABLED: true", 5),
    "map, quoted": ('environment:\n      AUTOHEAL_ENABLED: "true"', 5),
    "map, upper": ("environment:\n      AUTOHEAL_ENABLED: TRUE", 5),
    "map, yes": ("environment:\n      AUTOHEAL_ENABLED: yes", 5),
    "map, on": ("environment:\n      AUTOHEAL_ENABLED: 'On'", 5),
    "map, tagged": ("environment:\n      AUTOHEAL_ENABLED: !!str true", 5),
    "map, boolean tag": ('environment:\n      AUTOHEAL_ENABLED: !!bool "true"', 5),
    "map, quoted key": ('environment:\n      "AUTOHEAL_ENABLED": true', 5),
    "map, escaped": ('environment:\n      "AUTOHEAL\\x5fENABLED": "\\x74rue"', 5),
    "map, explicit key": ("environment:\n      ? AUTOHEAL_ENABLED\n      : true", 6),
    "map, folded": ("environment:\n      AUTOHEAL_ENABLED: >-\n        true", 5),
    "map, literal": ("environment:\n      AUTOHEAL_ENABLED: |\n        true", 5),
    "map, name in lower case": ("environment:\n      autoheal_enabled: true", 5),
    "flow map": ("environment: {LOG: info, AUTOHEAL_ENABLED: true}", 4),
    "flow list": ("environment: [LOG=info, 'AUTOHEAL_ENABLED=true']", 4),
    "map, y": ("environment:\n      AUTOHEAL_ENABLED: Y", 5),
    "map, one": ("environment:\n      AUTOHEAL_ENABLED: 1", 5),
    "map, one in quotes": ("environment:\n      AUTOHEAL_ENABLED: '1'", 5),
    "map, one in hexadecimal": ("environment:\n      AUTOHEAL_ENABLED: 0x01", 5),
    "map, one with a sign": ("environment:\n      AUTOHEAL_ENABLED: +1", 5),
    "list, one": ("environment:\n      - AUTOHEAL_ENABLED=1", 5),
    "default": ("environment:\n      AUTOHEAL_ENABLED: ${AUTOHEAL_ENABLED:-true}", 5),
    "default without colon": ("environment:\n      AUTOHEAL_ENABLED: ${HEAL-true}", 5),
    "nested default": ("environment:\n      AUTOHEAL_ENABLED: ${A:-${B:-true}}", 5),
    "alternative": ("environment:\n      AUTOHEAL_ENABLED: ${PROD:+true}", 5),
    "split by a variable": ("environment:\n      AUTOHEAL_ENABLED: tr${EMPTY}ue", 5),
    "build argument": ("build:\n      args:\n        AUTOHEAL_ENABLED: true", 6),
    "command": ("command: sh -c 'AUTOHEAL_ENABLED=true exec api'", 4),
    "command list": ("command: [env, AUTOHEAL_ENABLED=true, api]", 4),
    "entrypoint": ("entrypoint: env AUTOHEAL_ENABLED=true api", 4),
    "dev profile in a file for production": (
        "profiles: [dev]\n    environment:\n      AUTOHEAL_ENABLED: true",
        6,
    ),
}

NOT_TRUE = {
    "comment": "environment:\n      # - AUTOHEAL_ENABLED=true\n      - LOG=info",
    "false": "environment:\n      AUTOHEAL_ENABLED: false",
    "no": "environment:\n      AUTOHEAL_ENABLED: no",
    "zero": "environment:\n      AUTOHEAL_ENABLED: 0",
    "empty": "environment:\n      AUTOHEAL_ENABLED:",
    "passed through": "environment:\n      - AUTOHEAL_ENABLED",
    "longer name": "environment:\n      - AUTOHEAL_ENABLED_HOURS=true",
    "name that ends so": "environment:\n      - MY_AUTOHEAL_ENABLED=true",
    "longer value": "environment:\n      - AUTOHEAL_ENABLED=trueish",
    "default false": "environment:\n      AUTOHEAL_ENABLED: ${AUTOHEAL_ENABLED:-false}",
    "escaped dollar": "environment:\n      AUTOHEAL_ENABLED: $${X:-true}",
    "mentioned in a command": "command: echo AUTOHEAL_ENABLED is not true",
}

MAYBE = ("t", "'T'", "enable", "Enabled")

WHOLE = {
    "anchor": (
        "compose.yaml",
        """\
        x-env: &env
          AUTOHEAL_ENABLED: "true"
        services:
          api: {image: a, environment: *env}
        """,
        2,
    ),
    "alias of the value": (
        "compose.yaml",
        """\
        x-flag: &flag true
        services:
          api:
            environment:
              AUTOHEAL_ENABLED: *flag
        """,
        5,
    ),
    "merge key": (
        "compose.yaml",
        """\
        x-env: &env {AUTOHEAL_ENABLED: yes}
        services:
          api:
            environment:
              <<: *env
              LOG: info
        """,
        1,
    ),
    "merged service": (
        "compose.yaml",
        """\
        x-base: &base
          environment:
            - AUTOHEAL_ENABLED=true
        services:
          api:
            <<: [*base]
            image: b
        """,
        3,
    ),
    "second document": (
        "compose.yaml",
        """\
        services: {a: {environment: {LOG: x}}}
        ---
        services: {b: {environment: {AUTOHEAL_ENABLED: true}}}
        """,
        3,
    ),
    "override file": (
        "docker-compose.override.yml",
        "services: {a: {environment: {AUTOHEAL_ENABLED: on}}}\n",
        1,
    ),
    "no service at the top, as before version 2": (
        "docker-compose.yml",
        "web:\n  environment:\n    AUTOHEAL_ENABLED: true\n",
        3,
    ),
    "any file that is Compose by content": (
        "stack.yml",
        "services: {a: {image: x, environment: [AUTOHEAL_ENABLED=true]}}\n",
        1,
    ),
    "json": ("compose.json", '{"services": {"a": {"environment": {"AUTOHEAL_ENABLED": true}}}}', 1),
    "crlf": ("compose.yml", "services:\r\n  a:\r\n    environment:\r\n      - AUTOHEAL_ENABLED=true\r\n", 4),
    "byte order mark": ("compose.yml", "\ufeffservices: {a: {environment: [AUTOHEAL_ENABLED=true]}}\n", 1),
    "environment file": ("prod/.env", "LOG=info\nAUTOHEAL_ENABLED=true\n", 2),
    "environment file, exported and quoted": ("autoheal.env", 'export AUTOHEAL_ENABLED="True" # on\n', 1),
    "dev profile, and another": (
        "docker-compose.dev.yml",
        "services: {a: {profiles: [dev, prod], environment: {AUTOHEAL_ENABLED: true}}}\n",
        1,
    ),
    "development file, no profile": (
        "docker-compose.dev.yml",
        "services: {a: {environment: {AUTOHEAL_ENABLED: true}}}\n",
        1,
    ),
}

OVERRIDDEN = """\
x-env: &env {AUTOHEAL_ENABLED: yes}
services:
  api:
    environment:
      <<: *env
      AUTOHEAL_ENABLED: "false"
"""
FOR_DEVELOPMENT = """\
x-environment: development
services: {a: {profiles: ["dev"], environment: {AUTOHEAL_ENABLED: true}}}
"""


def service(body: str) -> str:
    return SERVICE.format(digest="0" * 64, body=body)


@cache
def everything() -> Guarded:
    files: dict[str, str | bytes] = {f"true/{name}.yml": service(body) for name, (body, _) in TRUE.items()}
    files |= {f"false/{name}.yml": service(body) for name, body in NOT_TRUE.items()}
    files |= {
        f"maybe/{n}.yml": service(f"environment:\n      AUTOHEAL_ENABLED: {v}") for n, v in enumerate(MAYBE)
    }
    files |= {f"whole/{name}/{path}": dedent(text) for name, (path, text, _) in WHOLE.items()}
    files |= {f"data/{path}": (DATA / path).read_bytes() for path in EXPECTED}
    files |= {
        "overridden/compose.yml": OVERRIDDEN,
        "dev/compose.dev.yml": FOR_DEVELOPMENT,
        "values/compose.yml": "services: {a: {environment: {AUTOHEAL_ENABLED: '${FLAG}'}}}\n",
        "values/.env": "FLAG=true\n",
        "named/compose.yml": "services: {a: {env_file: [./settings], environment: {X: y}}}\n",
        "named/settings": "AUTOHEAL_ENABLED=true\n",
    }
    return look(files)


def denied(path: str) -> list[int]:
    return [each.line for each in found(everything(), path, "autoheal_disabled") if each.severity == "deny"]


@pytest.mark.parametrize("name", TRUE)
def test_every_way_to_write_true_is_found_on_its_line(name: str) -> None:
    assert denied(f"true/{name}.yml") == [TRUE[name][1]]


@pytest.mark.parametrize("name", NOT_TRUE)
def test_what_is_not_true_passes(name: str) -> None:
    assert found(everything(), f"false/{name}.yml") == []


@pytest.mark.parametrize("number", range(len(MAYBE)))
def test_what_some_programs_take_for_true_is_a_warning(number: int) -> None:
    told = found(everything(), f"maybe/{number}.yml", "autoheal_disabled")
    assert [(each.severity, each.line) for each in told] == [("warn", 5)]


@pytest.mark.parametrize("name", WHOLE)
def test_every_kind_of_file_is_looked_at(name: str) -> None:
    path, _, line = WHOLE[name]
    assert denied(f"whole/{name}/{path}") == [line]


def test_a_merged_value_that_is_overridden_does_not_count() -> None:
    assert denied("overridden/compose.yml") == []


def test_a_service_with_only_the_dev_profile_in_a_development_file_may() -> None:
    assert denied("dev/compose.dev.yml") == []


def test_a_variable_set_in_the_env_file_beside_it_is_followed() -> None:
    assert denied("values/compose.yml") == [1]


def test_a_file_that_env_file_names_is_read_whatever_its_name() -> None:
    assert denied("named/settings") == [1]


@pytest.mark.parametrize("path", EXPECTED)
def test_the_collected_samples_are_told_apart(path: str) -> None:
    told = [each for each in found(everything(), f"data/{path}") if each.severity == "deny"]
    assert bool(told) == (EXPECTED[path]["expect"] == "report")


SPELLINGS = st.sampled_from(("true", "True", "TRUE", "yes", "Yes", "on", "ON"))
QUOTES = st.sampled_from(("", "'", '"'))


@settings(max_examples=150, deadline=None)
@given(
    value=SPELLINGS,
    quote=QUOTES,
    key_quote=QUOTES,
    listed=st.booleans(),
    indent=st.integers(1, 6),
    before=st.integers(0, 5),
    default=st.booleans(),
)
def test_however_it_is_laid_out_its_line_is_known(
    value: str, quote: str, key_quote: str, listed: bool, indent: int, before: int, default: bool
) -> None:
    text = f"${{X:-{value}}}" if default else value
    pad = " " * indent
    entry = (
        f"- {quote}AUTOHEAL_ENABLED={text}{quote}"
        if listed
        else f"{key_quote}AUTOHEAL_ENABLED{key_quote}: {quote}{text}{quote}"
    )
    more = ["- A=b" if listed else "A: b"] if before else []
    lines = ["services:", f"{pad}api:", f"{pad * 2}environment:", *[f"{pad * 3}# {n}" for n in range(before)]]
    lines += [f"{pad * 3}{each}" for each in (*more, entry)]
    documents = read("\n".join(lines).encode(), file="compose.yml")
    facts = environment(documents, documents.roots[0], "compose.yml", {})
    assert {each["line"] for each in facts} == {len(lines)}
    assert all(value in each["values"] for each in facts)
