"""Container registries: does this digest exist there, and what does the tag point at?"""

from bot.adapters.registry.client import Registry
from bot.adapters.registry.credentials import Credentials, docker_config

__all__ = ["Credentials", "Registry", "docker_config"]
