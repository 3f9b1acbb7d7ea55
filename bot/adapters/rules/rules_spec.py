"""The rules file itself: sources, environments, and everything below them, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bot.adapters.rules.after_spec import ArgoCDSpec, HotfixSpec, RollbackSpec, VerifySpec
from bot.adapters.rules.around_spec import (
    AlertsSpec,
    CommandsSpec,
    FreezeSpec,
    GuardsSpec,
    NotifySpec,
    ValidationSpec,
)
from bot.adapters.rules.gates_spec import ApprovalSpec, GatesSpec, RoleSpec
from bot.adapters.rules.spec import (
    AppId,
    ArtifactName,
    BranchGlob,
    ComponentName,
    Duration,
    EnvironmentName,
    ImageRepository,
    Line,
    Repository,
    RepositoryId,
    RoleName,
    SourceName,
    Spec,
    Url,
    ValuesFilePath,
    ValuesPath,
    Workflow,
    also_single,
    one_or_many,
)
from bot.model import policy as model
from bot.model.policy_gates import Gates


class ComponentSpec(Spec):
    """A component of a source."""

    image: ImageRepository = Field(
        description="Registry host and repository, without tag or digest: `ghcr.io/splattop/api`."
    )


Event = Literal["push", "workflow_dispatch", "repository_dispatch", "schedule", "release"]


class SourceSpec(Spec):
    """An app repository's workflow that may hand over digests."""

    name: SourceName | None = Field(
        default=None,
        description="Unique, ends our branch names. Left out: the repository's name after the slash.",
    )
    repository: Repository = Field(description="`owner/name`.")
    id: RepositoryId | None = Field(
        default=None,
        description="GitHub's numeric id of that repository, which decides alone. Left out: the id that had the "
        "name when its first release was accepted.",
    )
    workflow: Workflow = Field(description="The workflow's file, `.github/workflows/build.yml`.")
    branches: list[BranchGlob] = Field(
        default=["main"], min_length=1, description="Branches whose runs count."
    )
    hotfix_branches: list[BranchGlob] = Field(default=[], description="Branches whose runs are hotfixes.")
    events: list[Event] = Field(
        default=["push", "workflow_dispatch"], min_length=1, description="Events whose runs count."
    )
    artifact: ArtifactName = Field(
        default="component-tags", description="The artifact with component-tags.json."
    )
    components: dict[ComponentName, ComponentSpec] = Field(
        min_length=1, description="What it builds. A component belongs to exactly one source."
    )

    def made(self) -> model.Source:
        """The source, with its name."""
        return model.Source(
            name=self.name or self.repository.rpartition("/")[2],
            repository=self.repository,
            repository_id=self.id,
            workflow=self.workflow,
            branches=tuple(self.branches),
            hotfix_branches=tuple(self.hotfix_branches),
            events=tuple(self.events),
            artifact=self.artifact,
            components={name: component.image for name, component in self.components.items()},
        )


class ValuesSpec(Spec):
    """A values file, and where each component's image stands in it."""

    makes = model.ValuesFile

    file: ValuesFilePath = Field(description="The file's path in this repository.")
    path: ValuesPath = Field(
        description="Keys joined by dots; `{component}` stands for the component's name."
    )
    components: list[ComponentName] | None = Field(
        default=None, min_length=1, description="Which components. Left out: those that are found there."
    )


class RequiredCheckSpec(Spec):
    """Somebody else's check that must be green."""

    name: Line = Field(description="The name of the check run, or the context of the status.")
    app: AppId | None = Field(default=None, description="The numeric id of the GitHub App it must come from.")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _or_name(schema: dict[str, Any]) -> None:
    schema["items"] = {"anyOf": [{"type": "string"}, schema["items"]]}


class EnvironmentSpec(Spec):
    """A promotion target. Keys that are left out come from the shipped environment of the same name."""

    comes_from: EnvironmentName | None = Field(
        default=None,
        alias="from",
        description="The environment that releases come from. Left out: they enter here.",
    )
    values: list[ValuesSpec] = Field(default=[], description="The files that say what runs here.")
    merge: Annotated[model.MergeRule, Field(strict=False)] = Field(
        default=model.MergeRule.APPROVED,
        description="Who merges: `auto` Lockstep once green; `approved` Lockstep once green and approved by the "
        "roles in `approvals` and the code owners (by somebody who may, when neither names anyone); "
        "`manual` a person.",
    )
    merge_method: Literal["merge", "squash", "rebase"] = Field(
        default="merge", description="How it is merged."
    )
    concurrency: Annotated[model.Concurrency, Field(strict=False)] = Field(
        default=model.Concurrency.PINNED,
        description="A newer release takes the open pull request's place (`latest`) or waits (`pinned`).",
    )
    required_checks: list[Annotated[RequiredCheckSpec, BeforeValidator(_named)]] = Field(
        default=[], description="Checks of this repository that must be green.", json_schema_extra=_or_name
    )
    auto_promote: bool = Field(
        default=False,
        description="Whether the pull request opens without `/promote`. Without `from` it always does.",
    )
    soak: Duration | None = Field(
        default=None, description="How long a release must have been healthy where it comes from."
    )
    gates: GatesSpec = Field(default=GatesSpec(), description="What must be true before.")
    approvals: list[ApprovalSpec] = Field(default=[], description="Who must approve.")
    argocd: Annotated[list[ArgoCDSpec], BeforeValidator(one_or_many)] = Field(
        default=[], description="The Argo CD application, or a list of them.", json_schema_extra=also_single
    )
    verify: VerifySpec = Field(default=VerifySpec(), description="What must be true after the deploy.")
    rollback: RollbackSpec = Field(default=RollbackSpec(), description="How it goes back.")
    hotfix: HotfixSpec = Field(default=HotfixSpec(), description="How hotfixes get here.")
    url: Url | None = Field(
        default=None, description="Where people look at what runs here; GitHub's deployments link to it."
    )

    def made_as(self, name: str, shipped: EnvironmentSpec | None) -> model.Environment:
        """The environment `name`: what is written here, else the shipped, else the default of the key."""

        def pick(key: str) -> Any:
            from_shipped = shipped is not None and key not in self.model_fields_set
            return getattr(shipped if from_shipped else self, key)

        checks: list[RequiredCheckSpec] = pick("required_checks")
        return model.Environment(
            name=name,
            comes_from=self.comes_from,
            values=tuple(values.made() for values in self.values),
            merge=pick("merge"),
            merge_method=pick("merge_method"),
            concurrency=pick("concurrency"),
            required_checks=tuple(check.name for check in checks),
            check_apps={check.name: check.app for check in checks if check.app is not None},
            auto_promote=pick("auto_promote"),
            soak=pick("soak"),
            gates=self._gates(shipped),
            approvals=tuple(approval.made() for approval in pick("approvals")),
            argocd=tuple(application.made() for application in pick("argocd")),
            verify=pick("verify").made(),
            rollback=pick("rollback").made(),
            hotfix=pick("hotfix").made(),
            url=pick("url"),
        )

    def _gates(self, shipped: EnvironmentSpec | None) -> Gates:
        """Gate by gate, so that a team that tunes one keeps the others."""
        if shipped is None:
            return self.gates.made()
        kept = {name: getattr(shipped.gates, name) for name in shipped.gates.model_fields_set}
        own = {name: getattr(self.gates, name) for name in self.gates.model_fields_set}
        return GatesSpec.model_construct(_fields_set={*kept, *own}, **{**kept, **own}).made()


def _number(value: Any) -> Any:
    """`true` equals 1 in Python, and must not in a rules file."""
    return None if isinstance(value, bool | float) else value


class RulesSpec(Spec):
    """Lockstep's promotion rules: who may hand over images, and how they travel."""

    version: Annotated[Literal[1], BeforeValidator(_number)] = Field(
        description="The version of this file's shape."
    )
    sources: list[SourceSpec] = Field(default=[], description="Who may hand over digests.")
    roles: dict[RoleName, RoleSpec] = Field(default={}, description="Who may fill which role.")
    owners: list[RoleName] = Field(
        default=[],
        description="Roles that approve changes of this file and of CODEOWNERS, one person each, where CODEOWNERS "
        "names nobody for them. Left out or empty: an admin of the repository.",
    )
    environments: dict[EnvironmentName, EnvironmentSpec] = Field(
        default={}, description="The targets, in order."
    )
    alerts: AlertsSpec | None = Field(default=None, description="Alert rules and bundles.")
    guards: GuardsSpec = Field(default=GuardsSpec(), description="What may never be merged.")
    notify: NotifySpec = Field(default=NotifySpec(), description="Who is told.")
    freeze: list[FreezeSpec] = Field(default=[], description="When nothing is promoted.")
    commands: CommandsSpec = Field(default=CommandsSpec(), description="Which roles may give which command.")
    validation: ValidationSpec | None = Field(default=None, description="The production validation.")
