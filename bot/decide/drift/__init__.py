"""Do the bundles of alert rules say the same in every environment, and what their source says (rows A3, A4)?

`touched` tells whether a change has to do with alerts at all; `drift` answers for a pull request. What cannot be read
is unknown, and unknown never merges.
"""

from bot.decide.drift.evaluate import DRIFT, drift
from bot.decide.drift.facts import DriftFacts, chain_of, paths_of, touched
from bot.decide.drift.payload import Payload, bundle_of, digest_of, payload_of

__all__ = [
    "DRIFT",
    "DriftFacts",
    "Payload",
    "bundle_of",
    "chain_of",
    "digest_of",
    "drift",
    "paths_of",
    "payload_of",
    "touched",
]
