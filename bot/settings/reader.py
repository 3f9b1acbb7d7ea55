"""One setting after another out of the environment, and what is wrong with them all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from bot.registry_auth import Logins
from bot.settings import parsers

T = TypeVar("T")

APP_PAGE = "your GitHub App's page (Settings > Developer settings > GitHub Apps)"


class Reader:
    """Reads one setting after another and keeps what is wrong. A blank value counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def _text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def get(self, name: str, parse: Callable[[str], T], how: str) -> T | None:
        """A required setting; None when it is wrong, which `problems` then tells."""
        text = self._text(name)
        if text is None:
            self.problems.append(f"{name} is not set. {how}")
            return None
        return self._parsed(name, text, parse, how)

    def optional(self, name: str, parse: Callable[[str], T]) -> T | None:
        """A setting that may be left out."""
        text = self._text(name)
        return None if text is None else self._parsed(name, text, parse, f"Correct {name} or unset it.")

    def either(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """A setting with a default."""
        value = self.optional(name, parse)
        return default if value is None else value

    def _parsed(self, name: str, text: str, parse: Callable[[str], T], how: str) -> T | None:
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{name} {error}. {how}")
            return None

    def private_key(self) -> str | None:
        """PRIVATE_KEY (PEM, also with literal `\\n`, or base64 of it), else the file at PRIVATE_KEY_PATH."""
        how = f"Generate a private key on {APP_PAGE}, and give the downloaded .pem's text or its path."
        if self._text("PRIVATE_KEY"):
            return self.get("PRIVATE_KEY", parsers.private_key, how)
        if self._text("PRIVATE_KEY_PATH"):
            return self.get("PRIVATE_KEY_PATH", parsers.private_key_file, how)
        self.problems.append(f"Neither PRIVATE_KEY nor PRIVATE_KEY_PATH is set. {how}")
        return None

    def registry_auth(self) -> Logins:
        """REGISTRY_AUTH (the text of a Docker config.json, or base64 of it), else the file at REGISTRY_AUTH_FILE."""
        if self._text("REGISTRY_AUTH"):
            return self.optional("REGISTRY_AUTH", parsers.registry_auth) or {}
        return self.optional("REGISTRY_AUTH_FILE", parsers.registry_auth_file) or {}
