"""What the gate says to deployments and on commits. Links and names are ours, everything else is defanged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.decide.checks import MARK, SUMMARY_LIMIT, TITLE_LIMIT
from bot.decide.names import detail_check
from bot.decide.text import code, defang, fit
from bot.decide.validation.standing import Gate, Standing
from bot.decide.validation.steps import next_steps
from bot.model.action import CheckRun
from bot.model.policy_after import Validation
from bot.model.validation import Flow, Outcome, Validated

SHOWN = 20
"""Failed flows that are named; the rest are counted."""
REASON = 500


def headline(standing: Standing) -> str:
    """One sentence, without links."""
    if standing.gate is Gate.OPEN:
        return f"Production validation of {_name(standing.passed)} passed"
    if standing.gate is Gate.UNKNOWN:
        return "No production validation has counted yet, so nothing may pass"
    first = standing.failures[0]
    more = f" and of {len(standing.failures) - 1} more" if len(standing.failures) > 1 else ""
    if standing.gate is Gate.OVERRIDDEN:
        given = standing.overrides[0]
        return f"Production validation of {first.deployment}{more} failed; overridden by {given.by.login}"
    return f"Blocked: production validation of {first.deployment}{more} failed{_count(first)}"


def _name(validated: Validated | None) -> str:
    return validated.deployment if validated else "every deployment"


def _count(validated: Validated) -> str:
    return (
        f": {len(validated.failed)} of {validated.flows} flows"
        if validated.failed and validated.flows
        else ""
    )


def said(standing: Standing, rules: Validation, incident_url: str | None) -> str:
    """The whole answer as Markdown, for a deployment's comment and a check run's summary."""
    parts = [f"**{defang(headline(standing), 300)}.**"]
    if standing.gate is Gate.OPEN and standing.passed:
        parts.append(f"{standing.passed.flows} flows passed in {_link(standing.passed)}.")
    for each in standing.failures:
        parts.append(failure(each))
    for given in standing.overrides:
        parts.append(
            f"Overridden by {code(given.by.login)} at {_at(given.at)} for {code(given.deployment)}, until "
            f"{_at(given.expires_at)}: {defang(given.reason, REASON)}"
        )
    if standing.ignored is not None:
        parts.append(f"{_link(standing.ignored)} does not count: {standing.ignored.why}.")
    if not standing.lets_pass:
        parts.append(way_out(standing, rules, incident_url))
    elif incident_url and standing.failures:
        parts.append(f"Incident: {incident_url}")
    return "\n\n".join(parts)


def failure(validated: Validated) -> str:
    """What failed in one validation, with links."""
    lines = [f"{_link(validated)} of {code(validated.deployment)}:"]
    if validated.why:
        lines.append(f"- {validated.why}")
    lines += [flow(each) for each in validated.failed[:SHOWN]]
    if len(validated.failed) > SHOWN:
        lines.append(f"- … and {len(validated.failed) - SHOWN} more")
    if validated.artifacts:
        left = ", ".join(f"[{number}]({url})" for number, url in enumerate(validated.artifacts[:SHOWN], 1))
        lines.append(f"- left behind: {left}")
    return "\n".join(lines)


def flow(failed: Flow) -> str:
    """A failed flow as a line."""
    error = f": {defang(failed.error, 300)}" if failed.error else ""
    return f"- {code(failed.name)} ended with exit code {failed.exit_code}{error}"


def way_out(standing: Standing, rules: Validation, incident_url: str | None) -> str:
    """How it opens again."""
    if standing.gate is Gate.UNKNOWN:
        listed = ", ".join(code(each) for each in rules.branches)
        return (
            f"Run {code(rules.workflow)} of {code(rules.repository)} on {listed}; this opens when it passes."
        )
    where = f" on {incident_url} or a pull request of a blocked repository" if incident_url else ""
    return (
        f"It opens when the validation of the same deployment is run again and passes, or by "
        f"`/override validation reason: …`{where}, with the words “{defang(rules.acknowledgement, 100)}” in the reason."
    )


def check(standing: Standing, rules: Validation, base: str, sha: str, incident_url: str | None) -> CheckRun:
    """The check run on a commit of a blocked repository. What is not known is a failure, never neutral."""
    return CheckRun(
        name=detail_check(base, "validation"),
        head_sha=sha,
        status="completed",
        conclusion="success" if standing.lets_pass else "failure",
        title=fit(headline(standing), TITLE_LIMIT, "…"),
        summary=fit(said(standing, rules, incident_url), SUMMARY_LIMIT, MARK),
        details_url=incident_url or (standing.passed.run_url if standing.passed else None),
    )


def steps_of(failures: Sequence[Validated]) -> tuple[str, ...]:
    """The next steps for all of them together."""
    flows = [flow for each in failures for flow in each.failed]
    readable = all(each.outcome is Outcome.FAILED and each.failed for each in failures)
    return next_steps(flows, readable=readable)


def _link(validated: Validated) -> str:
    again = f", attempt {validated.attempt}" if validated.attempt > 1 else ""
    return f"[run {validated.run_id}{again}]({validated.run_url})"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
