"""Alertmanager configurations: counts, the places where they are found, templates, and routing probes (row G3)."""

from __future__ import annotations

import base64

import pytest

from bot.decide.alerts import AlertsRefused, Labelling
from bot.decide.probes import (
    BadLabelsError,
    Config,
    Route,
    Shipped,
    config_findings,
    copy_for_amtool,
    critical,
    judged,
    labels_in,
    read_config,
    routing,
    shipped,
)
from bot.model.probes import Said
from tests.decide.probes.memory import Memory

CONFIG = """\
route:
  receiver: mail
  routes:
  - receiver: pager
    routes: [{receiver: mail}]
receivers: [{name: mail}, {name: pager}]
inhibit_rules: [{}, {}, {}]
"""
SECRET = "apiVersion: v1\nkind: Secret\n"
INDENTED = "".join(f"    {line}\n" for line in CONFIG.splitlines())


def config(text: str) -> Config:
    return read_config(text.encode(), file="ops/am.yml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(CONFIG, 2, id="the file itself"),
        pytest.param(
            f"{SECRET}stringData:\n  alertmanager.yaml: |\n{INDENTED}", 6, id="a Secret's stringData"
        ),
        pytest.param(
            f"{SECRET}data:\n  alertmanager.yaml: {base64.b64encode(CONFIG.encode()).decode()}\n",
            4,
            id="a Secret's data",
        ),
        pytest.param(
            f"apiVersion: v1\nkind: ConfigMap\ndata:\n  alertmanager.yml: |-\n{INDENTED}", 6, id="a ConfigMap"
        ),
        pytest.param(f"route: {{host: x}}\nconfig:\n    enabled: true\n{INDENTED}", 5, id="a chart's values"),
        pytest.param("alertmanager:\n  config:\n" + INDENTED, 4, id="a stack chart's values"),
    ],
)
def test_a_configuration_is_found_and_counted_wherever_it_stands(text: str, line: int):
    found = config(text)
    counts = routing(found, text.encode(), copy_for_amtool(found, Memory({})))
    assert (counts.receivers, counts.inhibit_rules, counts.routes) == (2, 3, 2)
    assert (found.default, found.receivers, found.route_line()) == ("mail", ["mail", "pager"], line)


REFUSED = """\
global: {smtp_smarthost: nowhere}
route:
  receiver: mail
  routes:
  - receiver: nobody
    matchers: [team=a, "a:b"]
  - receiver: mail
    active_time_intervals: [night]
receivers:
- name: mail
  webhook_configs: [{url: http://a/}, {url: "${HOOK}"}]
- name: mail
"""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ('undefined receiver "nobody" used in route', 5),
        ("bad matcher format: a:b", 6),
        ('undefined time interval "night" used in route', 8),
        ('unsupported scheme "" for URL', 11),
        ('notification config name "mail" is not unique', 12),
        ("address nowhere: missing port in address", 1),
        ("no route provided in config", None),
        ("yaml: line 7: did not find expected key", 7),
    ],
)
def test_what_amtool_refuses_is_told_at_the_value_that_it_names(words: str, line: int | None):
    given = config(REFUSED)
    said = Said(code=1, text=f"Checking 'a'  FAILED: {words}\namtool: error: failed to validate 1 file(s)\n")
    (found,) = config_findings(said, given, copy_for_amtool(given, Memory({})))
    assert (found.line, found.message) == (line, f"amtool refuses it: {words}")


@pytest.mark.parametrize(
    ("trouble", "option", "other"),
    [("timed out after 60 s", "--timeout", "--memory"), ("ran out of memory", "--memory", "--timeout")],
)
def test_a_limit_that_stopped_amtool_is_told_by_its_own_option(trouble: str, option: str, other: str):
    given = config(REFUSED)
    said = Said(code=-1, text="", trouble=trouble)
    (found,) = config_findings(said, given, copy_for_amtool(given, Memory({})))
    assert option in found.message
    assert other not in found.message


def test_data_that_is_no_base64_is_refused_with_its_line():
    with pytest.raises(AlertsRefused, match=r"am.yml:4: the Secret's data is not base64"):
        config(f"{SECRET}data:\n  alertmanager.yaml: nonsense!\n")


TEMPLATES = Memory(
    {"ops/mail/a.tmpl": "a", "ops/mail/b.tmpl": "b", "ops/mail/secret.txt": "s", "x/c.tmpl": "c"}
)


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("mail/*.tmpl", ["ops/mail/a.tmpl", "ops/mail/b.tmpl"]),
        ("../x/*", ["x/c.tmpl"]),
        ("/etc/alertmanager/mail/*.tmpl", ["ops/mail/a.tmpl", "ops/mail/b.tmpl"]),
        ("/etc/alertmanager/x/c.tmpl", ["x/c.tmpl"]),
        ("/etc/mail/*", ["ops/mail/a.tmpl", "ops/mail/b.tmpl"]),
        ("/etc/nowhere/*.tmpl", []),
        ("mail/[^b].tmpl", ["ops/mail/a.tmpl"]),
        ("**/*.tmpl", ["ops/mail/a.tmpl", "ops/mail/b.tmpl"]),
    ],
)
def test_template_patterns_find_the_repositorys_files(pattern: str, files: list[str]):
    copy = copy_for_amtool(config(f"{CONFIG}templates: ['{pattern}']\n"), TEMPLATES)
    assert list(copy.template_files) == files


def test_the_copy_differs_in_the_template_patterns_alone_and_keeps_every_line():
    text = f"# head\n{CONFIG}templates:\n- /etc/passwd # why\n- 'mail/a.tmpl'\ntime_intervals: []\n"
    copy = copy_for_amtool(config(text), TEMPLATES)
    assert copy.files[copy.name].decode() == text.replace("/etc/passwd", '"0-*.tmpl"').replace(
        "'mail/a.tmpl'", '"1-*.tmpl"'
    )
    assert copy.files.keys() == {copy.name, "1-0.tmpl"}


def test_patterns_behind_an_alias_are_redirected_too():
    text = f"{CONFIG}x: &t /etc/passwd\ntemplates: [*t]\n"
    copy = copy_for_amtool(config(text), TEMPLATES)
    assert config(copy.files[copy.name].decode()).templates()[0][0] == "0-*.tmpl"


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("severity=critical", {"severity": "critical"}),
        ("a=b,c=d e", {"a": "b", "c": "d e"}),
        ('a="x,y=\\"z\\"", b=', {"a": 'x,y="z"', "b": ""}),
    ],
)
def test_labels_are_read(words: str, labels: dict[str, str]):
    assert labels_in(words) == labels


@pytest.mark.parametrize("words", ["", "severity", "=x", "a=1,a=2", "a-b=c", 'a="x'])
def test_what_is_no_list_of_labels_is_refused(words: str):
    with pytest.raises(BadLabelsError):
        labels_in(words)


def ships(rules: str) -> Shipped:
    text = f"groups:\n- name: g\n  rules:\n{rules}"
    found = shipped(text.encode(), path="r.yml", labelling=Labelling(environment="production"))
    assert isinstance(found, Shipped)
    return found


def test_each_critical_alert_that_ships_is_sent_with_its_own_labels():
    file = ships(
        "  - {alert: A, expr: up, labels: {severity: critical, team: db, zone: '{{ $labels.zone }}'}}\n"
        "  - {alert: B, expr: up, labels: {severity: warning}}\n"
    )
    routes, more = critical([file], config(CONFIG), [], environment="production", label="environment")
    labels = {"alertname": "A", "severity": "critical", "team": "db", "environment": "production"}
    assert ([dict(each.labels) for each in routes], more) == ([labels], 0)


def test_without_critical_alerts_any_would_do():
    routes, _ = critical([], config(CONFIG), [], environment="production", label="env")
    assert [dict(each.labels) for each in routes] == [{"severity": "critical", "env": "production"}]


def test_a_flood_of_critical_alerts_is_cut_and_counted():
    file = ships(
        "".join(f"  - {{alert: A{n}, expr: up, labels: {{severity: critical}}}}\n" for n in range(130))
    )
    routes, more = critical([file], config(CONFIG), [], environment="production", label="environment")
    assert (len(routes), more) == (100, 30)


@pytest.mark.parametrize(
    ("receiver", "said", "kinds"),
    [
        ("pager", "pager", []),
        ("pager", "Warning: x\nmail,pager\n", []),
        ("pager", "mail", ["route"]),
        ("pager", "pager2", ["route"]),
        (None, "pager", []),
        (None, "mail,pager", []),
        (None, "mail\n", ["critical-route"]),
    ],
)
def test_where_labels_end_is_judged(receiver: str | None, said: str, kinds: list[str]):
    route = Route(labels={"a": "b"}, receiver=receiver, why="a probe")
    found = judged(route, Said(code=0, text=said), config(CONFIG))
    assert [each.kind.value for each in found] == kinds


@pytest.mark.parametrize(
    "said", [Said(code=1, text="amtool: error: no"), Said(code=-9, text="", trouble="crashed")]
)
def test_a_route_without_an_answer_is_no_pass(said: Said):
    route = Route(labels={"a": "b"}, receiver="pager", why="a probe")
    assert [each.kind.value for each in judged(route, said, config(CONFIG))] == ["no-answer"]
