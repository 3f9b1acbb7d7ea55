"""Which gates a promotion must pass, what their answers are, and how the evidence is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.decide import checks
from bot.decide.gates import Gated
from bot.decide.pull.demands import asks, demanded, gates
from bot.model.action import CheckRun
from bot.model.facts import OwnCheck
from bot.model.policy import Environment, Policy
from bot.model.policy_after import Freeze
from bot.model.policy_gates import Gates, ImageGate, QualityGate
from bot.model.verdict import Evidence, Outcome, Verdict
from tests.builders import NOW, policy

PASSED = Gated(
    verdict=Verdict(
        gate="quality",
        outcome=Outcome.PASS,
        headline="The check quality passed",
        evidence=(Evidence(measured="success", needed="success", source="check run quality", at=NOW),),
    )
)


def rules(*windows: Freeze, **gates_on: object) -> tuple[Policy, Environment]:
    """Staging with these gates and no others, under these freezes."""
    off = dict.fromkeys(Gates.__dataclass_fields__)
    ruling = replace(policy(), freeze=windows)
    staging = ruling.environment("staging")
    assert staging is not None
    soak = gates_on.pop("soak", None)
    return ruling, replace(staging, gates=Gates(**{**off, **gates_on}), soak=soak)


def outcomes(found: tuple[Verdict, ...]) -> dict[str, Outcome]:
    return {each.gate: each.outcome for each in found}


@pytest.mark.parametrize(
    ("windows", "on", "names"),
    [
        ((), {}, ()),
        ((), {"quality": QualityGate(), "image": ImageGate()}, ("quality", "image")),
        ((), {"soak": timedelta(hours=2)}, ("soak",)),
        ((Freeze(name="all"),), {}, ("freeze",)),
        ((Freeze(name="here", environments=("staging",)),), {}, ("freeze",)),
        ((Freeze(name="there", environments=("production",)),), {}, ()),
    ],
)
def test_what_the_rules_demand(windows, on, names):
    assert demanded(*rules(*windows, **on)) == names


def test_a_measured_gate_answers_with_its_measurement():
    found = gates(*rules(quality=QualityGate(), image=ImageGate()), {"quality": PASSED})
    assert found[0] is PASSED.verdict


def test_a_demanded_gate_that_was_not_measured_is_unknown():
    assert outcomes(gates(*rules(quality=QualityGate(), image=ImageGate()), {})) == {
        "quality": Outcome.UNKNOWN,
        "image": Outcome.UNKNOWN,
    }


def test_a_measurement_that_nobody_demands_says_nothing():
    assert outcomes(gates(*rules(image=ImageGate()), {"quality": PASSED})) == {"image": Outcome.UNKNOWN}


def test_an_image_gate_that_is_off_is_skipped_and_says_so():
    (found,) = gates(*rules(), {})
    assert (found.gate, found.outcome) == ("image", Outcome.SKIP)


def test_a_skipped_image_alone_asks_for_no_check_run_of_its_own():
    assert not asks(gates(*rules(), {}))


def shown(*evidence: Evidence) -> CheckRun:
    verdict = replace(PASSED.verdict, evidence=evidence)
    *_, found = checks.check_runs("main", "c" * 40, [verdict], (), {"gates": [verdict]})
    return found


def test_evidence_is_a_row_with_all_that_it_rests_on():
    url = "https://github.com/splattop/app/runs/1"
    found = shown(Evidence(measured="80%", needed="≥ 70%", source="artifact", url=url, at=NOW))
    row = next(line for line in found.summary.splitlines() if "80%" in line)
    assert row == (
        f"| ✅ | quality | 80% | ≥ 70% | artifact | <!-- at -->[2026-05-04 12:00 UTC]({url})<!-- /at --> |"
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/) [y](https://evil", "https://x/|", "x"])
def test_an_address_that_could_break_out_is_not_linked(url: str):
    found = shown(Evidence(measured="1", needed="1", source="artifact", url=url))
    assert url not in found.summary


def test_other_people_s_words_cannot_break_the_table():
    found = shown(Evidence(measured="1 | 2\n<!-- at -->", needed="@ana", source="[x](y)"))
    row = next(
        line for line in found.summary.splitlines() if "quality" in line and "✅" in line and "at" in line
    )
    assert row.replace(r"\|", "").count("|") == 7


def test_a_value_that_was_only_read_again_is_no_news():
    now, later = (
        shown(
            Evidence(
                measured="80%",
                needed="≥ 70%",
                source="Prometheus",
                at=at,
                url=f"https://p/graph?at={at:%H:%M}",
            )
        )
        for at in (NOW, NOW + timedelta(hours=1))
    )
    own = OwnCheck(
        id="CR_1",
        name=now.name,
        status=now.status,
        conclusion=now.conclusion,
        title=now.title,
        summary=now.summary,
    )
    assert checks.changes([later], [own], "looked again") == ()


def test_another_value_is_news():
    now = shown(Evidence(measured="80%", needed="≥ 70%", source="artifact", at=NOW))
    other = shown(Evidence(measured="81%", needed="≥ 70%", source="artifact", at=NOW))
    own = OwnCheck(
        id="CR_1",
        name=now.name,
        status=now.status,
        conclusion=now.conclusion,
        title=now.title,
        summary=now.summary,
    )
    assert len(checks.changes([other], [own], "looked again")) == 1
