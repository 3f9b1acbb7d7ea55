"""The guards digest_only, alertmanager_urls, no_plain_secrets and protected_paths, and what cannot be read (G1, R8)."""

from __future__ import annotations

from functools import cache

import pytest

from bot.decide.guards import Guarded
from bot.model.guards import Change, GuardFile
from bot.model.policy_after import Guards, Level
from tests.decide.guards.asking import found, look

HEX = "ab12" * 16
POD = "spec: {containers: [{name: a, image: %s}]}"

# Path, text, and the lines of what is not pinned.
IMAGES = {
    "pod by tag": ("k/a.yaml", f"apiVersion: v1\nkind: Pod\n{POD % 'nginx:1.25'}\n", [3]),
    "pod without a tag": ("k/a.yaml", f"apiVersion: v1\nkind: Pod\n{POD % 'nginx'}\n", [3]),
    "pod by digest": ("k/a.yaml", f"apiVersion: v1\nkind: Pod\n{POD % f'nginx@sha256:{HEX}'}\n", []),
    "tag beside a digest": ("k/a.yaml", f"apiVersion: v1\nkind: Pod\n{POD % f'nginx:1@sha256:{HEX}'}\n", []),
    "case 37: digest in upper case": (
        "k/a.yaml",
        f"apiVersion: v1\nkind: Pod\n{POD % f'nginx@sha256:{HEX.upper()}'}\n",
        [3],
    ),
    "case 37: digest too short": (
        "k/a.yaml",
        f"apiVersion: v1\nkind: Pod\n{POD % f'nginx@sha256:{HEX[1:]}'}\n",
        [3],
    ),
    "a registry's port is no tag": (
        "k/a.yaml",
        f"apiVersion: v1\nkind: Pod\n{POD % 'reg:5000/nginx'}\n",
        [3],
    ),
    "template that was not rendered": (
        "k/a.yaml",
        f"apiVersion: v1\nkind: Pod\n{POD % '{{ .Image }}'}\n",
        [3],
    ),
    "init container, ephemeral container": (
        "k/a.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n  - image: a:1\n  ephemeralContainers:\n  - image: b\n",
        [5, 7],
    ),
    "cron job": (
        "k/a.yaml",
        "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [\n{image: a:1}]}}}}}\n",  # noqa: E501 (a row of a table)
        [4],
    ),
    "list": (
        "k/a.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - image: a:1\n",  # noqa: E501 (a row of a table)
        [8],
    ),
    "second document": ("k/a.yaml", f"a: b\n---\napiVersion: v1\nkind: Pod\n{POD % 'a:1'}\n", [5]),
    "custom resource": (
        "k/a.yaml",
        "apiVersion: x/v1\nkind: Prometheus\nspec:\n  image: quay.io/p/p:v2\n",
        [4],
    ),
    "alias": ("k/a.yaml", "x: &i a:1\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: *i\n", [6]),
    "definition of a kind": (
        "k/a.yaml",
        "apiVersion: v1\nkind: CustomResourceDefinition\nspec: {image: {type: string}}\n",
        [],
    ),
    "json": (
        "k/a.json",
        '{"apiVersion": "v1", "kind": "Pod",\n"spec": {"containers": [{"image": "a:1"}]}}',
        [2],
    ),
    "kustomize tag": ("k/kustomization.yaml", "images:\n- name: a\n  newTag: v1\n", [3]),
    "kustomize tag and digest": (
        "k/kustomization.yaml",
        f"images:\n- name: a\n  newTag: v1\n  digest: sha256:{HEX}\n",
        [],
    ),
    "kustomize new name": ("k/kustomization.yaml", "images:\n- name: a\n  newName: b\n", []),
    "kustomize patch": (
        "k/kustomization.yaml",
        "patches:\n- patch: |\n    - op: replace\n      path: /spec/containers/0/image\n      value: a:1\n",
        [5],
    ),
    "compose, built and pulled by name": (
        "compose.yml",
        "services:\n  a:\n    build: .\n    image: a:1\n    pull_policy: build\n",
        [],
    ),
    "values, one string": ("helm/values.yaml", "api:\n  image: ghcr.io/a/b:1\n", [2]),
    "values, by parts": ("helm/values.yaml", "api:\n  image:\n    repository: a\n    tag: '1'\n", [4]),
    "values, by parts with a digest": (
        "helm/values.yaml",
        f"api:\n  image:\n    repository: a\n    tag: '1'\n    digest: sha256:{HEX}\n",
        [],
    ),
    "values, digest in the tag": (
        "helm/values.yaml",
        f"api:\n  image:\n    repository: a\n    tag: 1@sha256:{HEX}\n",
        [],
    ),
    "values, empty placeholder": ("helm/values.yaml", "api:\n  image: {repository: '', tag: ''}\n", []),
    "values, a Git repository": (
        "helm/values.yaml",
        "git:\n  repository: https://github.com/a/b\n  tag: v1\n",
        [],
    ),
    "no manifest at all": ("docs/a.yaml", "image: a:1\n", []),
}

URL = "receivers:\n- name: a\n  webhook_configs:\n  - url: %s\nroute: {receiver: a}\n"

OUTSIDE = {
    "external": "https://heal.example.com/hook",
    "upper case": "HTTPS://HEAL.EXAMPLE.COM/",
    "user name that looks inside": "http://localhost@evil.example/",
    "inside's name as a part": "http://autoheal.svc.evil.example/",
    "public address": "http://8.8.8.8/",
    "metadata service": "http://169.254.169.254/latest",
    "public IPv6": "'http://[2606:4700::1111]/'",
    "mapped IPv6": "'http://[::ffff:8.8.8.8]/'",
    "decimal": "http://134744072/",
    "hexadecimal": "http://0x08080808/",
    "octal": "http://010.8.8.8/",
    "backslash": "'http://evil.example\\@localhost/'",
    "look-alike": "http://lосalhost/",
    "template": "'https://{{ .Host }}/hook'",
    "variable": "https://${HOST}/hook",
}

INSIDE = {
    "loopback": "http://127.0.0.1:5001/",
    "localhost": "http://localhost:5001/",
    "IPv6 loopback": "'http://[::1]:5001/'",
    "compose service": "http://autoheal:9009/alerts",
    "cluster service": "http://autoheal.ops.svc.cluster.local/",
    "short cluster service": "http://autoheal.ops.svc:80/",
    "private address": "http://10.0.0.8/",
    "filled in as a whole": "${WEBHOOK_URL}",
    "allowed host": "https://hooks.example.com/x",
    "allowed subdomain": "https://a.pages.example.com/x",
}

TOKENS = {
    "GitHub": "ghp_" + "A1b2" * 9,
    "fine-grained GitHub": "github_pat_" + "A1b2" * 16,
    "AWS": "AKIA" + "ABCDEFGH23456789",
    "Slack": "xoxb-" + "1234567890-" * 3,
    "Slack webhook": "https://hooks.slack.com/services/T0123ABCD/B0123ABCD/" + "a1B2" * 6,
    "Telegram, in an address": "https://api.telegram.org/bot"
    + "123456789"
    + ":AA"
    + "A1b" * 11
    + "/sendMessage",
    "Discord webhook": "https://discord.com/api/webhooks/" + "1234567890" * 2 + "/" + "A1b2" * 17,
    "key": "-----BEGIN RSA PRIVATE KEY-----\\n" + "MIIE" * 8,
}

ALLOWED = Guards(allowed_hosts=("hooks.example.com", "*.pages.example.com"))


@cache
def everything() -> Guarded:
    files = {f"images/{name}/{path}": text for name, (path, text, _) in IMAGES.items()}
    files |= {f"outside/{name}/alertmanager.yml": URL % url for name, url in OUTSIDE.items()}
    files |= {f"inside/{name}/alertmanager.yml": URL % url for name, url in INSIDE.items()}
    files |= {f"tokens/{name}.txt": f'first\n"x": "{token}"\n' for name, token in TOKENS.items()}
    files |= {
        "deep/alertmanager.yml": URL % "https://a.b.pages.example.com/",
        "slack/alertmanager.yml": "global: {slack_api_url: 'https://hooks.slack.com/x'}\nreceivers: [{name: a}]\nroute: {}\n",  # noqa: E501 (a row of a table)
        "fake/alertmanager.yml": "receivers:\n- name: a\n  slack_configs:\n  - api_url: https://evil.example/\nroute: {}\n",  # noqa: E501 (a row of a table)
        "shown/alertmanager.yml": "receivers:\n- name: a\n  slack_configs:\n  - image_url: https://a.example/b.png\nroute: {}\n",  # noqa: E501 (a row of a table)
        "secret/am.yaml": "apiVersion: v1\nkind: Secret\nstringData:\n  alertmanager.yaml: |\n"
        + "".join(f"    {line}\n" for line in (URL % "https://evil.example/").splitlines()),
        "values/values.yaml": "alertmanager:\n  config:\n"
        + "".join(f"    {line}\n" for line in (URL % "https://evil.example/").splitlines()),
        "shared/compose.yml": "x-a: &a\n  image: a:1\n  environment:\n    AUTOHEAL_ENABLED: true\nservices:\n"
        + "".join(f"  s{n}: {{<<: *a}}\n" for n in range(5)),
        "key.pem": "-----BEGIN PRIVATE KEY-----\n" + "MIIE" * 16 + "\n-----END PRIVATE KEY-----\n",
        "prose.md": "A key begins with -----BEGIN PRIVATE KEY----- and so on.\n",
        'odd "name\\.yml': "services: {a: {image: 'x:1'}}\n",
        "quotes.yml": 'services: {a: {image: \'x","file":"evil\'}}\n',
    }
    return look(files, ALLOWED)


def lines(path: str, name: str) -> list[int]:
    return [each.line for each in found(everything(), path, name)]


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_without_digest_is_found_on_its_line(name: str) -> None:
    path, _, expected = IMAGES[name]
    assert lines(f"images/{name}/{path}", "digest_only") == expected


@pytest.mark.parametrize(("guard", "line"), [("digest_only", 2), ("autoheal_disabled", 4)])
def test_what_many_services_share_is_told_once_with_their_names(guard: str, line: int) -> None:
    told = found(everything(), "shared/compose.yml", guard)
    assert [each.line for each in told] == [line]
    assert "s0, s1, s2 and 2 more" in told[0].message


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_address_outside_is_found_however_it_is_written(name: str) -> None:
    assert lines(f"outside/{name}/alertmanager.yml", "alertmanager_urls") == [4]


@pytest.mark.parametrize("name", INSIDE)
def test_an_address_inside_or_allowed_passes(name: str) -> None:
    assert lines(f"inside/{name}/alertmanager.yml", "alertmanager_urls") == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("deep/alertmanager.yml", [4]),
        ("slack/alertmanager.yml", []),
        ("fake/alertmanager.yml", [4]),
        ("shown/alertmanager.yml", []),
        ("secret/am.yaml", [8]),
        ("values/values.yaml", [6]),
    ],
)
def test_a_configuration_is_found_wherever_it_is_kept(path: str, expected: list[int]) -> None:
    assert lines(path, "alertmanager_urls") == expected


@pytest.mark.parametrize("name", TOKENS)
def test_a_secret_is_found_and_never_repeated(name: str) -> None:
    (told,) = found(everything(), f"tokens/{name}.txt", "no_plain_secrets")
    assert told.line == 2
    assert TOKENS[name] not in told.message


def test_a_key_is_told_from_talk_about_keys() -> None:
    assert (lines("key.pem", "no_plain_secrets"), lines("prose.md", "no_plain_secrets")) == ([1], [])


def test_hostile_names_and_values_stay_what_they_are() -> None:
    assert lines('odd "name\\.yml', "digest_only") == [1]
    (told,) = found(everything(), "quotes.yml", "digest_only")
    assert 'x","file":"evil' in told.message


def test_only_the_values_files_of_the_rules_are_managed() -> None:
    text = "a: {image: 'x:1'}\n"
    result = look({"mine/values.yaml": text, "vendor/values.yaml": text}, values=["mine/values.yaml"])
    assert [each.file for each in result.findings] == ["mine/values.yaml"]


def test_a_promotion_may_touch_its_values_files_and_what_is_allowed() -> None:
    change = Change(environment="dev", paths=("v.yaml", "docs/a.md", "x/y.sh"), values=("v.yaml",))
    result = look({}, Guards(allowed_paths=("docs/**",)), change=change)
    assert [(each.guard, each.file) for each in result.findings] == [("protected_paths", "x/y.sh")]


def test_levels_and_ignored_paths_are_obeyed() -> None:
    files = {
        "a/compose.yml": "services: {a: {image: x}}\n",
        "vendor/compose.yml": "services: {a: {image: x}}\n",
    }
    warned = look(files, Guards(digest_only=Level.WARN, ignore=("vendor/**",)))
    assert [(each.file, each.severity) for each in warned.findings] == [("a/compose.yml", "warn")]
    assert not warned.denied
    assert look(files, Guards(digest_only=Level.OFF)).findings == ()


def bomb(levels: int = 20) -> str:
    return "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, levels))


@pytest.mark.parametrize(
    ("path", "data", "line"),
    [
        ("compose.yml", b"services: {a: [\n", 2),
        ("compose.yml", b"services: {}\nservices: {}\n", 2),
        ("compose.yml", b"a: b\n\xff\n", 2),
        ("compose.yml", b"[" * 1000, 1),
        ("compose.yml", b"a: *nothing\n", 1),
        ("k.json", b'{"kind": "Pod", "apiVersion": "v1",\n"x": 1,\n"x": 2}', 3),
        ("compose.yml", b"a: b\n" * 2_000_000, 1),
        ("compose.yml", b"services: {}\nx: [" + b"a," * 600_000 + b"]\n", 1),
    ],
    ids=[
        "broken",
        "a key twice",
        "not UTF-8",
        "too deep",
        "no anchor",
        "a key twice in JSON",
        "too large",
        "too many values",
    ],
)
def test_case_49_what_cannot_be_read_is_found_with_its_line(path: str, data: bytes, line: int) -> None:
    told = look({path: data}).findings
    assert [(each.guard, each.severity, each.line) for each in told] == [("unreadable", "deny", line)]


@pytest.mark.parametrize("path", ["helm/values.yaml", "k8s/api.yaml"])
def test_case_49_text_in_text_without_end_is_found_and_ends_nothing(path: str) -> None:
    text = "".join(
        f"{'  ' * depth}{line}\n"
        for depth in range(400)
        for line in ("apiVersion: v1", "kind: Pod", "image: a:1", "more: |")
    )
    (told,) = [each for each in look({path: text}).findings if each.guard == "unreadable"]
    assert "text in text" in told.message


def test_case_49_an_alias_bomb_costs_nothing() -> None:
    assert look({"compose.yml": bomb(40) + "services: {a: {environment: *a39}}\n"}).findings == ()


def test_a_symbolic_link_is_found_and_a_charts_template_is_noted() -> None:
    from bot.adapters.rego import Rego, shipped
    from bot.decide.guards import guard

    files = [
        GuardFile(path="compose.yml", link=True),
        GuardFile(path="chart/templates/a.yaml", data=b"{{ if x }}\nimage: a\n{{ end }}\n"),
    ]
    result = guard(Rego(), shipped(), files, Guards())
    assert [(each.guard, each.file) for each in result.findings] == [("unreadable", "compose.yml")]
    assert [each.partition(":")[0] for each in result.notes] == ["chart/templates/a.yaml"]
