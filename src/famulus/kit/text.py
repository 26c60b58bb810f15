"""Text as it may be stored: what some database, log or protocol cannot carry is replaced where text comes in."""

import re

REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` with NUL and lone surrogates replaced by U+FFFD."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def shortened(text: str, limit: int) -> str:
    """`text`, cut to at most `limit` characters with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
