"""A real Prometheus with a rule of its own, and a real Alertmanager that posts what fires; both in a hurry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.running import Running, binary, free_port, running


@contextmanager
def watching(
    folder: Path, *, target: str, rules: str, webhook: str, token: str
) -> Iterator[tuple[Running, Running]]:
    """Prometheus scrapes `target` (host:port) and evaluates the rule file `rules` each second; Alertmanager posts to
    `webhook` with the bearer token at once, and again each second for as long as it fires."""
    with ExitStack() as stack:
        manager = stack.enter_context(_alertmanager(folder / "alertmanager", webhook, token))
        yield stack.enter_context(_prometheus(folder / "prometheus", target, rules, manager.url)), manager


@contextmanager
def _prometheus(folder: Path, target: str, rules: str, alertmanager: str) -> Iterator[Running]:
    folder.mkdir()
    (folder / "rules.yml").write_text(rules)
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        "rule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: app, static_configs: [{{targets: ['{target}']}}]}}]\n"
        "alerting: {alertmanagers: [{static_configs: [{targets: ['"
        + alertmanager.removeprefix("http://")
        + "']}]}]}\n"
    )
    port = free_port()
    command = [
        binary("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--rules.alert.resend-delay=1s",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


@contextmanager
def _alertmanager(folder: Path, webhook: str, token: str) -> Iterator[Running]:
    folder.mkdir()
    (folder / "token").write_text(token)
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: lockstep, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s}\n"
        "receivers:\n"
        "  - name: lockstep\n"
        "    webhook_configs:\n"
        f"      - url: {webhook}\n"
        "        send_resolved: true\n"
        "        http_config: {authorization: {type: Bearer, credentials_file: token}}\n"
    )
    port = free_port()
    command = [
        binary("prometheus-alertmanager", "alertmanager"),
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server
