"""What the decision about a pull request rests on, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.decide.approvals import Evaluation
from bot.decide.gates import Gated
from bot.decide.guards import Guarded
from bot.decide.overrides import Applied
from bot.model.action import Action, CheckRun
from bot.model.approval_facts import ApprovalFacts, Override, RequiredOwners
from bot.model.deployment import Deployment
from bot.model.evidence import Judged
from bot.model.facts import Unknown
from bot.model.holds import Hold
from bot.model.hotfix import Confirmation
from bot.model.policy import Policy, RulesError
from bot.model.release import Promotion, Release
from bot.model.rollback import Veto
from bot.model.snapshot import PullSnapshot
from bot.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFacts:
    """All that the decision rests on."""

    snapshot: PullSnapshot
    policy: Policy | None
    """The rules of the base branch; None when they are invalid."""
    errors: tuple[RulesError, ...]
    """What is wrong with the rules of the base branch."""
    proposed_errors: tuple[RulesError, ...] | None
    """What is wrong with the rules as this pull request would leave them; None when it does not touch them."""
    promotion: Promotion | None
    measured: Mapping[str, Gated] = field(default_factory=dict)
    """What each demanded gate answers now; one that is not in it was not measured."""
    voices: ApprovalFacts | None = None
    """What people said about it and what is known of them; None where nobody's approval can be demanded."""
    owners: RequiredOwners | Unknown | None = None
    """What CODEOWNERS of the base branch demands for the changed files; None when there is no such file."""
    releases: tuple[Release, ...] = ()
    """The promoted releases, as far as they are on record; for the evidence record."""
    version: str = ""
    """Lockstep's own; for the evidence record."""
    guarded: tuple[str, ...] = ()
    """Which of the rules files and CODEOWNERS files it changes, renames and deletions included."""
    guards: Guarded | Unknown | None = None
    """What the guards found at its head; None when it changes nothing that they look at."""
    guarded_now: tuple[str, Guarded] | None = None
    """What the guards found in this very look, behind a fingerprint of all that it depends on: to be remembered."""
    bot_id: int
    alerts: tuple[Verdict, ...] = ()
    """What was found about the alert files that it touches: drift and probes."""
    origins: tuple[Deployment, ...] = ()
    """How what is promoted was deployed in the environment that it comes from."""
    refusal: str | None = None
    """GitHub's reason for refusing the merge of this very head onto this very base, when it was tried."""
    overrides: tuple[Override, ...] = ()
    """Every override ever granted on this pull request; which of them count is decided."""
    holds: tuple[Hold, ...] = ()
    """The holds in force for the pull request or its environment."""
    vetoes: tuple[Veto, ...] = ()
    """The digests of the repository that are vetoed."""
    rivals: tuple[Promotion, ...] = ()
    """Open hotfixes of the same components into the same environment, for an ordinary promotion."""
    confirmed: Confirmation | None = None
    """The last `/sync` that a person said on a hotfix before its merge."""
    judged_at: datetime | None = None
    """The moment that overrides are held to; None: when the snapshot was taken."""
    thrown_out: bool = False
    """Lockstep put this very head onto this very base into the merge queue, and it is not there any more."""
    something_happened: bool = True
    """An event came in. After a refusal the merge is tried again then, and not by every sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDecision:
    """The verdicts and what follows from them."""

    verdicts: tuple[Verdict, ...]
    actions: tuple[Action, ...]
    shown: tuple[CheckRun, ...] = ()
    """The check runs as they should stand on the head commit."""
    applied: Applied | None = None
    """The gates with overrides laid over them; None where nothing is a promotion."""
    approvals: Evaluation | None = None
    """Whose yes counts, whose does not and why; its fresh records must be kept before anything is carried out."""
    green: bool = False
    """Every question was answered with yes."""
    evidence: Judged | None = None
    """Everything that the verdicts rest on; must be kept before a merge is carried out. None: no promotion of ours."""
    skipped: tuple[Verdict, ...] = ()
    """What the gates say that do not hold a hotfix: its debt."""
    rebuild: bool = False
    """The branch must be put on the present base before anything else; that is the environment's business."""

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Those that set a gate aside here and now."""
        return self.applied.used if self.applied else ()
