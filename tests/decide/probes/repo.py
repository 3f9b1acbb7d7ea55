"""A small repository with alert rules, tests, runbooks and an Alertmanager, and the command run on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from bot.cli import lockstep

RULES = """\
groups:
- name: api
  rules:
  - record: job:errors:rate5m
    expr: rate(errors_total[5m])
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: critical}
    annotations:
      summary: "{{ $labels.instance }} is down"
      runbook_url: docs/runbooks/api.md#down
"""

TESTS = """\
rule_files: [../api.yml]
tests:
- interval: 1m
  name: the instance is gone
  input_series:
  - {series: 'up{instance="a"}', values: '0x10'}
  alert_rule_test:
  - alertname: Down
    eval_time: 5m
    exp_alerts:
    - exp_labels: {severity: critical, instance: a}
      exp_annotations: {summary: a is down, runbook_url: docs/runbooks/api.md#down}
"""

RUNBOOK = "# API\n## Down\n### Symptoms\n### Impact\n### Investigation\n### Mitigation\n### Prevention\n"

ALERTMANAGER = """\
route:
  receiver: default
  routes:
  - matchers: [severity="critical"]
    receiver: pager
receivers:
- name: default
- name: pager
"""


@dataclass(frozen=True, slots=True)
class Repo:
    """Files below `root`; `probe` runs the command as people do."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def probe(self, *words: object) -> Result:
        given = ["alerts", "probe", "--source", self.root / "ops/alerts", "--root", self.root, *words]
        return CliRunner().invoke(lockstep, [str(word) for word in given])

    def json(self, *words: object) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.probe("--json", *words).stdout)
        return result

    def findings(self, *words: object) -> list[tuple[str, str, int | None]]:
        """(kind, file, line) of each."""
        return [(each["kind"], each["file"], each["line"]) for each in self.json(*words)["findings"]]

    def message(self, kind: str, *words: object) -> str:
        """The message of the only finding of that kind."""
        (found,) = [each for each in self.json(*words)["findings"] if each["kind"] == kind]
        return str(found["message"])


def repo(root: Path) -> Repo:
    """The repository in which everything is right."""
    made = Repo(root)
    made.write("ops/alerts/api.yml", RULES)
    made.write("ops/alerts/tests/api_test.yml", TESTS)
    made.write("docs/runbooks/api.md", RUNBOOK)
    made.write("ops/alertmanager.yml", ALERTMANAGER)
    return made
