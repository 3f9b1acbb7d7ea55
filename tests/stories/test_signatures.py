"""Images that must be signed, and built where the rules say (row B10, attack case 41)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.outbound import Outbound
from bot.adapters.registry import Registry
from bot.gauges import Gauges
from bot.sandbox.state import WorkflowRun
from tests.adapters.registry.stand_in import StandIn, manifest_bytes, serving
from tests.adapters.signatures import cosign
from tests.adapters.signatures.instance import Instance
from tests.builders import values
from tests.stories.cast import Bot, Town

GATES = "lockstep: main / gates"
KEY = cosign.new_key()
BY_KEY = {"signature": {"key": cosign.public(KEY)}}
BY_GITHUB: dict[str, Any] = {"provenance": {}}
RULES = "promotion/promotion-rules.yaml"


@dataclass(kw_only=True)
class Yard:
    """Where images come from: a registry of this machine, and a Sigstore instance of its own."""

    bot: Bot
    town: Town
    registry: StandIn
    sigstore: Instance

    @property
    def here(self) -> str:
        return f"{self.registry.host}/splattop/api"

    def demands(self, gate: dict[str, Any]) -> None:
        """Staging's rules of the image gate."""
        self.writes(
            "main",
            lambda text: text.replace(
                "image: off}\n    approvals", f"image: {json.dumps(gate)}}}\n    approvals"
            ),
        )

    def writes(self, branch: str, change: Any) -> None:
        rules = self.town.github.file("splattop/config", branch, RULES)
        assert rules is not None
        self.town.github.push("splattop/config", branch, {RULES: change(rules.decode())}, by="ana")

    def builds(self) -> tuple[WorkflowRun, str]:
        """CI builds api 1.7.3 and hands it over; the run and the digest."""
        digest = self.registry.push("splattop/api", "1.7.3", manifest_bytes("one"))
        sha = self.town.github.push("splattop/app", "main", {"VERSION": "1.7.3"}, by="dev")
        run = self.town.started(sha)
        entry = {"api": {"tag": "1.7.3", "sha": sha[:7], "digest": digest}}
        self.town.finished(run, artifact={"component-tags.json": json.dumps(entry).encode()})
        return run, digest

    def signs(self, digest: str, key: cosign.Private = KEY, repository: str = "") -> None:
        layer = cosign.signature(key, repository or self.here, digest)
        self.registry.attach("splattop/api", digest, "sig", [layer])

    def attests(self, run: WorkflowRun, digest: str, *, by: str = "splattop/app", says: str = "") -> None:
        """The build workflow of a repository leaves an attestation with GitHub, which says where it was built."""
        web = self.bot.works.house.web_url
        repository = f"{web}/{says or by}"
        said = cosign.slsa(repository=repository, commit=run.head_sha)
        identity = f"{web}/{by}/.github/workflows/build.yml@refs/heads/main"
        bundle = self.sigstore.bundle(cosign.statement(digest, cosign.SLSA, said), identity)
        self.town.github.attest("splattop/app", digest, bundle)

    def gates(self) -> tuple[str, str | None, str]:
        """Status, conclusion and title of staging's gates."""
        check = self.town.checks(self.town.pull("staging"))[GATES]
        return check.status, check.conclusion, check.output["title"]

    def told(self) -> str:
        return str(self.town.checks(self.town.pull("staging"))[GATES].output["summary"])


@pytest.fixture
def yard(bot: Bot, town: Town, tmp_path: Path) -> Iterator[Yard]:
    sigstore = Instance()
    root = tmp_path / "trusted_root.json"
    root.write_text(sigstore.trusted_root())
    with serving() as registry:
        host = registry.host
        reading = Registry(Outbound([f"http://{host}"]), insecure=[host], timeout=1)
        readers = Gauges(replace(bot.settings, sigstore_trusted_root=root), reading)
        bot.works = replace(bot.works, house=replace(bot.works.house, readers=readers))
        moved = {
            f"helm/values-{name}.yaml": values().replace(b"ghcr.io", host.encode())
            for name in ("dev", "staging")
        }
        town.github.push("splattop/config", "main", moved, by="ana")
        found = Yard(bot=bot, town=town, registry=registry, sigstore=sigstore)
        found.writes("main", lambda text: text.replace("ghcr.io", host))
        yield found


def test_an_image_that_the_key_signed_passes_and_looking_again_is_quiet(yard: Yard):
    yard.demands(BY_KEY)
    yard.signs(yard.builds()[1])
    yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "success")
    assert "signed by key sha256" in yard.told()
    before = len(yard.registry.asked)
    with yard.town.expect_no_writes():
        yard.bot.sweeps()
    assert len(yard.registry.asked) == before


def test_case_41_an_unsigned_image_fails_until_it_is_signed(yard: Yard):
    yard.demands(BY_KEY)
    _, digest = yard.builds()
    yard.bot.settles()
    title = "api is not signed as the rules demand: there is no signature"
    assert yard.gates() == ("completed", "failure", title)
    yard.signs(digest)
    yard.bot.sweeps()
    assert yard.gates()[:2] == ("completed", "success")


def test_case_41_an_image_that_another_key_signed_fails(yard: Yard):
    yard.demands(BY_KEY)
    yard.signs(yard.builds()[1], cosign.new_key())
    yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "failure")
    assert "there is no signature that counts: it is not signed by key sha256:" in yard.gates()[2]


def test_case_41_a_signature_made_for_another_repository_fails(yard: Yard):
    yard.demands(BY_KEY)
    yard.signs(yard.builds()[1], repository="ghcr.io/evil/api")
    yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "failure")
    assert "it is of an image in another repository, ghcr.io/evil/api" in yard.gates()[2]


def test_case_41_a_signature_that_does_not_come_in_time_is_unknown_and_fails(yard: Yard):
    yard.demands(BY_KEY)
    yard.signs(yard.builds()[1])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        reading = Registry(
            Outbound([f"http://{yard.registry.host}", f"http://{host}"]),
            insecure=[yard.registry.host],
            timeout=0.3,
        )
        readers = Gauges(yard.bot.settings, reading)
        yard.bot.works = replace(yard.bot.works, house=replace(yard.bot.works.house, readers=readers))
        yard.registry.blobs_at = f"http://{host}"
        yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "failure")
    assert "api's signature could not be read" in yard.gates()[2]
    assert "did not answer within 0.3 s" in yard.gates()[2]


def test_case_43_the_key_file_is_the_default_branch_s(yard: Yard):
    mine = cosign.new_key()
    yard.demands({"signature": {"key_file": "promotion/cosign.pub"}})
    yard.town.github.push(
        "splattop/config", "main", {"promotion/cosign.pub": cosign.public(KEY).encode()}, by="ana"
    )
    yard.signs(yard.builds()[1], mine)
    yard.bot.settles()
    assert "it is not signed by key sha256:" in yard.gates()[2]
    head = yard.town.pull("staging").head_ref
    yard.town.github.push(
        "splattop/config", head, {"promotion/cosign.pub": cosign.public(mine).encode()}, by="ana"
    )
    yard.bot.settles()
    assert yard.town.check(yard.town.pull("staging")) == ("completed", "failure")


def test_githubs_attestation_by_the_source_s_own_workflow_passes(yard: Yard):
    yard.demands(BY_GITHUB)
    yard.attests(*yard.builds())
    yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "success")
    assert "attestations on GitHub" in yard.told()


def test_case_41_no_attestation_fails(yard: Yard):
    yard.demands(BY_GITHUB)
    yard.builds()
    yard.bot.settles()
    title = "api's origin is not attested as the rules demand: there is no provenance"
    assert yard.gates() == ("completed", "failure", title)


def test_case_41_an_attestation_by_another_repository_s_workflow_fails(yard: Yard):
    yard.demands(BY_GITHUB)
    yard.attests(*yard.builds(), by="splattop/other")
    yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "failure")
    assert "it is signed by another identity" in yard.gates()[2]


def test_case_41_provenance_that_names_another_repository_fails(yard: Yard):
    yard.demands(BY_GITHUB)
    yard.attests(*yard.builds(), says="evil/app")
    yard.bot.settles()
    assert yard.gates()[:2] == ("completed", "failure")
    assert "its provenance names" in yard.gates()[2]
    assert "/evil/app" in yard.gates()[2]
