"""Container registries: does this digest exist there, and what does the tag point at?"""

from bot.adapters.registry.client import Registry
from bot.adapters.registry.credentials import Credentials, addresses, docker_config

__all__ = ["Credentials", "Registry", "addresses", "docker_config"]
