"""The rules file's keys for the time after a merge: Argo CD, verify, rollback, hotfix."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from bot.adapters.rules.gates_spec import ApprovalSpec
from bot.adapters.rules.measured_spec import MetricQuerySpec
from bot.adapters.rules.spec import (
    BranchGlob,
    ComponentName,
    Count,
    EnvironmentName,
    Line,
    OperationsLog,
    Pattern,
    Period,
    ReleaseLog,
    Repository,
    RoleName,
    Spec,
    Url,
    Workflow,
    text,
)
from bot.model import policy_after as model
from bot.model.policy_gates import SKIPPABLE

Positive = Annotated[int, Field(ge=1, le=1000)]


class ArgoCDSpec(Spec):
    """An Argo CD application that runs this environment."""

    makes = model.ArgoCD

    application: Line = Field(description="The application's name.")
    sync: Annotated[model.Sync, Field(strict=False)] = Field(
        default=model.Sync.OFF,
        description="After the merge: `auto` syncs, `confirm` waits for a person's `/sync`, `off` only watches.",
    )
    namespace: Line | None = Field(
        default=None, description="The application's namespace. Left out: Argo CD's own."
    )
    project: Line | None = Field(default=None, description="The Argo CD project.")
    components: list[ComponentName] | None = Field(
        default=None, description="What it runs. Left out: everything."
    )
    timeout: Period = Field(
        default=timedelta(minutes=15),
        description="How long it may take to be Synced and Healthy at the revision.",
    )


class HttpCheckSpec(Spec):
    """One HTTP question and the answer that it must get."""

    makes = model.HttpCheck

    name: Line | None = Field(
        default=None, description="What it checks, for the report. Left out: the address."
    )
    url: Url = Field(description="The address, without credentials.")
    method: Literal["GET", "HEAD", "POST"] = Field(default="GET", description="The HTTP method.")
    status: Annotated[int, Field(ge=100, le=599)] = Field(
        default=200, description="The status that must come back."
    )
    body_contains: Line | None = Field(default=None, description="Text that the body must contain.")
    body_matches: Pattern | None = Field(
        default=None,
        description="A regular expression (RE2) that the body must match somewhere; its first MiB is looked at.",
    )
    max_latency: Period = Field(
        default=timedelta(seconds=5), description="The longest time to the whole answer."
    )
    successes: Positive = Field(default=1, description="How many answers in a row must be right.")
    interval: Period = Field(default=timedelta(seconds=10), description="The time between two questions.")

    def made(self) -> model.HttpCheck:
        """The check, named by its address unless it has a name."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return model.HttpCheck(**{**fields, "name": self.name or self.url})


class SmokeTestSpec(Spec):
    """A workflow that is dispatched and must succeed, or HTTP steps that are asked in order."""

    makes = model.SmokeTest

    name: Line = Field(description="What it tests, for the report.")
    repository: Repository | None = Field(
        default=None, description="The repository whose workflow is dispatched."
    )
    workflow: Workflow | None = Field(
        default=None, description="The workflow's file; it needs `workflow_dispatch`."
    )
    ref: BranchGlob = Field(default="main", description="The branch that it is dispatched on.")
    inputs: dict[str, str] = Field(default={}, description="Inputs of the workflow.")
    steps: list[HttpCheckSpec] = Field(default=[], description="HTTP steps instead of a workflow.")
    timeout: Period = Field(default=timedelta(minutes=15), description="When it counts as failed.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.repository is None) != (self.workflow is None):
            raise ValueError("expected `repository` and `workflow` together")
        if (self.workflow is None) == (not self.steps):
            raise ValueError("expected either `repository` and `workflow`, or `steps`")
        return self


class VerifySpec(Spec):
    """What must be true after a deploy before the release counts as live."""

    makes = model.Verify

    health: list[HttpCheckSpec] = Field(default=[], description="Health checks.")
    smoke: list[SmokeTestSpec] = Field(default=[], description="Smoke tests.")
    metrics: list[MetricQuerySpec] = Field(default=[], description="Metrics that must stay within bounds.")
    window: Period = Field(default=timedelta(minutes=10), description="How long metrics are watched.")
    timeout: Period = Field(
        default=timedelta(minutes=30), description="When unfinished verification has failed."
    )
    release_log: ReleaseLog = Field(
        default="off",
        description="`off`, `releases` (GitHub release notes) or a Markdown file in this repository.",
    )


class RollbackSpec(Spec):
    """Rollback. The automatic one needs `automatic`, a listed trigger, and for alerts a listed alert name."""

    makes = model.Rollback

    automatic: bool = Field(default=False, description="Whether Lockstep may roll back by itself.")
    triggers: list[Annotated[model.Trigger, Field(strict=False)]] = Field(
        default=[], description="What may start an automatic rollback."
    )
    alerts: list[Line] = Field(default=[], description="Names of alerts that may start one.")
    cooldown: Period = Field(
        default=timedelta(seconds=120), description="The time between two, per alert and per component."
    )
    breaker_max: Count = Field(default=3, description="After this many in `breaker_window`, people only.")
    breaker_window: Period = Field(default=timedelta(hours=24), description="The window of `breaker_max`.")
    max_alert_age: Period = Field(default=timedelta(minutes=20), description="Older failures are only told.")
    approvals: list[ApprovalSpec] | None = Field(
        default=None, description="Who must approve a rollback. Left out: the same as for a promotion."
    )
    operations_log: OperationsLog = Field(
        default="off",
        description="`off`, or a Markdown file in this repository with a row for each rollback.",
    )


def _gate_name(value: str) -> str:
    if value not in SKIPPABLE:
        raise ValueError(
            "expected a gate that may be skipped: " + ", ".join(f"`{name}`" for name in SKIPPABLE)
        )
    return value


GateName = Annotated[str, text(_gate_name), WithJsonSchema({"enum": list(SKIPPABLE)})]


class HotfixSpec(Spec):
    """How a hotfix reaches this environment."""

    makes = model.Hotfix

    entrance: bool = Field(
        default=False, description="Whether hotfixes enter here straight from their build."
    )
    comes_from: EnvironmentName | None = Field(
        default=None, alias="from", description="Where hotfixes come from. Left out: as ordinary releases do."
    )
    skip_gates: list[GateName] = Field(
        default=[],
        description="Gates whose no does not hold a hotfix; each is recorded as debt.",
    )
    confirm: bool = Field(
        default=True,
        description="Whether a person must say `/sync` before it is merged, beside the approvals.",
    )
    approvals: list[ApprovalSpec] | None = Field(
        default=None, description="Who must approve a hotfix. Left out: the same as for a promotion."
    )
    role: RoleName | None = Field(
        default=None, description="The role that is paged: mentioned in the pull request, told to channels."
    )
