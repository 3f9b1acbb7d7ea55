"""promtool, Prometheus' own checker: `check rules` and `test rules`, confined."""

from bot.adapters.promtool.promtool import Promtool

__all__ = ["Promtool"]
