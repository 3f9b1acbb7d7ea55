"""`lockstep check`: validates a rules file before it is pushed. Exit codes: 0 valid, 2 invalid or unreadable."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from bot.adapters.rules import RULES_PATHS, check_text, json_schema, load_policy
from bot.adapters.rules.reference import reference
from bot.model.policy import Environment, Policy
from bot.model.snapshot import PolicyResult

INVALID = 2
"""The exit code for usage and configuration errors."""

EPILOG = """\b
Examples:
  lockstep check
  lockstep check promotion/promotion-rules.yaml
  lockstep check --schema > promotion-rules.schema.json
  lockstep check --keys
"""


@click.command("check", epilog=EPILOG)
@click.argument("path", default=".", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the rules file for editors, and stop.")
@click.option(
    "--keys", is_flag=True, help="Print a table of every key with its default and meaning, and stop."
)
def check(path: Path, as_json: bool, schema: bool, keys: bool) -> None:
    """Validate a rules file.

    PATH is a rules file, or a repository that holds one in promotion/ or .github/ (default: this directory). Every
    error is printed as file:line:column: key: message.
    """
    if schema:
        click.echo(schema_text(), nl=False)
        return
    if keys:
        click.echo(reference(), nl=False)
        return
    try:
        result = _read(path)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    if as_json:
        click.echo(json.dumps(_as_json(result), indent=2))
    else:
        _print(result)
    sys.exit(INVALID if result.errors else 0)


def schema_text() -> str:
    """The JSON Schema as it is committed in `policies/`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> PolicyResult:
    if not path.is_dir():
        return check_text(str(path), path.read_bytes())
    present = {place: path / place for place in RULES_PATHS if (path / place).is_file()}
    return load_policy({place: file.read_bytes() for place, file in present.items()}, sha="")


def _print(result: PolicyResult) -> None:
    for error in result.errors:
        click.echo(str(error), err=True)
    if result.policy is None:
        click.echo(f"{len(result.errors)} error{'s' if len(result.errors) != 1 else ''}", err=True)
        return
    click.echo(f"ok: {result.policy.path}")
    for environment in result.policy.environments:
        click.echo(f"  {_summary(environment, result.policy)}")


def _summary(environment: Environment, policy: Policy) -> str:
    """`staging ← dev: merge approved, pinned; gates tests, slo; approvals sre, qa; 1 values file`."""
    sources = ", ".join(source.name for source in policy.sources)
    approvals = ", ".join(
        each.role if each.count == 1 else f"{each.count} × {each.role}" for each in environment.approvals
    )
    count = len(environment.values)
    parts = [
        f"merge {environment.merge.value}, {environment.concurrency.value}",
        f"gates {', '.join(_gates(environment)) or 'none'}",
        f"approvals {approvals or 'none by role'}",
        f"{count} values file{'s' if count != 1 else ''}",
    ]
    return f"{environment.name} ← {environment.comes_from or sources}: {'; '.join(parts)}"


def _gates(environment: Environment) -> list[str]:
    """The names of the gates that are on."""
    gates = environment.gates
    names = [name for name in type(gates).__dataclass_fields__ if getattr(gates, name) is not None]
    return [*names, "soak"] if environment.soak else names


def _as_json(result: PolicyResult) -> dict[str, Any]:
    environments = result.policy.environments if result.policy else ()
    return {
        "ok": not result.errors,
        "environments": [
            {
                "name": each.name,
                "from": each.comes_from,
                "merge": each.merge.value,
                "concurrency": each.concurrency.value,
                "gates": _gates(each),
                "approvals": {approval.role: approval.count for approval in each.approvals},
                "values": [values.file for values in each.values],
            }
            for each in environments
        ],
        "errors": [
            {
                "file": error.file,
                "line": error.line,
                "column": error.column,
                "key": error.key,
                "message": error.message,
            }
            for error in result.errors
        ],
    }
