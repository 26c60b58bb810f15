"""Secrets that are handed out once and kept as a digest."""

import hashlib
import secrets

# 256 bits, written with 43 characters that need no quoting anywhere.
_BYTES = 32
KEY_PREFIX = "fam_"
_SHOWN_CHARACTERS = 12


def new_token() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def new_key() -> str:
    """The secret of an API key, recognisable to people and to scanners for leaked secrets."""
    return KEY_PREFIX + new_token()


def shown_part(secret: str) -> str:
    """The part of a key by which its owner knows it again."""
    return secret[:_SHOWN_CHARACTERS]


def digest_of(secret: str) -> str:
    """What is stored of a secret. With 256 random bits there is nothing to slow down or to salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
