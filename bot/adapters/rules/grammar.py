"""The grammars of single values in the rules file: one function each, which returns it or raises ValueError.

The message of a ValueError goes to the person who wrote the file: what was expected, and what to do.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

import re2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

RULES_PATHS = ("promotion/promotion-rules.yaml", ".github/promotion-rules.yaml")
"""The accepted places of the rules file in a config repository; both at once is an error."""

_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9_]|-(?=[A-Za-z0-9])){0,38}"
_REPOSITORY = rf"{_LOGIN}/[A-Za-z0-9._-]{{1,100}}"
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,62}))(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*"
_IMAGE_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_IMAGE = re.compile(rf"(?P<host>{_HOST}(?::[0-9]{{1,5}})?)(?:/{_IMAGE_PART})+", re.ASCII)


def _full(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def repository(text: str) -> str:
    """`owner/name`, as GitHub writes it."""
    name = text.rpartition("/")[2]
    if not _full(_REPOSITORY, text) or name in (".", "..") or name.endswith(".git"):
        raise ValueError("expected a repository as `owner/name`, without host or `.git`")
    return text


def login(text: str) -> str:
    """A person's GitHub login, without `@`."""
    if not _full(_LOGIN, text):
        raise ValueError("expected a GitHub login such as `octocat`, without `@`")
    return text


def team(text: str) -> str:
    """`organisation/team-slug`, without `@`."""
    if not _full(rf"{_LOGIN}/[a-z0-9_][a-z0-9_-]{{0,99}}", text):
        raise ValueError("expected a team as `organisation/team-slug`, without `@`")
    return text


def workflow(text: str) -> str:
    """A workflow's file; names can be doubled, files cannot (attack case 28)."""
    if not _full(r"\.github/workflows/[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml", text) or ".." in text:
        raise ValueError("expected a workflow's path such as `.github/workflows/build.yml`, not its name")
    return text


def branch_glob(text: str) -> str:
    """A branch name, `*` standing for characters but `/`, `**` for any. `?` and `[…]` are refused: Git allows
    neither in a name, and they would be taken to match."""
    if text.removeprefix("refs/heads/") != text:
        raise ValueError("expected a branch name without `refs/heads/`")
    plain = _full(r"[^\s~^:?\\\[\]{}!-][^\s~^:?\\\[\]{}!]*", text) and len(text) <= 200
    if not plain or re.search(r"\.\.|//|@\{|^/|/$|\.$|\.lock(/|$)|(^|/)\.|\*\*\*", text):
        raise ValueError("expected a branch name or glob such as `main`, `release/*` or `hotfix/**`")
    return text


def image_repository(text: str) -> str:
    """A registry host and repository, exactly as images are named there (attack case 38)."""
    if "://" in text:
        raise ValueError("expected an image repository without a scheme, such as `ghcr.io/splattop/api`")
    if "@" in text:
        raise ValueError("expected an image repository without `@`: no digest, no user")
    if not text.isascii():
        raise ValueError("expected an image repository in plain ASCII; it holds look-alike letters")
    if ":" in text.rpartition("/")[2]:
        raise ValueError("expected an image repository without a tag; the release brings the tag")
    found = _IMAGE.fullmatch(text) if len(text) <= 255 else None
    host = found["host"] if found else ""
    if not (host.startswith("localhost") or "." in host or ":" in host):
        raise ValueError(
            "expected a registry host and repository in lower case, such as `ghcr.io/splattop/api` "
            "(Docker Hub: `docker.io/library/nginx`)"
        )
    return text


def component(text: str) -> str:
    """A component's name, as in `component-tags.json`."""
    if not _full(r"[a-z0-9][a-z0-9._-]{0,62}", text):
        raise ValueError("expected a component name: lower case letters, digits, `.`, `_`, `-`; at most 63")
    return text


def environment(text: str) -> str:
    """An environment's name, part of branch and check-run names."""
    if not _full(r"[a-z][a-z0-9-]{0,30}", text):
        raise ValueError(
            "expected an environment name: a lower case letter, then letters, digits, `-`; at most 31"
        )
    return text


def role(text: str) -> str:
    """A role's name."""
    if not _full(r"[a-z][a-z0-9-]{0,62}", text):
        raise ValueError("expected a role name: a lower case letter, then letters, digits, `-`")
    return text


def source_name(text: str) -> str:
    """A source's name, the last part of the branch `lockstep/<environment>/<source>`."""
    if not _full(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", text) or re.search(r"\.\.|\.$|\.lock$", text):
        raise ValueError("expected a source name that can end a branch name: letters, digits, `.`, `_`, `-`")
    return text


def artifact(text: str) -> str:
    """An artifact's name; actions/upload-artifact refuses these characters too."""
    if not 0 < len(text) <= 200 or re.search(r'["*:<>|?\r\n\\/]', text):
        raise ValueError('expected an artifact name, without any of `" : < > | * ? \\ /`')
    return text


def path(text: str) -> str:
    """A path in the repository that nothing can be smuggled through (attack case 50)."""
    segments = text.split("/")
    if not text or len(text) > 400 or "\\" in text or text[0] in "/-~:" or re.match(r"[A-Za-z]:", text):
        raise ValueError("expected a path relative to the repository's root, such as `helm/values-dev.yaml`")
    if any(segment in ("", ".", "..") or segment != segment.strip() for segment in segments):
        raise ValueError("expected a normalised path: no `..`, `.` or empty parts")
    if re.search("%[0-9A-Fa-f]{2}", text):
        raise ValueError("expected a path without percent-encoding")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in text):
        raise ValueError("expected a path without invisible characters")
    folded = [unicodedata.normalize("NFKC", segment).casefold().rstrip(". ") for segment in segments]
    if any(segment in (".git", "git~1") for segment in folded) or folded[0] == ".github":
        raise ValueError("a path in `.git/` or `.github/` is never read or written")
    return text


def glob(text: str) -> str:
    """A path in which `*`, `**` and `?` may stand."""
    if re.search(r"[\[\]{}!]", text):
        raise ValueError("expected a path glob with `*`, `**` or `?` only")
    if not text.startswith(".github/"):
        path(text)
    elif ".." in text:
        raise ValueError("expected a normalised path: no `..`")
    return text


def values_file(text: str) -> str:
    """The path of a YAML file that promotions edit."""
    if path(text) in RULES_PATHS:
        raise ValueError("the rules file itself is never edited by a promotion")
    if not text.endswith((".yaml", ".yml")):
        raise ValueError("expected a file that ends in `.yaml` or `.yml`")
    return text


def values_path(text: str) -> str:
    r"""Where an image stands in a values file: keys joined by dots, `{component}` for the name, `\.` for a dot."""
    keys = text.replace("{component}", "x")
    if len(text) > 200 or not _full(r"(\\[.\\]|[^\s{}.\\])+(\.(\\[.\\]|[^\s{}.\\])+)*", keys):
        raise ValueError("expected keys joined by dots, such as `{component}.image` or `services.api.image`")
    return text


def url(text: str) -> str:
    """An http(s) address without credentials. The message never repeats the address."""
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("expected an address such as `https://example.com/healthz`") from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_is_fine
        or re.search(r"\s", text)
    ):
        raise ValueError("expected an address such as `https://example.com/healthz`")
    if "@" in parts.netloc:
        raise ValueError("expected an address without user name and password; credentials are settings")
    return text


def host(text: str) -> str:
    """A host name, `*.` in front standing for one label."""
    if not _full(rf"(\*\.)?{_HOST}", text) or len(text) > 253:
        raise ValueError("expected a host name in lower case, such as `alerts.example.com`")
    return text


def email(text: str) -> str:
    """One e-mail address."""
    if not _full(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}", text):
        raise ValueError("expected an e-mail address such as `oncall@example.com`")
    return text


def matcher(text: str) -> str:
    """An Alertmanager matcher: https://prometheus.io/docs/alerting/latest/configuration/#matcher"""
    if not _full(r'[A-Za-z_][A-Za-z0-9_]*\s*(=~|!~|!=|=)\s*("[^"\\]*"|[A-Za-z0-9_.-]+)', text):
        raise ValueError('expected a matcher such as `severity="critical"`')
    return text


def pattern(text: str) -> str:
    """A regular expression that RE2 takes: https://github.com/google/re2/wiki/Syntax"""
    options = re2.Options()
    options.max_mem, options.log_errors = 8 * 1024 * 1024, False
    try:
        if not text or len(text) > 1000:
            raise re2.error(b"it is empty or longer than 1000 characters")
        re2.compile(text, options)
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be read"
        raise ValueError(f"expected a regular expression in RE2's syntax: {why}") from None
    return text


def label(text: str) -> str:
    """A Prometheus label name."""
    if not _full(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("expected a label name such as `environment`")
    return text


def operations_log(text: str) -> str:
    """`off`, or a Markdown file."""
    if text != "off" and not path(text).endswith(".md"):
        raise ValueError("expected `off`, or a file that ends in `.md`")
    return text


def release_log(text: str) -> str:
    """`off`, `releases`, or a Markdown file."""
    if text in ("off", "releases"):
        return text
    if not path(text).endswith(".md"):
        raise ValueError("expected `off`, `releases`, or a file that ends in `.md`")
    return text


def public_key(value: str) -> str:
    """A PEM public key that signatures are verified with: ECDSA, RSA from 2,048 bits on, or Ed25519."""
    expected = (
        "expected a public key as PEM text (-----BEGIN PUBLIC KEY-----): ECDSA, Ed25519 or RSA from 2048 bits"
    )
    try:
        key = load_pem_public_key(value.strip().encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(expected) from None
    small = isinstance(key, RSAPublicKey) and key.key_size < 2048
    if small or not isinstance(key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey):
        raise ValueError(expected)
    return value.strip() + "\n"
