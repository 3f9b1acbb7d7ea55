"""Settings are read once, all mistakes are told at once, and secrets stay hidden."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.errors import UserError
from bot.settings import Settings, environment, warn_about
from tests.web.fakes import SECRET, make_settings, pem


def read(**more: str) -> Settings:
    return Settings.read({"APP_ID": "4711", "PRIVATE_KEY": pem(), "WEBHOOK_SECRET": SECRET, **more})


def complaint(**more: str) -> str:
    with pytest.raises(UserError) as error:
        read(**more)
    return str(error.value)


def test_the_least_that_starts() -> None:
    settings = read()
    assert (settings.app_id, settings.port, settings.github_api_url) == (4711, 3000, "https://api.github.com")
    assert (settings.database_url, settings.allowed_accounts) == (None, None)
    assert settings.home == Path.home() / ".lockstep"


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\\n"),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.encodebytes(text.encode()).decode(),
    ],
    ids=["PEM", "PEM with literal \\n", "base64", "base64 in lines"],
)
def test_a_private_key_may_come_in_each_of_probots_forms(form: object) -> None:
    assert callable(form)
    assert read(PRIVATE_KEY=form(pem())).private_key == pem()


def test_a_private_key_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem())
    assert read(PRIVATE_KEY="", PRIVATE_KEY_PATH=str(path)).private_key == pem()


def elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


WRONG = [
    ({"APP_ID": ""}, "APP_ID is not set"),
    ({"APP_ID": "Iv1.abc"}, "APP_ID must be a number"),
    ({"APP_ID": "0"}, "APP_ID must be a number"),
    ({"PRIVATE_KEY": ""}, "Neither PRIVATE_KEY nor PRIVATE_KEY_PATH is set"),
    ({"PRIVATE_KEY": "canary"}, "PRIVATE_KEY is neither a PEM private key nor the base64 of one"),
    (
        {"PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----"},
        "PRIVATE_KEY is not a readable, unencrypted PEM private key",
    ),
    ({"PRIVATE_KEY": elliptic()}, "PRIVATE_KEY is not an RSA key"),
    ({"PRIVATE_KEY": "", "PRIVATE_KEY_PATH": "/nowhere/key.pem"}, "PRIVATE_KEY_PATH names /nowhere/key.pem"),
    ({"GITHUB_API_URL": "http://ghe.example.com/api/v3"}, "GITHUB_API_URL must start with https://"),
    ({"GITHUB_API_URL": "http://127.0.0.1.example.com"}, "GITHUB_API_URL must start with https://"),
    ({"GITHUB_API_URL": "api.github.com"}, "GITHUB_API_URL must be a URL"),
    ({"DATABASE_URL": "mysql://db"}, "DATABASE_URL must be a URL that starts with postgresql://"),
    ({"REGISTRY_AUTH": "{canary"}, "REGISTRY_AUTH is no Docker config.json"),
    ({"REGISTRY_AUTH": "canary!"}, "REGISTRY_AUTH is neither the text of a Docker config.json"),
    ({"REGISTRY_AUTH_FILE": "/nowhere/auth.json"}, "REGISTRY_AUTH_FILE names /nowhere/auth.json"),
    ({"SIGSTORE_TRUSTED_ROOT": "/nowhere/root.json"}, "SIGSTORE_TRUSTED_ROOT names /nowhere/root.json"),
    ({"PORT": "70000"}, "PORT must be a port number"),
    ({"PORT": "http"}, "PORT must be a port number"),
    ({"PROBE_SECONDS": "0"}, "PROBE_SECONDS must be a number of seconds from 1 to 3600"),
    ({"PROBE_SECONDS": "2m"}, "PROBE_SECONDS must be a number of seconds from 1 to 3600"),
    ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of debug"),
    ({"ALLOWED_ACCOUNTS": "splattop,,"}, "ALLOWED_ACCOUNTS must be a comma-separated list"),
    ({"ALLOWED_ACCOUNTS": "https://github.com/splattop"}, "ALLOWED_ACCOUNTS must be a comma-separated list"),
    ({"LOCKSTEP_HOME": "relative"}, "LOCKSTEP_HOME must be an absolute path"),
    ({"SLACK_WEBHOOK_URL": "http://hooks.slack.com/x"}, "SLACK_WEBHOOK_URL must start with https://"),
    ({"SMTP_URL": "mail.example.com"}, "SMTP_URL must be a URL"),
    ({"SMTP_FROM": "a@example.com\r\nBcc: b@example.com"}, "SMTP_FROM must be a plain e-mail address"),
    (
        {"SLACK_WEBHOOK_URLS": "https://hooks.slack.com/canary"},
        "SLACK_WEBHOOK_URLS must be a comma-separated list",
    ),
    (
        {"SLACK_WEBHOOK_URLS": "oncall=http://hooks.slack.com/x"},
        "SLACK_WEBHOOK_URLS must start with https://",
    ),
    ({"NOTIFY_WEBHOOK_URL": "http://example.com/x"}, "NOTIFY_WEBHOOK_URL must start with https://"),
    ({"NOTIFY_WEBHOOK_SECRET": "canary"}, "NOTIFY_WEBHOOK_SECRET must be whsec_ and the base64"),
    ({"NOTIFY_WEBHOOK_SECRET": "whsec_c2hvcnQ="}, "NOTIFY_WEBHOOK_SECRET must be whsec_ and the base64"),
    ({"ARGOCD_SERVER": "https://bot:canary@argocd.example"}, "ARGOCD_SERVER must be an address alone"),
    ({"ARGOCD_SERVER": "argocd.example/?x=1"}, "ARGOCD_SERVER must be an address alone"),
]


@pytest.mark.parametrize(("more", "says"), WRONG)
def test_a_wrong_setting_is_named_in_one_line(more: dict[str, str], says: str) -> None:
    text = complaint(**more)
    assert text.startswith(says)
    assert "\n" not in text
    assert "canary" not in text


@pytest.mark.parametrize("secret", ["", "   ", "\n\t"])
def test_case_4_a_blank_webhook_secret_is_no_secret(secret: str) -> None:
    assert complaint(WEBHOOK_SECRET=secret).startswith("WEBHOOK_SECRET is not set. Set WEBHOOK_SECRET to")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UserError) as error:
        Settings.read({"PORT": "x"})
    first_words = [line.split()[0] for line in str(error.value).splitlines()]
    assert first_words == ["APP_ID", "Neither", "WEBHOOK_SECRET", "PORT"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:5"])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    assert read(GITHUB_API_URL=url).github_api_url == url.rstrip("/")


def test_allowed_accounts_are_compared_without_case() -> None:
    settings = read(ALLOWED_ACCOUNTS="SplatTop, acme_corp")
    assert settings.allows("splattop")
    assert settings.allows("Acme_Corp")
    assert not settings.allows("splattop2")


def test_everybody_is_allowed_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    warn_about(read(), logging.getLogger("test"))
    assert "ALLOWED_ACCOUNTS is not set" in caplog.text


def test_repr_shows_no_secret() -> None:
    secrets = {
        "ALERTMANAGER_TOKEN": "canary-1",
        "ARGOCD_AUTH_TOKEN": "canary-2",
        "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/canary-3",
        "SMTP_URL": "smtp://user:canary-4@mail.example.com",
        "DATABASE_URL": "postgresql://user:canary-5@db/lockstep",
        "WEBHOOK_SECRET": "canary-6",
    }
    settings = read(**secrets)
    assert "canary" not in repr(settings)
    assert "PRIVATE KEY" not in repr(settings)
    assert all(any(secret.count(f"canary-{n}") for secret in settings.secrets()) for n in range(1, 7))


def test_the_channels_settings_are_read_and_none_of_them_is_shown() -> None:
    signing = "whsec_" + base64.b64encode(b"canary-of-at-least-24-bytes!").decode()
    settings = read(
        SLACK_WEBHOOK_URLS="oncall=https://hooks.slack.com/services/canary-1, team=https://hooks.slack.com/canary-2",
        NOTIFY_WEBHOOK_URL="https://example.com/canary-of-the-path",
        NOTIFY_WEBHOOK_SECRET=signing,
    )
    assert sorted(settings.slack_webhook_urls) == ["oncall", "team"]
    assert settings.notify_webhook_secret == b"canary-of-at-least-24-bytes!"
    assert "canary" not in repr(settings)
    kept = settings.secrets()
    assert {"services/canary-1", "canary-of-the-path", signing.removeprefix("whsec_")} <= set(kept)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_ID=1\nWEBHOOK_SECRET='a$b${HOME}'\nPORT=4000\n")
    found = environment(tmp_path, {"APP_ID": "2"})
    assert found == {"APP_ID": "2", "WEBHOOK_SECRET": "a$b${HOME}", "PORT": "4000"}


def test_a_private_key_in_the_file_may_have_lines(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f'APP_ID=1\nWEBHOOK_SECRET=x\nPRIVATE_KEY="{pem()}"\n')
    assert Settings.read(environment(tmp_path, {})).private_key == pem()


def test_no_file_is_fine(tmp_path: Path) -> None:
    assert environment(tmp_path, {"APP_ID": "2"}) == {"APP_ID": "2"}


def test_settings_made_in_tests_would_start() -> None:
    assert make_settings() == read()


LOGIN = '{"auths": {"ghcr.io": {"auth": "cm9ib3Q6cGFzcy13b3Jk"}}}'


@pytest.mark.parametrize(
    "form",
    [lambda text: text, lambda text: base64.b64encode(text.encode()).decode()],
    ids=["text", "base64"],
)
def test_registry_logins_come_as_dockers_file_or_its_base64(form: object) -> None:
    assert callable(form)
    found = read(REGISTRY_AUTH=form(LOGIN)).registry_auth["ghcr.io"]
    assert found
    assert (found.user, found.password) == ("robot", "pass-word")


def test_registry_logins_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(LOGIN)
    assert list(read(REGISTRY_AUTH_FILE=str(path)).registry_auth) == ["ghcr.io"]


def test_registry_logins_are_secrets_in_each_form_that_is_sent() -> None:
    settings = read(REGISTRY_AUTH=LOGIN)
    assert {"pass-word", "cm9ib3Q6cGFzcy13b3Jk"} <= set(settings.secrets())
    assert "pass-word" not in repr(settings)


def test_argo_cd_may_be_named_as_its_own_tools_do() -> None:
    assert read(ARGOCD_SERVER="argocd.example:8443").argocd_server == "https://argocd.example:8443"
    assert read(ARGOCD_SERVER="http://argocd-server.argocd.svc/argo").argocd_server == (
        "http://argocd-server.argocd.svc/argo"
    )
