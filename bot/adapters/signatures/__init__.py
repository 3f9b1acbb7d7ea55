"""Signatures and provenance of images: cosign's, and Sigstore bundles (attack case 41, row B10).

Documents come from the registry or from GitHub; here they are verified, without any further request.
"""

from bot.adapters.signatures.keyless import Sigstore
from bot.adapters.signatures.verify import Signatures

__all__ = ["Signatures", "Sigstore"]
