"""Public ids: TypeIDs, that is a prefix naming the kind and a UUIDv7 in Crockford's base 32.

Sources: the TypeID specification 0.3 and RFC 9562, section 5.7. Ids of one process are strictly increasing, so that
sorting by id is sorting by time of making.
"""

import hashlib
import os
import re
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(r"(?P<prefix>[a-z](?:[a-z_]{0,61}[a-z])?)_(?P<suffix>[0-7][0-9a-hjkmnp-tv-z]{25})")
_RANDOM_BITS = 62
_COUNTER_LIMIT = 1 << 12
# Of an id, the letters that say when it was made.
_TIME_LETTERS = 10

_lock = threading.Lock()
_last_tick = 0


def _next_tick() -> int:
    """48 bits of Unix milliseconds and a 12-bit counter, greater than any before in this process."""
    global _last_tick  # noqa: PLW0603 -- the one piece of state that makes ids of a process increase
    now = time.time_ns() // 1_000_000 * _COUNTER_LIMIT
    with _lock:
        _last_tick = max(now, _last_tick + 1)
        return _last_tick


def new_id(prefix: str) -> str:
    """A fresh id such as `run_01jm8v…`."""
    tick = _next_tick()
    milliseconds, counter = divmod(tick, _COUNTER_LIMIT)
    random = int.from_bytes(os.urandom(8)) >> (64 - _RANDOM_BITS)
    number = milliseconds << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | random
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the shape of an id of this kind."""
    match = _SHAPE.fullmatch(text)
    return match is not None and match["prefix"] == prefix


def has_shape(text: str) -> bool:
    """Whether `text` has the shape of an id of any kind."""
    return _SHAPE.fullmatch(text) is not None


def renamed(taken: str, salt: str) -> str:
    """Another id of the same kind and the same time: the same one for the same salt."""
    prefix, _, suffix = taken.rpartition("_")
    number = int.from_bytes(hashlib.sha256(f"{salt} {taken}".encode()).digest()[:10])
    return f"{prefix}_{suffix[:_TIME_LETTERS]}" + "".join(
        _ALPHABET[number >> shift & 31] for shift in range(75, -1, -5)
    )


def number_of(identifier: str) -> int:
    """The 128 bits of an id: a UUID, for those who know nothing else."""
    number = 0
    for character in identifier.rpartition("_")[2]:
        number = number << 5 | _ALPHABET.index(character)
    return number
