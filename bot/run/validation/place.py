"""One look at a production validation: what its parts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.facts import Actor, Repository
from bot.model.policy import Policy
from bot.model.policy_after import Validation
from bot.model.ports import GitHub
from bot.model.subject import Subject
from bot.model.validation import Validated
from bot.run.acts import Cause
from bot.run.house import House, note


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The config repository with its rules of now."""

    house: House
    subject: Subject
    github: GitHub
    config: Repository
    policy: Policy
    rules: Validation

    @property
    def cause(self) -> Cause:
        """For the ledger rows of what is done by itself."""
        return Cause(subject=self.subject)

    def named(self, full_name: str) -> Repository | None:
        """A repository of the installation by the name that the rules give it."""
        return self.house.store.repositories.named(self.subject.installation_id, full_name)

    def note(
        self,
        event: str,
        decision: str,
        why: str,
        details: Mapping[str, Any],
        *,
        by: Actor | None = None,
        delivery_id: str | None = None,
        head_sha: str | None = None,
        once: str | None = None,
    ) -> None:
        """A ledger row about it; the environment is always among the details. `once`: as the ledger has it."""
        note(
            self.house, self.subject, event, decision, why,
            actor_id=by.id if by else None, actor_login=by.login if by else None,
            delivery_id=delivery_id, head_sha=head_sha, once=once,
            details={"environment": self.rules.environment, **details},
        )  # fmt: skip


def failure_details(validated: Validated) -> dict[str, Any]:
    """What channels and reports need of a validation: the flows, the links, the deployment."""
    return {
        "deployment": validated.deployment,
        "outcome": validated.outcome.value,
        "run_id": validated.run_id,
        "attempt": validated.attempt,
        "run_url": validated.run_url,
        "flows": validated.flows,
        "failed_flows": [
            {"flowName": each.name, "exitCode": each.exit_code, "error": each.error}
            for each in validated.failed
        ],
        "artifact_urls": list(validated.artifacts),
    }
