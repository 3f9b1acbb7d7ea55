"""The trial's alert rules: a pull request that forgets to render its bundle, and the push that mends it (row A4)."""

from __future__ import annotations

from bot.decide.alerts import Labelling, NotRules, render_rules
from bot.errors import UserError
from bot.sandbox.scenario import Sandbox

AUTHOR = "cho"
"""Who changes the alert rules: somebody of SRE."""
DRIFT = "lockstep: main / drift"
_REPOSITORY, _BRANCH = "splattop/config", "alert-on-slower-checkouts"
_SOURCE, _BUNDLE = "ops/alerts/checkout.yml", "bundles/staging/checkout.yml"


def forget_to_render(github: Sandbox) -> None:
    """A pull request that changes the source of the alert rules, and no bundle."""
    changed = _source(github, "main").replace(b"for: 10m", b"for: 20m")
    message = "Alert on slow checkouts after 20 minutes"
    github.push(_REPOSITORY, _BRANCH, {_SOURCE: changed}, by=AUTHOR, message=message)
    github.open_pull(_REPOSITORY, _BRANCH, by=AUTHOR, title=message)


def render(github: Sandbox) -> None:
    """What `lockstep alerts render` makes of it, pushed to the same branch."""
    labelling = Labelling(environment="staging")
    rendered = render_rules(_source(github, _BRANCH), file="checkout.yml", labelling=labelling)
    if isinstance(rendered, NotRules):
        raise UserError(f"{_SOURCE} holds no rules.")
    github.push(
        _REPOSITORY, _BRANCH, {_BUNDLE: rendered.data}, by=AUTHOR, message="Render the bundle of staging"
    )


def _source(github: Sandbox, ref: str) -> bytes:
    found = github.file(_REPOSITORY, ref, _SOURCE)
    if found is None:
        raise UserError(f"{_SOURCE} is missing on {ref}.")
    return found
