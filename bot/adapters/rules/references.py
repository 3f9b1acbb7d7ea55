"""What one mapping cannot know: names that must exist elsewhere in the rules file, be unique, or not run in a circle.

Works on the plain values, not on validated models, so that these errors come together with all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from bot.adapters.rules.document import Document, Path, dotted
from bot.adapters.rules.problems import near_miss, shown
from bot.adapters.rules.rules_spec import EnvironmentSpec
from bot.model.policy import RulesError

_MEASURED_GATES = ("slo", "error_budget", "canary", "metrics", "critical_alerts", "stability")


def reference_errors(document: Document, shipped: dict[str, EnvironmentSpec]) -> Iterator[RulesError]:
    """Every broken reference of the document. `shipped` are the default environments by name."""
    checker = _References(document, shipped)
    return chain(
        checker.sources(),
        checker.environments(),
        checker.circles(),
        checker.values(),
        checker.roles(),
        checker.places(),
    )


def _table(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _rows(value: Any, key: str) -> list[Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def _words(value: Any, key: str) -> Iterator[tuple[int, str]]:
    return ((index, word) for index, word in enumerate(_rows(value, key)) if isinstance(word, str))


class _References:
    def __init__(self, document: Document, shipped: dict[str, EnvironmentSpec]) -> None:
        self.document, self.shipped = document, shipped
        self.names = _table(document.data, "environments")
        self.defined_roles = _table(document.data, "roles")
        self.component_homes: dict[str, Path] = {}

    def sources(self) -> Iterator[RulesError]:
        """There are sources; their names are unique; a component belongs to exactly one."""
        rows = _rows(self.document.data, "sources")
        if not rows and not isinstance(self.document.data.get("sources"), dict | str):
            yield self.document.error(("sources",), "missing; expected a list of who may hand over digests")
        names: dict[str, Path] = {}
        runs: dict[tuple[str, ...], Path] = {}
        for index, source in enumerate(rows):
            path: Path = ("sources", index)
            yield from self._source_name(source, path, names)
            yield from self._same_runs(source, path, runs)
            for component in _table(source, "components"):
                here = (*path, "components", component)
                first = self.component_homes.setdefault(component, here)
                if first != here:
                    yield self._twice(here, f"component `{component}`", first)

    def _source_name(self, source: Any, path: Path, names: dict[str, Path]) -> Iterator[RulesError]:
        repository = source.get("repository") if isinstance(source, dict) else None
        key = "name" if isinstance(source, dict) and source.get("name") else "repository"
        name = source.get("name") or repository if isinstance(source, dict) else None
        if not isinstance(name, str):
            return
        name = name.rpartition("/")[2]
        if key == "repository" and name.startswith((".", "-", "_")):
            yield self.document.error(
                (*path, key), f"`{name}` cannot end a branch name; give this source a `name`"
            )
        first = names.setdefault(name.casefold(), (*path, key))
        if first != (*path, key):
            yield self._twice((*path, key), f"source name `{name}`", first, "; give one a `name` of its own")

    def _same_runs(self, source: Any, path: Path, runs: dict[tuple[str, ...], Path]) -> Iterator[RulesError]:
        """One run's artifact has one meaning, so two sources cannot both wait for it."""
        if not isinstance(source, dict) or not {"repository", "workflow"} <= source.keys():
            return
        artifact = source.get("artifact", "component-tags")
        run = (str(source["repository"]).casefold(), str(source["workflow"]), str(artifact))
        first = runs.setdefault(run, (*path, "workflow"))
        if first != (*path, "workflow"):
            what, remedy = "the same repository, workflow and artifact", "; make them one source"
            yield self._twice((*path, "workflow"), what, first, remedy)

    def _twice(self, path: Path, what: str, first: Path, remedy: str = "; keep one") -> RulesError:
        here, there = self.document.line(path), self.document.line(first)
        message = f"{what} on line {here} is on line {there} too ({dotted(first)}){remedy}"
        return self.document.error(path, message, at_key=True)

    def environments(self) -> Iterator[RulesError]:
        """There are environments, each with values and an existing `from`."""
        if not self.names and "environments" not in self.document.data:
            yield self.document.error(("environments",), "missing; expected at least one environment")
        elif not self.names and isinstance(self.document.data["environments"], dict):
            yield self.document.error(("environments",), "expected at least one environment; found none")
        for name, environment in self.names.items():
            if isinstance(environment, dict) and environment.get("values", []) == []:
                message = "missing; expected the files that say what runs here: `[{file: …, path: …}]`"
                yield self.document.error(("environments", name, "values"), message)

    def circles(self) -> Iterator[RulesError]:
        """Every environment's `from`, followed, ends at one where releases enter."""
        origins = {
            name: value.get("from") if isinstance(value, dict) else None for name, value in self.names.items()
        }
        reported: set[str] = set()
        for name in origins:
            trail = [name]
            while isinstance(step := origins.get(trail[-1]), str) and step not in trail and step in origins:
                trail.append(step)
            if isinstance(step, str) and step in trail and step not in reported:
                circle = trail[trail.index(step) :]
                reported.update(circle)
                message = (
                    f"a circle: {' ← '.join([*circle, step])}; releases must enter somewhere, without `from`"
                )
                yield self.document.error(("environments", circle[0], "from"), message)

    def values(self) -> Iterator[RulesError]:
        """Values entries tell components apart, name existing ones, and no place belongs to two."""
        taken: dict[tuple[str, str], list[tuple[frozenset[str] | None, Path]]] = {}
        for name, environment in self.names.items():
            for index, entry in enumerate(_rows(environment, "values")):
                if not isinstance(entry, dict):
                    continue
                path: Path = ("environments", name, "values", index)
                listed = _rows(entry, "components")
                place = entry.get("path")
                if isinstance(place, str) and "{component}" not in place and len(listed) != 1:
                    message = "expected `{component}` in the path, or exactly one entry in `components`"
                    yield self.document.error((*path, "path"), f"{message}; found {shown(place)}")
                for at, component in _words(entry, "components"):
                    yield from self._known_component((*path, "components", at), component)
                mine = frozenset(each for each in listed if isinstance(each, str)) if listed else None
                spot = (str(entry.get("file")), str(place))
                for theirs, first in taken.get(spot, []):
                    if mine is None or theirs is None or mine & theirs:
                        yield self._twice(path, f"`{spot[0]}` at `{spot[1]}`", first, "; each needs its own")
                        break
                taken.setdefault(spot, []).append((mine, path))

    def _known_component(self, path: Path, component: str) -> Iterator[RulesError]:
        if component not in self.component_homes:
            hint = near_miss(component, list(self.component_homes))
            yield self.document.error(path, f"no source has a component {shown(component)}{hint}")

    def roles(self) -> Iterator[RulesError]:
        """Roles that are asked for exist, also those that shipped defaults ask for."""
        for name, environment in self.names.items():
            path: Path = ("environments", name)
            yield from self._approvals(environment, path)
            yield from self._approvals(_table(environment, "rollback"), (*path, "rollback"))
            hotfix = _table(environment, "hotfix")
            yield from self._approvals(hotfix, (*path, "hotfix"))
            if isinstance(hotfix.get("role"), str):
                yield from self._role((*path, "hotfix", "role"), hotfix["role"])
            yield from self._nobody_is_skipped(name, environment, path)
            if isinstance(environment, dict) and "approvals" not in environment and name in self.shipped:
                for approval in self.shipped[name].approvals:
                    if approval.role not in self.defined_roles:
                        message = (
                            f"the shipped rules ask for an approval by role `{approval.role}`, which is not under "
                            "`roles`; define it, or write this environment's own `approvals`"
                        )
                        yield self.document.error((*path, "approvals"), message, at_key=True)
        for index, role in _words(self.document.data, "owners"):
            yield from self._role(("owners", index), role)
        commands = _table(self.document.data, "commands")
        holders: dict[Path, Any] = {("commands",): commands}
        for name, below in _table(commands, "environments").items():
            holders["commands", "environments", name] = below
        for path, holder in holders.items():
            for command in holder if isinstance(holder, dict) else ():
                for index, role in _words(holder, command):
                    yield from self._role((*path, command, index), role)
        for index, role in _words(_table(self.document.data, "validation"), "escalate"):
            yield from self._role(("validation", "escalate", index), role)

    def _approvals(self, holder: Any, path: Path) -> Iterator[RulesError]:
        seen: set[str] = set()
        for index, approval in enumerate(_rows(holder, "approvals")):
            role = approval.get("role") if isinstance(approval, dict) else None
            if not isinstance(role, str):
                continue
            here: Path = (*path, "approvals", index, "role")
            yield from self._role(here, role)
            if role in seen:
                yield self.document.error(here, f"role `{role}` is listed already; raise its `count` instead")
            seen.add(role)

    def _nobody_is_skipped(self, name: str, environment: Any, path: Path) -> Iterator[RulesError]:
        """`merge: auto` waits for nobody, so it cannot stand beside approvals, written or shipped."""
        if not isinstance(environment, dict):
            return
        shipped = self.shipped.get(name)
        merge = environment.get("merge", shipped.merge.value if shipped else None)
        approvals = environment.get("approvals", shipped.approvals if shipped else [])
        if merge == "auto" and approvals:
            message = (
                "`auto` waits for nobody, but approvals are demanded: write `approved`, or `approvals: []`"
            )
            yield self.document.error((*path, "merge"), message, at_key="merge" not in environment)

    def _role(self, path: Path, role: str) -> Iterator[RulesError]:
        if role not in self.defined_roles:
            hint = near_miss(role, list(self.defined_roles)) or "; define it under `roles`"
            yield self.document.error(path, f"no such role: {shown(role)}{hint}")

    def places(self) -> Iterator[RulesError]:
        """Environments, components and channels that are named elsewhere exist."""
        data = self.document.data
        for name, environment in self.names.items():
            path: Path = ("environments", name)
            named: dict[Path, Any] = {}
            if isinstance(environment, dict):
                named[("from",)] = environment.get("from")
            named[("hotfix", "from")] = _table(environment, "hotfix").get("from")
            for gate in _MEASURED_GATES:
                measured = _table(_table(environment, "gates"), gate).get("environment")
                named[("gates", gate, "environment")] = measured
            for below, value in named.items():
                yield from self._environment((*path, *below), value)
            applications = environment.get("argocd") if isinstance(environment, dict) else None
            single = isinstance(applications, dict)
            for index, application in enumerate([applications] if single else _rows(environment, "argocd")):
                base: Path = (*path, "argocd") if single else (*path, "argocd", index)
                for at, component in _words(application, "components"):
                    yield from self._known_component((*base, "components", at), component)
        for holder in (("alerts", "bundles"), ("commands", "environments")):
            for key in _table(_table(data, holder[0]), holder[1]):
                yield from self._environment((*holder, key), key)
        notify = _table(data, "notify")
        lists = [(("freeze", index), row) for index, row in enumerate(_rows(data, "freeze"))]
        rules = [(("notify", "rules", index), row) for index, row in enumerate(_rows(notify, "rules"))]
        for where, row in [*lists, *rules]:
            for at, word in _words(row, "environments"):
                yield from self._environment((*where, "environments", at), word)
        for at, word in _words(notify, "critical"):
            yield from self._environment(("notify", "critical", at), word)
        channels = list(_table(notify, "channels"))
        for where, row in rules:
            for at, word in _words(row, "channels"):
                if word not in channels:
                    message = f"no such channel: {shown(word)}{near_miss(word, channels)}"
                    yield self.document.error((*where, "channels", at), message)

    def _environment(self, path: Path, name: Any) -> Iterator[RulesError]:
        if isinstance(name, str) and name not in self.names:
            hint = near_miss(name, list(self.names))
            yield self.document.error(path, f"no such environment: {shown(name)}{hint}")
