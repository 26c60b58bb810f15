"""all-MiniLM-L6-v2 in numpy: six layers of BERT, read from the files that the model is published with.

Only `embeddings` imports this, and only when it is wanted: numpy costs time and memory at the start.
"""

import json
import math
import struct
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_HEADS, _LAYERS, _EPSILON = 12, 6, 1e-12
_MOST_TOKENS, _MOST_LETTERS, _AT_ONCE = 256, 100, 32
_MASKED = np.float32(-1e9)
# Abramowitz and Stegun 7.1.26: numpy has no error function, and this one is exact to seven digits.
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ERF_STEP = 0.3275911
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


class MiniLm:
    """The model and its vocabulary, in memory."""

    def __init__(self, folder: Path) -> None:
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self._ids = {word: number for number, word in enumerate(vocabulary) if word}
        self._weights = _tensors(folder / "model.safetensors")
        self._pieces = lru_cache(50_000)(self._pieces_of)

    def embed(self, texts: Sequence[str]) -> Floats:
        """One vector of length one for each text."""
        tokens = [self.tokens(text) for text in texts]
        vectors = np.empty((len(texts), self._weights["embeddings.word_embeddings.weight"].shape[1]), np.float32)
        # Texts of one length together: padding is work for nothing.
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for start in range(0, len(order), _AT_ONCE):
            some = order[start : start + _AT_ONCE]
            vectors[some] = self._forward([tokens[index] for index in some])
        return vectors

    def tokens(self, text: str) -> list[int]:
        """The numbers of the pieces of a text, between those for its beginning and its end."""
        found = [piece for word in _words(text) for piece in self._pieces(word)]
        return [self._ids["[CLS]"], *found[: _MOST_TOKENS - 2], self._ids["[SEP]"]]

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        unknown = (self._ids["[UNK]"],)
        if len(word) > _MOST_LETTERS:
            return unknown
        found: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            while (piece := ("##" if start else "") + word[start:end]) not in self._ids:
                end -= 1
                if end == start:
                    return unknown
            found.append(self._ids[piece])
            start = end
        return tuple(found)

    def _forward(self, many: Sequence[list[int]]) -> Floats:
        longest = max(map(len, many))
        numbers = np.array([tokens + [0] * (longest - len(tokens)) for tokens in many])
        there: Floats = np.array([[1.0] * len(tokens) + [0.0] * (longest - len(tokens)) for tokens in many], np.float32)
        weights = self._weights
        state = (
            weights["embeddings.word_embeddings.weight"][numbers]
            + weights["embeddings.position_embeddings.weight"][:longest]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        state = self._normal(state, "embeddings.LayerNorm")
        mask: Floats = ((1 - there) * _MASKED)[:, None, None, :].astype(np.float32)
        for layer in range(_LAYERS):
            state = self._layer(state, mask, f"encoder.layer.{layer}.")
        summed = (state * there[:, :, None]).sum(axis=1) / there.sum(axis=1, keepdims=True)
        pooled: Floats = summed / np.linalg.norm(summed, axis=1, keepdims=True)
        return pooled

    def _layer(self, state: Floats, mask: Floats, name: str) -> Floats:
        batch, length, width = state.shape

        def heads(part: str) -> Floats:
            projected = self._linear(state, f"{name}attention.self.{part}")
            return projected.reshape(batch, length, _HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(width / _HEADS)) + mask
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        context = (scores @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
        attended = self._linear(context, f"{name}attention.output.dense")
        state = self._normal(state + attended, f"{name}attention.output.LayerNorm")
        inner = _gelu(self._linear(state, f"{name}intermediate.dense"))
        return self._normal(state + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")

    def _linear(self, state: Floats, name: str) -> Floats:
        result: Floats = state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return result

    def _normal(self, state: Floats, name: str) -> Floats:
        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        result: Floats = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return result


def _gelu(x: Floats) -> Floats:
    scaled = np.abs(x) * np.float32(1 / math.sqrt(2))
    step: Floats = (1 / (1 + np.float32(_ERF_STEP) * scaled)).astype(np.float32, copy=False)
    total: Floats = np.zeros_like(x)
    for factor in _ERF:
        total = (total + np.float32(factor)) * step
    erf = np.sign(x) * (1 - total * np.exp(-scaled * scaled))
    result: Floats = x * np.float32(0.5) * (1 + erf)
    return result


def _tensors(path: Path) -> dict[str, Floats]:
    """The tensors of a safetensors file: a length, a description in JSON, and the bytes."""
    raw = path.read_bytes()
    (size,) = struct.unpack_from("<Q", raw)
    description: dict[str, Any] = json.loads(raw[8 : 8 + size])
    found = {}
    for name, one in description.items():
        if name != "__metadata__" and one["dtype"] == "F32":
            start, end = one["data_offsets"]
            values = np.frombuffer(raw, "<f4", (end - start) // 4, 8 + size + start)
            found[name] = values.reshape(one["shape"])
    return found


def _words(text: str) -> list[str]:
    """Words and marks, in lower case and without accents, as the vocabulary was made."""
    spelled = unicodedata.normalize("NFD", text.lower())
    parts: list[str] = []
    for letter in spelled:
        category = unicodedata.category(letter)
        if letter in "\t\n\r" or category == "Zs":
            parts.append(" ")
        elif category in ("Mn", "Cc", "Cf", "Co", "Cn", "Cs"):
            continue
        elif _stands_alone(letter, category):
            parts.append(f" {letter} ")
        else:
            parts.append(letter)
    return "".join(parts).split()


def _stands_alone(letter: str, category: str) -> bool:
    if letter.isascii():
        return not letter.isalnum()
    return category.startswith("P") or any(first <= ord(letter) <= last for first, last in _CJK)
