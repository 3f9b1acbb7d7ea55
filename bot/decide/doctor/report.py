"""The whole report, in the order in which an operator mends things, and its exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.doctor.configs import configs
from bot.decide.doctor.github import github
from bot.decide.doctor.lines import right, troubled, unused, wrong
from bot.model.doctor import Findings, Line, Service, State, Trouble
from bot.model.tidings import ChannelState

STUCK_SECONDS = 600.0
"""A delivery that has waited this long waits for a worker that is not there, or not well."""


def report(found: Findings) -> tuple[Line, ...]:
    """A line for each check."""
    return (
        *_settings(found),
        *_store(found),
        *github(found),
        *configs(found),
        *map(_service, found.services),
    )


def exit_code(lines: Sequence[Line]) -> int:
    """0 all is right; 2 a setting is wrong; 1 something else is; 3 all that is wrong is that nobody answered."""
    bad = [each for each in lines if each.state is State.WRONG]
    if any(each.area == "settings" for each in bad):
        return 2
    if any(not each.silent for each in bad):
        return 1
    return 3 if bad else 0


def _settings(found: Findings) -> list[Line]:
    lines = [_setting(sentence) for sentence in found.settings]
    if not lines:
        lines.append(right("settings", "settings", "every setting is well-formed"))
    return [*lines, *(unused("settings", each.partition(" ")[0], each) for each in found.warnings)]


def _setting(sentence: str) -> Line:
    """`NAME is not set. Set it to …`: the first sentence tells, the rest is what to do."""
    said, _, step = sentence.partition(". ")
    name = sentence.removeprefix("Neither ").partition(" ")[0]
    return wrong("settings", name, said, step or "correct it")


def _store(found: Findings) -> list[Line]:
    lines = []
    if isinstance(found.database, Trouble):
        step = "start the database or correct DATABASE_URL; `lockstep serve` brings the schema up to date"
        lines.append(troubled("database", "database", found.database, step))
    elif found.database is not None:
        lines.append(right("database", "database", found.database))
    if isinstance(found.queue, Trouble):
        lines.append(troubled("queue", "queue", found.queue, "see the database"))
    elif found.queue is not None:
        lines += _queue(found.queue)
    if isinstance(found.channels, Trouble):
        lines.append(troubled("channels", "channels", found.channels, "see the database"))
    else:
        lines += [_channel(each) for each in found.channels]
    return lines


def _channel(state: ChannelState) -> Line:
    """One channel of one config repository: broken, losing messages, without its setting, or well."""
    waiting = f"{state.waiting} {'message waits' if state.waiting == 1 else 'messages wait'}"
    if state.missing:
        says = f"{state.missing} is not set, so nobody is told by this {state.kind} channel"
        return unused("channels", state.name, says)
    if state.trouble:
        step = "mend the channel's setting; what waits is sent when it works again"
        return wrong("channels", state.name, f"{state.trouble}; {waiting}", step)
    if state.dropped:
        says = f"{state.dropped} given up within a day; {waiting}"
        return wrong("channels", state.name, says, "`lockstep ledger --event told` says which and why")
    last = f", the last was taken at {state.sent_at:%Y-%m-%d %H:%M} UTC" if state.sent_at else ""
    return right("channels", state.name, f"takes messages; {waiting}{last}")


def _queue(numbers: Mapping[str, float]) -> list[Line]:
    workers, waiting = int(numbers.get("workers_alive", 0)), int(numbers.get("jobs_waiting", 0))
    oldest = numbers.get("deliveries_oldest_pending_seconds", 0.0)
    parked = int(numbers.get("subjects_parked", 0))
    if workers == 0:
        lines = [wrong("queue", "worker", "no worker is alive", "start `lockstep worker`")]
    else:
        lines = [right("queue", "worker", f"{workers} alive, {waiting} jobs waiting")]
    if oldest > STUCK_SECONDS:
        says = f"a delivery has waited for {oldest / 60:.0f} minutes"
        lines.append(
            wrong("queue", "deliveries", says, "look at the worker's log; start more workers if it is busy")
        )
    else:
        lines.append(right("queue", "deliveries", "none waits for long"))
    if parked:
        says = f"{parked} {'subject is' if parked == 1 else 'subjects are'} parked after repeated failures"
        step = "`lockstep ledger --event parked` says why; `lockstep replay DELIVERY` tries again"
        lines.append(wrong("queue", "parked", says, step))
    return lines


def _service(service: Service) -> Line:
    if not service.used:
        if service.needed_by:
            says = f"{service.setting} is missing, and {service.needed_by} asks for it"
            return wrong("services", service.name, says, _how(service))
        return unused("services", service.name, f"{service.setting} is not set up, and no rules ask for it")
    if isinstance(service.said, Trouble):
        return troubled("services", service.name, service.said, f"check {service.setting} and the way to it")
    return right("services", service.name, service.said)


def _how(service: Service) -> str:
    tools = {
        "promtool": "install the Debian package prometheus",
        "amtool": "install the Debian package prometheus-alertmanager",
    }
    return tools.get(service.name, f"set {service.setting}")
