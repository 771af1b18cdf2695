"""Chance that depends on a name alone: what is drawn for one patient stays drawn.

A shuffle would deal anew when one patient is added; a keyed hash does not.
"""

import hashlib


def chance(*parts: object) -> float:
    """Return a number in [0, 1) that looks random and follows from `parts` alone."""
    text = "\0".join(str(part) for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
