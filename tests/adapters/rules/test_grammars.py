"""What single values may look like: paths, images, names (attack cases 38 and 50)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.adapters.rules import grammar, times

GOOD: list[tuple[Callable[[str], object], list[str]]] = [
    (grammar.repository, ["splattop/app", "Octo-Cat/my.repo_1", "emu_corp/x"]),
    (grammar.workflow, [".github/workflows/build.yml", ".github/workflows/a-b_c.1.yaml"]),
    (grammar.branch_glob, ["main", "release/*", "hotfix/**", "**/x", "feature_1.2", "*"]),
    (
        grammar.image_repository,
        [
            "ghcr.io/splattop/api",
            "localhost/api",
            "localhost:5000/api",
            "registry:5000/a/b/c",
            "docker.io/library/nginx",
            "ghcr.io/org/a__b-c.d",
            "123456789.dkr.ecr.eu-west-1.amazonaws.com/x",
        ],
    ),
    (grammar.component, ["api", "0", "a.b_c-d", "x" * 63]),
    (grammar.environment, ["dev", "prod-eu-1", "a" * 31]),
    (grammar.team, ["splattop/platform", "splattop/on_call-1"]),
    (grammar.login, ["octocat", "a-b", "x"]),
    (
        grammar.path,
        ["values.yaml", "helm/a b/values.yaml", "a/.hidden/x", "ops/github/x", "a/-x", "gitignore", "ä.yaml"],
    ),
    (grammar.values_file, ["values.yaml", "helm/x/values-dev.yml"]),
    (grammar.values_path, ["{component}.image", "a.{component}-x.image.0", r"a\.b.c", "image"]),
    (grammar.url, ["https://example.com/healthz?x=1", "http://svc.ns.svc.cluster.local:8080"]),
    (times.timezone, ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]),
    (grammar.pattern, ["ok|up", "^v[0-9]+$"]),
    (grammar.matcher, ['severity="critical"', "team=~a", 'x!~"a|b"']),
    (grammar.source_name, ["app", "my.app_1"]),
]
BAD: list[tuple[Callable[[str], object], list[str]]] = [
    (
        grammar.repository,
        [
            "app",
            "a/b/c",
            "/app",
            "a/",
            "https://github.com/a/b",
            "a/b.git",
            "a/..",
            "-a/b",
            "a b/c",
            "а/b",
            "a/b\n",
        ],
    ),
    (
        grammar.workflow,
        [
            "build.yml",
            "Build",
            ".github/workflows/../x.yml",
            ".github/workflows/a/b.yml",
            ".github/workflows/build.json",
            ".github/workflows/build.yml@main",
            ".github/workflows/.yml",
            "/.github/workflows/build.yml",
        ],
    ),
    (
        grammar.branch_glob,
        [
            "",
            "-x",
            "/a",
            "a/",
            "a//b",
            "a..b",
            "a?b",
            "a[b]",
            "refs/heads/main",
            "a b",
            "a.lock",
            "a@{1}",
            ".a",
            "!a",
            "***",
        ],
    ),
    (grammar.component, ["", "API", "-a", "a/b", "a b", "x" * 64, "аpi", "a\n", "{component}"]),
    (grammar.environment, ["", "Dev", "1dev", "a_b", "a" * 32, "dev/x", "dev\n", "../x"]),
    (grammar.team, ["platform", "@splattop/platform", "splattop/", "splattop/Plat form", "a/b/c"]),
    (grammar.login, ["@octocat", "a--b", "-a", "", "a/b"]),
    (grammar.values_file, ["helm/values", "x.json", "promotion/promotion-rules.yaml"]),
    (
        grammar.values_path,
        ["", ".", "a..b", ".a", "a.", "{x}.a", "a b", "{{component}}", "\\", "a" * 201],
    ),
    (
        grammar.url,
        [
            "example.com",
            "ftp://x/y",
            "file:///etc/passwd",
            "https://u:p@x/",
            "https://",
            "http://[::1",
            "a b",
        ],
    ),
    (times.timezone, ["", "Mars/Base", "../../etc/passwd", "CET+1:00"]),
    (grammar.pattern, ["", "(", r"(a)\1", "a" * 1001]),
    (grammar.matcher, ["", "severity", 'a="b" or c', 'a="b"c"']),
    (grammar.source_name, [".github", "a..b", "a.lock", "a/b", "a b"]),
    (grammar.email, ["x", "a@b@c", "a b@c", "x@y\nBcc: z@z"]),
]


@pytest.mark.parametrize(("parse", "text"), [(parse, text) for parse, texts in GOOD for text in texts])
def test_a_proper_value_is_taken_as_it_is(parse: Callable[[str], object], text: str) -> None:
    assert parse(text) == text


@pytest.mark.parametrize(("parse", "text"), [(parse, text) for parse, texts in BAD for text in texts])
def test_an_improper_value_is_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|never"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "../x.yaml",
        "a/../x.yaml",
        "/etc/passwd",
        "./x.yaml",
        "a//x.yaml",
        "a/",
        ".github/workflows/ci.yml",
        ".GitHub/x.yaml",
        ".git/config",
        "a/.git/config",
        "a/.GIT/x",
        ".git./x",
        "git~1/x",
        "%2e%2e/x.yaml",
        "a/%2E%2E/x",
        "%2fetc/x",
        "-flag",
        "--output=x.yaml",
        "a\x00.yaml",
        "a\\b.yaml",
        "C:/x.yaml",
        "~/x.yaml",
        ":(top)x",
        "a/\u200b.git/x",
        ".g\u200bit/x",
        "\uff0egit/x",
        "",
        " a.yaml",
        "a\n.yaml",
    ],
)
@pytest.mark.parametrize("parse", [grammar.path, grammar.values_file, grammar.glob])
def test_case_50_a_path_that_leads_elsewhere_is_refused(parse: Callable[[str], object], text: str) -> None:
    if parse is grammar.glob and text.startswith(".github/"):
        text += "/.."  # a guard may be told to ignore a workflow; nothing is read or written by that
    with pytest.raises(ValueError, match=r"expected|never"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "ghcr.io@evil/org/app",
        "user:secret@ghcr.io/org/app",
        "https://ghcr.io/org/app",
        "ghcr.io/org/app:1.0",
        "ghcr.io/org/app@sha256:" + "0" * 64,
        "ghcr.io/Org/app",
        "GHCR.io/org/app",
        "ghсr.io/org/app",
        "ghcr.io/org/аpp",
        "org/app",
        "app",
        "ghcr.io",
        "ghcr.io/",
        "ghcr.io//app",
        "ghcr.io/org/app/",
        "ghcr.io:/org/app",
        "ghcr.io:99999999/org/app",
        "ghcr.io/org/../app",
        "-ghcr.io/org/app",
        "ghcr.io/org/app\n",
        "",
    ],
)
def test_case_38_an_image_repository_that_is_not_exact_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected an? (image repository|registry host)"):
        grammar.image_repository(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("500ms", timedelta(milliseconds=500)),
        ("0s", timedelta(0)),
        ("1.5h", timedelta(minutes=90)),
    ],
)
def test_a_duration_reads_as_its_length(text: str, value: timedelta) -> None:
    assert times.duration(text) == value


@pytest.mark.parametrize("text", ["24h", "90s", "15m", "500ms", "0s", "720h"])
def test_a_duration_is_written_as_it_was_read(text: str) -> None:
    assert times.duration_text(times.duration(text)) == text
