"""Why a document is not what is demanded."""

from __future__ import annotations


class NotTrusted(Exception):
    """This document does not prove what is demanded; the message is a clause for a person, and holds no secret."""
