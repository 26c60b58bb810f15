"""Secrets of others that have to be used again, such as a password for another calendar: sealed where they are kept.

What is sealed cannot be read or changed without the key, so that a copy of the database alone opens nothing. The cipher
is made of HMAC-SHA256, as the standard library has no other: a keystream of its outputs for a random nonce and a
counter, and another of its outputs, under a key of its own, over all of it.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import cached_property
from itertools import count
from pathlib import Path

from famulus.kit.errors import Unavailable

_NONCE_BYTES = 16
_TAG_BYTES = 32
_KEY_BYTES = 32


class SealBroken(Unavailable):
    """What is sealed cannot be opened: the key is another, or it was changed."""


class Sealer:
    """Seals and opens under one key, asked for when it is first needed; `about` binds a secret to where it belongs."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def seal(self, text: str, *, about: str) -> str:
        """What can be kept in place of a secret."""
        nonce = os.urandom(_NONCE_BYTES)
        body = self._masked(text.encode(), nonce)
        return base64.urlsafe_b64encode(nonce + body + self._tag(nonce + body, about)).decode()

    def open(self, sealed: str, *, about: str) -> str:
        """The secret."""
        try:
            raw = base64.b64decode(sealed, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise _broken() from None
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body, about)):
            raise _broken()
        return self._masked(body[_NONCE_BYTES:], body[:_NONCE_BYTES]).decode()

    @cached_property
    def _stream_key(self) -> bytes:
        return _mac(self._key(), b"stream")

    @cached_property
    def _tag_key(self) -> bytes:
        return _mac(self._key(), b"tag")

    def _masked(self, text: bytes, nonce: bytes) -> bytes:
        stream = bytearray()
        for number in count():
            if len(stream) >= len(text):
                break
            stream += _mac(self._stream_key, nonce + number.to_bytes(8))
        return bytes(one ^ other for one, other in zip(text, stream, strict=False))

    def _tag(self, body: bytes, about: str) -> bytes:
        return _mac(self._tag_key, len(body).to_bytes(8) + body + about.encode())


def kept_key(path: Path) -> bytes:
    """The key in a file that only its owner can read; made when it is first needed."""
    try:
        if not path.exists():
            _make(path)
        return path.read_bytes()
    except OSError:
        raise Unavailable("A key in the data folder cannot be read.") from None


def _make(path: Path) -> None:
    """Whoever is first makes it; others see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(os.urandom(_KEY_BYTES))
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def key_of(passphrase: str) -> bytes:
    """The key that a long random text stands for."""
    return hashlib.sha256(passphrase.encode()).digest()


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _broken() -> SealBroken:
    return SealBroken("A secret cannot be opened: the key is not the one that it was sealed with.")
