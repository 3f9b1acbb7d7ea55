"""Container registries: does this digest exist there, what does the tag point at, and what is attached to it?"""

from bot.adapters.registry.attached import BUNDLE, ENVELOPE, SIMPLE_SIGNING, Document
from bot.adapters.registry.client import Registry
from bot.adapters.registry.credentials import Credentials, addresses, docker_config

__all__ = [
    "BUNDLE",
    "ENVELOPE",
    "SIMPLE_SIGNING",
    "Credentials",
    "Document",
    "Registry",
    "addresses",
    "docker_config",
]
