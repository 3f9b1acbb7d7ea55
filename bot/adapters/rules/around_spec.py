"""The top-level keys around promotions: alerts, guards, notify, freeze, commands, validation."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bot.adapters.rules.spec import (
    ArtifactName,
    BranchGlob,
    Clock,
    Email,
    EnvironmentName,
    Glob,
    Host,
    Label,
    Line,
    Moment,
    Percent,
    Period,
    Repository,
    RepositoryPath,
    RoleName,
    Spec,
    Timezone,
    Url,
    Weekday,
    Workflow,
    off_is_none,
    text,
)
from bot.model import policy_after as model
from bot.model.tidings import EVENTS


def _some_word(value: str) -> str:
    """A phrase without a letter or digit would be in every reason."""
    if not any(each.isalnum() for each in value):
        raise ValueError("expected words, such as `accept the risk`")
    return value


class AlertsSpec(Spec):
    """Alert rules, their tests and their bundles."""

    makes = model.Alerts

    source: RepositoryPath | None = Field(default=None, description="The directory of the base rules.")
    tests: RepositoryPath | None = Field(default=None, description="The directory of promtool unit tests.")
    alertmanager: RepositoryPath | None = Field(
        default=None, description="Alertmanager's configuration file."
    )
    bundles: dict[EnvironmentName, RepositoryPath] = Field(
        default={}, description="For each environment the directory of its rendered bundle."
    )
    artifact: ArtifactName | None = Field(
        default=None,
        description="An artifact with bundles that CI rendered. Left out: Lockstep renders them.",
    )
    workflow: Workflow | None = Field(default=None, description="This repository's workflow that makes it.")
    runbooks: RepositoryPath | None = Field(default=None, description="The directory of runbooks.")
    routes: dict[str, Line] = Field(
        default={},
        description="Routing probes: `severity=critical,environment=staging` to the receiver's name.",
    )
    min_tested_percent: Percent | None = Field(
        default=None, description="The share of rules that tests must reach."
    )
    label_recording_rules: bool = Field(
        default=False, description="Whether recording rules are labelled too."
    )
    environment_label: Label = Field(
        default="environment", description="The alert label with the environment."
    )
    component_label: Label = Field(default="component", description="The alert label with the component.")


_LevelOrOff = Annotated[model.Level, Field(strict=False)]


class GuardsSpec(Spec):
    """What may never be merged: each shipped guard denies, warns or is off."""

    makes = model.Guards

    autoheal_disabled: _LevelOrOff = Field(
        default=model.Level.DENY, description="No `AUTOHEAL_ENABLED=true`, however it is written."
    )
    alertmanager_urls: _LevelOrOff = Field(
        default=model.Level.DENY, description="No hard-coded external addresses in alertmanager.yml."
    )
    digest_only: _LevelOrOff = Field(default=model.Level.DENY, description="Every image is pinned by digest.")
    protected_paths: _LevelOrOff = Field(
        default=model.Level.DENY, description="Promotion pull requests touch only what they may."
    )
    no_plain_secrets: _LevelOrOff = Field(default=model.Level.DENY, description="No private keys or tokens.")
    directory: RepositoryPath | None = Field(
        default=None, description="A directory with the team's Rego guards."
    )
    allowed_hosts: list[Host] = Field(default=[], description="Hosts that `alertmanager_urls` accepts.")
    allowed_paths: list[Glob] = Field(
        default=[], description="Paths that promotions may touch besides values."
    )
    ignore: list[Glob] = Field(default=[], description="Paths that no guard looks at.")


_MentionOrOff = Annotated[
    Literal["channel", "here"] | None,
    BeforeValidator(off_is_none),
    WithJsonSchema({"enum": ["channel", "here", "off"]}),
]


class ChannelSpec(Spec):
    """Where messages go. Credentials are settings of the installation, never rules."""

    makes = model.Channel

    kind: Literal["slack", "email", "webhook"] = Field(description="What it is.")
    to: list[Email] = Field(default=[], description="E-mail addresses.")
    url: Url | None = Field(
        default=None, description="A `webhook`'s address. Left out: `NOTIFY_WEBHOOK_URL`."
    )
    mention: _MentionOrOff = Field(
        default="channel", description="Whom a critical failure calls in Slack: `channel`, `here` or `off`."
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "email" and not self.to:
            raise ValueError("an `email` channel needs addresses in `to`")
        if self.to and self.kind != "email":
            raise ValueError("`to` belongs to an `email` channel; where Slack posts is a setting")
        if self.url is not None and self.kind != "webhook":
            raise ValueError("`url` belongs to a `webhook` channel; Slack's address is a setting")
        if "mention" in self.model_fields_set and self.kind != "slack":
            raise ValueError("`mention` belongs to a `slack` channel")
        return self


def _event(value: str) -> str:
    if value not in EVENTS:
        raise ValueError("expected an event: " + ", ".join(f"`{name}`" for name in EVENTS))
    return value


Event = Annotated[str, text(_event), WithJsonSchema({"enum": list(EVENTS)})]


class NotifyRuleSpec(Spec):
    """Which events go where."""

    makes = model.NotifyRule

    events: list[Event] = Field(min_length=1, description="The events.")
    environments: list[EnvironmentName] = Field(
        default=[], description="Of which environments. Left out: of all."
    )
    severity: Literal["info", "warning", "critical"] = Field(
        default="info", description="Only what is at least as grave."
    )
    channels: list[Line] = Field(min_length=1, description="Names of `channels`.")


class NotifySpec(Spec):
    """Who is told what."""

    makes = model.Notify

    channels: dict[RoleName, ChannelSpec] = Field(
        default={}, description="Channels by a name of your choice."
    )
    rules: list[NotifyRuleSpec] = Field(default=[], description="Every rule that fits sends.")
    critical: list[EnvironmentName] | None = Field(
        default=None,
        description="Environments whose failures are critical. Left out: the last ones.",
    )


class FreezeSpec(Spec):
    """A time without promotions: once with `starts` and `ends`, or weekly with `days`, `from` and `to`."""

    makes = model.Freeze

    name: Line = Field(description="Why, for those who meet it.")
    environments: list[EnvironmentName] = Field(default=[], description="Which environments. Left out: all.")
    timezone: Timezone = Field(default="UTC", description="The IANA time zone of the times.")
    starts: Moment | None = Field(default=None, description="`2026-12-20 18:00`, local time.")
    ends: Moment | None = Field(default=None, description="The first moment after the freeze.")
    days: list[Weekday] = Field(default=[], description="`mon` to `sun`: the days on which it starts.")
    from_time: Clock | None = Field(default=None, alias="from", description="`16:00`, local time.")
    to_time: Clock | None = Field(
        default=None, alias="to", description="`08:00`; at or before `from` it is on the next day."
    )
    allow_hotfix: bool = Field(default=True, description="Whether hotfixes pass all the same.")

    @model_validator(mode="after")
    def _once_or_weekly(self) -> Self:
        once = self.starts is not None and self.ends is not None
        weekly = bool(self.days) and self.from_time is not None and self.to_time is not None
        either = once or self.starts is not None or self.ends is not None
        parts = weekly or bool(self.days) or self.from_time is not None or self.to_time is not None
        if once == weekly or either != once or parts != weekly:
            raise ValueError("expected either `starts` and `ends`, or `days`, `from` and `to`")
        if self.starts is not None and self.ends is not None and self.starts >= self.ends:
            raise ValueError("`ends` must come after `starts`")
        return self


class CommandRolesSpec(Spec):
    """Roles by command in one environment, in place of the general ones; what is left out stays general."""

    promote: list[RoleName] = Field(default=[], description="`/promote`.")
    override: list[RoleName] = Field(default=[], description="`/override`.")
    rollback: list[RoleName] = Field(default=[], description="`/rollback`, and lifting a veto.")
    hotfix: list[RoleName] = Field(default=[], description="`/hotfix`.")
    hold: list[RoleName] = Field(default=[], description="`/hold` and `/unhold`.")
    sync: list[RoleName] = Field(default=[], description="`/sync`.")
    decide: list[RoleName] = Field(default=[], description="`/decide` on an incident.")

    def made(self) -> dict[str, tuple[str, ...]]:
        """Command to roles, for those that are written; an empty list opens it to everybody with write permission."""
        return {name: tuple(getattr(self, name)) for name in sorted(self.model_fields_set)}


class CommandsSpec(Spec):
    """Which roles may give a command. Left out or empty: everybody with write permission here."""

    makes = model.Commands

    promote: list[RoleName] = Field(default=[], description="`/promote`.")
    override: list[RoleName] = Field(default=[], description="`/override`.")
    rollback: list[RoleName] = Field(default=[], description="`/rollback`, and lifting a veto.")
    hotfix: list[RoleName] = Field(default=[], description="`/hotfix`.")
    hold: list[RoleName] = Field(default=[], description="`/hold` and `/unhold`.")
    sync: list[RoleName] = Field(default=[], description="`/sync`.")
    decide: list[RoleName] = Field(default=[], description="`/decide` on an incident.")
    override_expires: Period = Field(default=timedelta(hours=4), description="How long an override lasts.")
    environments: dict[EnvironmentName, CommandRolesSpec] = Field(
        default={}, description="Other roles for single environments: `production: {override: [sre]}`."
    )


class ValidationSpec(Spec):
    """The production validation whose failure blocks deployments."""

    makes = model.Validation

    repository: Repository = Field(description="Where the validation workflow runs.")
    workflow: Workflow = Field(description="The validation workflow's file.")
    environment: EnvironmentName = Field(
        default="production",
        description="The environment here that it validates: its roles may override, its rollback is meant.",
    )
    branches: list[BranchGlob] = Field(
        default=["main"], min_length=1, description="On which branches it counts."
    )
    artifact: ArtifactName = Field(
        default="maestro-report",
        description="The artifact with its JUnit reports; `NAME-…` of a matrix's jobs too.",
    )
    blocks: list[Repository] = Field(default=[], description="Repositories whose deployments it blocks.")
    deployment_environment: Line = Field(
        default="production", description="The GitHub environment blocked there."
    )
    acknowledgement: Annotated[Line, AfterValidator(_some_word)] = Field(
        default="risk", description="Words that the reason of an override must contain."
    )
    acknowledge_within: Period = Field(default=timedelta(minutes=15), description="Time to `/ack`.")
    decide_within: Period = Field(default=timedelta(minutes=60), description="Time to `/decide`.")
    remind_every: Period = Field(default=timedelta(minutes=15), description="Time between two reminders.")
    escalate: list[RoleName] = Field(default=[], description="Roles to call, in this order.")
