"""The guarded way out: one HTTP client for addresses that others may have chosen (attack case 90).

Size and time are limited, redirects are never followed, no proxy and no `.netrc` is used, and the address is
checked when connecting, after DNS, on the very address that is connected to. Only public addresses are reached, but
for the operator's own servers (settings), which may be private or on this machine. Link-local addresses, where clouds
keep their metadata, are reached for nobody.
"""

from bot.adapters.outbound.addresses import Blocked, refusal, without_credentials
from bot.adapters.outbound.client import Answer, NoAnswer, Outbound
from bot.adapters.outbound.patience import retry_after

__all__ = ["Answer", "Blocked", "NoAnswer", "Outbound", "refusal", "retry_after", "without_credentials"]
