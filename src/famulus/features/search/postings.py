"""How uses of a word are kept: sixteen bits for each, of things whose numbers are close together.

Nine bits say which thing of its block it is, seven how much of the thing the word is. A word that everything has takes
two bytes a thing, and a hundred thousand of them are two hundred and some rows.
"""

import struct
from collections import defaultdict
from collections.abc import Mapping

BLOCK = 448
"""How many things a block has: what SQLite keeps in one piece."""
MOST_WEIGHT = 127
_WEIGHT_BITS = 7
Blocks = Mapping[int, Mapping[str, Mapping[int, int]]]
"""Of each block the words, and how much of the things at these places each is."""


def changed(uses: bytes, weights: Mapping[int, int]) -> bytes:
    """The uses with other weights for these places of the block; zero for those that are not to be there any more."""
    if all(weights.values()) and (not uses or min(weights) > _last_place(uses)):
        # Nearly always: what is new has a higher number than all that was before.
        return uses + _packed(weights)
    kept = {number >> _WEIGHT_BITS: number & MOST_WEIGHT for number in _unpacked(uses)}
    kept.update(weights)
    return _packed({place: weight for place, weight in kept.items() if weight})


def by_block(weights: Mapping[int, Mapping[str, int]]) -> Blocks:
    """How much of each thing, by its number, some words are."""
    blocks: dict[int, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for number, by_word in weights.items():
        block, place = divmod(number, BLOCK)
        words = blocks[block]
        for word, weight in by_word.items():
            words[word][place] = weight
    return blocks


def _last_place(uses: bytes) -> int:
    return int.from_bytes(uses[-2:], "little") >> _WEIGHT_BITS


def _packed(weights: Mapping[int, int]) -> bytes:
    return b"".join([(place << _WEIGHT_BITS | weights[place]).to_bytes(2, "little") for place in sorted(weights)])


def _unpacked(uses: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(uses) // 2}H", uses)
