"""Rules files into a Policy, or into every error at once. How the shipped defaults come in is told in `__init__`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from pydantic import ValidationError

import bot
from bot.adapters.rules.document import WHOLE_FILE, Document, read_document
from bot.adapters.rules.grammar import RULES_PATHS
from bot.adapters.rules.problems import MOST, problems
from bot.adapters.rules.references import reference_errors
from bot.adapters.rules.rules_spec import RulesSpec
from bot.errors import UserError
from bot.model.policy import Environment, Policy, RulesError
from bot.model.snapshot import PolicyResult

SHIPPED = Path(bot.__file__).resolve().parent.parent / "policies" / "promotion-rules.yaml"
"""The shipped defaults: `policies/` lies beside `bot/`, in the checkout and where it is installed."""


def load_policy(files: Mapping[str, bytes], *, sha: str) -> PolicyResult:
    """The policy of a config repository, from those of RULES_PATHS that exist at commit `sha` of its default branch.

    A policy or all errors, sorted by line, never both; no file at all and two files are errors as well. Raises
    UserError only when the installation's own defaults cannot be read.
    """
    present = [path for path in RULES_PATHS if path in files]
    if not present:
        return _whole_file(RULES_PATHS[0], f"no rules file; write {' or '.join(RULES_PATHS)}")
    if len(present) > 1:
        return _whole_file(present[1], f"there is {present[0]} as well; keep one of the two")
    return check_text(present[0], files[present[0]], sha=sha)


def check_text(path: str, data: bytes, *, sha: str = "") -> PolicyResult:
    """The policy in one file's bytes, or all its errors; `path` is how messages call it."""
    found = _checked(path, data)
    return found if found.policy is None else PolicyResult(policy=replace(found.policy, sha=sha))


@lru_cache(maxsize=32)
def _checked(path: str, data: bytes) -> PolicyResult:
    """The same bytes say the same: a file is read once, not in each look at each of its repository's subjects."""
    shipped = shipped_rules()
    document, rules = _read(path, data)
    errors = document.errors
    if isinstance(document.data, dict):
        errors += reference_errors(document, shipped.environments)
    if rules is None or errors:
        return PolicyResult(policy=None, errors=_in_order(errors))
    return PolicyResult(policy=_policy(rules, shipped, path))


def _in_order(errors: Iterable[RulesError]) -> tuple[RulesError, ...]:
    """By line, each once, and no more than anybody reads."""
    unique = {(error.line, error.column, error.key, error.message): error for error in errors}
    ordered = tuple(unique[key] for key in sorted(unique))
    if len(ordered) <= MOST:
        return ordered
    follow = replace(ordered[MOST], key=WHOLE_FILE, message="more errors follow; mend these first")
    return (*ordered[:MOST], follow)


@cache
def shipped_rules() -> RulesSpec:
    """The defaults that ship. Raises UserError when the installation is damaged."""
    try:
        data = SHIPPED.read_bytes()
    except OSError as error:
        raise UserError(f"{SHIPPED} cannot be read ({error.strerror}); install Lockstep again") from error
    document, rules = _read(str(SHIPPED), data)
    if rules is None or document.errors:
        raise UserError("; ".join(str(error) for error in document.errors))
    return rules


def _read(path: str, data: bytes) -> tuple[Document, RulesSpec | None]:
    """The document with all that is wrong with its shape, and its model when nothing is."""
    document = read_document(path, data)
    if document.errors and document.data is None:
        return document, None
    if not isinstance(document.data, dict):
        found = "an empty file" if document.data is None else "something else"
        message = f"expected a mapping that begins with `version: 1`; found {found}"
        document.errors.append(document.error((), message))
        return document, None
    try:
        return document, RulesSpec.model_validate(document.data)
    except ValidationError as error:
        document.errors += problems(document, error)
        return document, None


def _policy(rules: RulesSpec, shipped: RulesSpec, path: str) -> Policy:
    def pick(key: str) -> RulesSpec:
        return rules if key in rules.model_fields_set else shipped

    alerts, validation = pick("alerts").alerts, pick("validation").validation
    return Policy(
        path=path,
        sha="",
        sources=tuple(source.made() for source in rules.sources),
        environments=tuple(_environments(rules, shipped)),
        roles={name: role.made() for name, role in rules.roles.items()},
        owners=tuple(dict.fromkeys(rules.owners)),
        alerts=alerts.made() if alerts else None,
        guards=pick("guards").guards.made(),
        notify=pick("notify").notify.made(),
        freeze=tuple(freeze.made() for freeze in pick("freeze").freeze),
        commands=pick("commands").commands.made(),
        validation=validation.made() if validation else None,
    )


def _environments(rules: RulesSpec, shipped: RulesSpec) -> list[Environment]:
    made = [spec.made_as(name, shipped.environments.get(name)) for name, spec in rules.environments.items()]
    return [_without_missing_hotfix_origin(each, rules) for each in made]


def _without_missing_hotfix_origin(environment: Environment, rules: RulesSpec) -> Environment:
    """A shipped `hotfix.from` may name an environment that this team does not have: then the ordinary way holds."""
    if environment.hotfix.comes_from in (None, *rules.environments):
        return environment
    return replace(environment, hotfix=replace(environment.hotfix, comes_from=None))


def _whole_file(path: str, message: str) -> PolicyResult:
    error = RulesError(file=path, line=1, column=1, key=WHOLE_FILE, message=message)
    return PolicyResult(policy=None, errors=(error,))
