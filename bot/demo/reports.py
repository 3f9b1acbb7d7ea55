"""What the trial's CI hands over beside the images: test, coverage and scan reports, as the tools write them."""

from __future__ import annotations

import json
from collections.abc import Mapping

EXECUTED, LINES, COVERED = 214, 1_250, 1_085


def artifacts() -> Mapping[str, Mapping[str, bytes]]:
    """Artifact name to its files: JUnit XML, lcov, and Trivy's JSON."""
    return {
        "junit": {"unit.xml": _junit()},
        "coverage": {"lcov.info": _lcov()},
        "security": {"trivy.json": _trivy()},
    }


def _junit() -> bytes:
    cases = "".join(
        f'<testcase classname="checkout" name="case {each}" time="0.01"/>' for each in range(EXECUTED)
    )
    return f'<testsuite name="unit" tests="{EXECUTED}" failures="0" errors="0">{cases}</testsuite>'.encode()


def _lcov() -> bytes:
    lines = "".join(f"DA:{each},{int(each <= COVERED)}\n" for each in range(1, LINES + 1))
    return f"TN:\nSF:services/api/checkout.py\n{lines}LF:{LINES}\nLH:{COVERED}\nend_of_record\n".encode()


def _trivy() -> bytes:
    found = [
        {"VulnerabilityID": f"CVE-2026-{each}", "PkgName": "zlib", "Severity": severity}
        for each, severity in ((1001, "HIGH"), (1002, "MEDIUM"), (1003, "LOW"))
    ]
    return json.dumps(
        {
            "SchemaVersion": 2,
            "ArtifactName": "ghcr.io/splattop/api",
            "Results": [{"Target": "debian", "Vulnerabilities": found}],
        }
    ).encode()
