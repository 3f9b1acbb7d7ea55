"""The rules file's `gates` and `approvals` as pydantic models; descriptions go into the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.adapters.rules.measured_spec import (
    CanarySpec,
    CriticalAlertsSpec,
    ErrorBudgetSpec,
    MetricsSpec,
    SloSpec,
    StabilitySpec,
)
from bot.adapters.rules.spec import (
    AppId,
    ArtifactName,
    Count,
    Glob,
    Line,
    Login,
    Percent,
    PublicKey,
    RepositoryPath,
    RoleName,
    Spec,
    Team,
    Url,
    also_off,
    off_is_none,
)
from bot.model import policy_gates as model

_MEMBERS = Field(default="**", description="Which members of the artifact are reports: a glob.")


class RoleSpec(Spec):
    """People who may fill a role."""

    makes = model.Role

    teams: list[Team] = Field(default=[], description="Teams as `organisation/team-slug`; members count.")
    users: list[Login] = Field(default=[], description="Single people by login, without `@`.")

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.teams and not self.users:
            raise ValueError("expected at least one of `teams`, `users`: nobody could fill this role")
        return self


class ApprovalSpec(Spec):
    """A number of people of a role who must approve; one person never fills two roles."""

    makes = model.Approval

    role: RoleName = Field(description="A role that is defined under `roles`.")
    count: Annotated[int, Field(ge=1, le=20)] = Field(default=1, description="How many different people.")
    source_authors: bool = Field(
        default=False, description="Whether authors of the promoted source commits count as approvers."
    )


class SuiteSpec(Spec):
    """Where a test suite's result is found: one of `check`, `status` or `artifact`."""

    makes = model.Suite

    check: Line | None = Field(default=None, description="The name of a check run on the source commit.")
    app: AppId | None = Field(
        default=None,
        description="The numeric id of the GitHub App that must have made the check run (Actions: 15368).",
    )
    status: Line | None = Field(
        default=None, description="The context of a commit status on the source commit."
    )
    artifact: ArtifactName | None = Field(
        default=None, description="An artifact of the source run with reports."
    )
    files: Glob = _MEMBERS
    format: Literal["junit", "k6"] = Field(default="junit", description="What the reports are.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.check, self.status, self.artifact)) != 1:
            raise ValueError("expected exactly one of `check`, `status`, `artifact`")
        if self.app is not None and self.check is None:
            raise ValueError("`app` belongs to a `check`")
        return self


class TestsSpec(Spec):
    """Test suites that must have run and passed; zero executed tests is not a pass."""

    __test__: ClassVar[bool] = False
    makes = model.TestsGate

    require: list[RoleName] = Field(
        min_length=1, description="Suites such as `unit`, `integration`, `e2e`, `performance`."
    )
    suites: dict[RoleName, SuiteSpec] = Field(
        default={},
        description="Where each suite's result is found. Left out: a check run of the suite's name.",
    )

    @model_validator(mode="after")
    def _all_required(self) -> Self:
        for name in self.suites:
            if name not in self.require:
                raise ValueError(f"`suites` describes `{name}`, which `require` does not list")
        return self


class CoverageSpec(Spec):
    """Code coverage from a report in an artifact of the source run."""

    makes = model.CoverageGate

    min_percent: Percent = Field(description="The coverage must be at least this.")
    warn_percent: Percent | None = Field(default=None, description="Below this it is shown as a warning.")
    metric: Literal["line", "branch"] = Field(default="line", description="Which coverage counts.")
    artifact: ArtifactName = Field(default="coverage", description="The artifact that holds the report.")
    files: Glob = _MEMBERS
    format: Literal["auto", "cobertura", "lcov", "coverage.py", "jacoco"] = Field(
        default="auto", description="What the report is; `auto` recognises it by its content."
    )


class SecuritySpec(Spec):
    """Security findings, counted by severity."""

    makes = model.SecurityGate

    max_critical: Count | None = Field(default=0, description="Critical findings allowed; null: any number.")
    max_high: Count | None = Field(default=0, description="High findings allowed; null: any number.")
    max_medium: Count | None = Field(default=None, description="Medium findings allowed; null: any number.")
    max_low: Count | None = Field(default=None, description="Low findings allowed; null: any number.")
    warn_high: Count | None = Field(default=None, description="More high findings than this are a warning.")
    warn_medium: Count | None = Field(
        default=None, description="More medium findings than this are a warning."
    )
    sources: list[Literal["artifact", "code-scanning", "dependabot"]] = Field(
        default=["artifact"],
        min_length=1,
        description="Where findings are read; all of those named are counted.",
    )
    artifact: ArtifactName = Field(default="security", description="The artifact that holds the report.")
    files: Glob = _MEMBERS
    format: Literal["auto", "sarif", "trivy", "grype", "snyk"] = Field(
        default="auto", description="What the report is; `auto` recognises it by its content."
    )


class QualitySpec(Spec):
    """A code quality check on the source commit."""

    makes = model.QualityGate

    check: Line = Field(default="quality", description="The name of the check run.")
    app: AppId | None = Field(
        default=None, description="The numeric id of the GitHub App that must have made it."
    )


_KEY = Field(default=None, description="A public key (PEM), such as the text of cosign.pub.")
_KEY_FILE = Field(
    default=None,
    description="A file of this repository with a public key (PEM), as it stands on the default branch.",
)
_ISSUER = Field(default=model.ACTIONS_ISSUER, description="The issuer of the signer's certificate.")


def _one_signer(spec: SignatureSpec | ProvenanceSpec) -> int:
    """How many signers are named; an issuer belongs to an identity alone."""
    if spec.identity is None and "issuer" in spec.model_fields_set:
        raise ValueError("`issuer` belongs to an `identity`")
    return sum(each is not None for each in (spec.key, spec.key_file, spec.identity))


class SignatureSpec(Spec):
    """Whose signature every image must carry: one of `key`, `key_file` or `identity`."""

    makes = model.Signature

    key: PublicKey | None = _KEY
    key_file: RepositoryPath | None = _KEY_FILE
    issuer: Url = _ISSUER
    identity: Line | None = Field(
        default=None,
        description="The certificate's identity (signed without a key); `*` stands for characters but `/`.",
    )

    @model_validator(mode="after")
    def _signer(self) -> Self:
        if _one_signer(self) != 1:
            raise ValueError("expected exactly one of `key`, `key_file`, `identity`")
        return self


class ProvenanceSpec(Spec):
    """Who must vouch for the commit and workflow that every image was built from. Empty: GitHub's attestation by the
    source's own workflow."""

    makes = model.Provenance

    key: PublicKey | None = _KEY
    key_file: RepositoryPath | None = _KEY_FILE
    issuer: Url = _ISSUER
    identity: Line | None = Field(
        default=None,
        description="The identity of another workflow that attests, such as a reusable one; `*` stands for "
        "characters but `/`. Left out: the source's workflow.",
    )

    @model_validator(mode="after")
    def _signer(self) -> Self:
        if _one_signer(self) > 1:
            raise ValueError("expected at most one of `key`, `key_file`, `identity`")
        return self


class ImageSpec(Spec):
    """The registry has the digest in exactly the configured repository. On unless switched off."""

    makes = model.ImageGate

    tag_resolves: bool = Field(default=True, description="Whether the tag must still point at the digest.")
    signature: SignatureSpec | None = Field(
        default=None, description="Whose signature is demanded; null: none."
    )
    provenance: ProvenanceSpec | None = Field(
        default=None, description="Whose word on where it was built is demanded; null: nobody's."
    )


class SourceGateSpec(Spec):
    """The images were built from the promoted commit, on an allowed branch. On unless switched off."""

    makes = model.SourceGate

    allow_downgrade: bool = Field(
        default=False, description="Whether the commit need not descend from the one that runs now."
    )


def _gate(what: str) -> Any:
    return Field(default=None, description=what + " `off` switches the gate off.", json_schema_extra=also_off)


_Off = BeforeValidator(off_is_none)


class GatesSpec(Spec):
    """What must be true before a release enters the environment. A gate left out keeps its shipped value."""

    makes = model.Gates

    tests: Annotated[TestsSpec | None, _Off] = _gate("Test suites.")
    coverage: Annotated[CoverageSpec | None, _Off] = _gate("Code coverage.")
    security: Annotated[SecuritySpec | None, _Off] = _gate("Security findings.")
    quality: Annotated[QualitySpec | None, _Off] = _gate("Code quality.")
    slo: Annotated[SloSpec | None, _Off] = _gate("Availability and error rate.")
    error_budget: Annotated[ErrorBudgetSpec | None, _Off] = _gate("Error budget.")
    canary: Annotated[CanarySpec | None, _Off] = _gate("Canary metrics.")
    metrics: Annotated[MetricsSpec | None, _Off] = _gate("The team's own metrics.")
    critical_alerts: Annotated[CriticalAlertsSpec | None, _Off] = _gate("Critical alerts.")
    stability: Annotated[StabilitySpec | None, _Off] = _gate("Deployment stability.")
    image: Annotated[ImageSpec | None, _Off] = _gate("The image in its registry.")
    source: Annotated[SourceGateSpec | None, _Off] = _gate("Where the image comes from.")

    def made(self) -> model.Gates:
        """The gates that are written; the others as `bot.model` has them."""
        written = {name: getattr(self, name) for name in self.model_fields_set}
        return model.Gates(**{name: spec and spec.made() for name, spec in written.items()})
