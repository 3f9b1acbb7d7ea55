"""The rules of the chaos run: two environments that are watched, verified, and rolled back by themselves."""

from __future__ import annotations

from collections.abc import Mapping

from tests.stories.cast import RULES as BASE
from tests.stories.cast import Town

PATH = "promotion/promotion-rules.yaml"
ALERT = "CheckoutFails"
_AFTER = """\
    argocd: {{application: splattop-{name}, sync: auto, timeout: 3m}}
    verify:
      health: [{{name: api, url: "{url}/health", interval: 1s, successes: 2}}]
      timeout: 20s
    rollback:
      automatic: true
      triggers: [critical_alert, deployment_failure, health_check_failure]
      alerts: [{alert}]
      cooldown: 3s
      breaker_max: 10000
"""


def write(town: Town, urls: Mapping[str, str]) -> None:
    """Puts the rules on the default branch; `urls` are each environment's service."""
    dev, staging = (_AFTER.format(name=name, url=urls[name], alert=ALERT) for name in ("dev", "staging"))
    text = BASE.replace("    merge: auto\n", f"    merge: auto\n{dev}", 1) + staging
    town.github.push("splattop/config", "main", {PATH: text}, by="ana")
    town.github.webhooks.take()
