"""amtool, Alertmanager's own checker: `check-config` and `config routes test`, confined."""

from bot.adapters.amtool.amtool import Amtool

__all__ = ["Amtool"]
