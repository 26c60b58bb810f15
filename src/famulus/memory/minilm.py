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

from famulus.memory.processor import multiplies_in_place

Floats = NDArray[np.float32]

_HEADS, _LAYERS, _EPSILON = 12, 6, 1e-12
_MOST_TOKENS, _MOST_LETTERS, _AT_ONCE = 256, 100, 8
_MASKED = np.float32(-1e9)
# So narrow, the weights are not copied before rows are multiplied by them: 42 MB for each text.
_FEW_COLUMNS = 64
# Abramowitz and Stegun 7.1.25: numpy has no error function, and this one is exact to four digits.
_ERF = (0.7478556, -0.0958798, 0.3480242)
_ERF_STEP = 0.47047
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


class MiniLm:
    """The model and its vocabulary, in memory."""

    def __init__(self, folder: Path) -> None:
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self._ids = {word: number for number, word in enumerate(vocabulary) if word}
        self._weights = _turned(_joined(_tensors(folder / "model.safetensors")))
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
        # One row for each token of all texts: one large product is far cheaper than many small ones.
        rows = self._normal(state.reshape(len(many) * longest, -1), "embeddings.LayerNorm")
        mask: Floats | None = None
        if not there.all():
            mask = ((1 - there) * _MASKED)[:, None, None, :].astype(np.float32)
        for layer in range(_LAYERS):
            rows = self._layer(rows, mask, f"encoder.layer.{layer}.", shape=(len(many), longest))
        state = rows.reshape(len(many), longest, -1)
        summed = (state * there[:, :, None]).sum(axis=1) / there.sum(axis=1, keepdims=True)
        pooled: Floats = summed / np.linalg.norm(summed, axis=1, keepdims=True)
        return pooled

    def _layer(self, rows: Floats, mask: Floats | None, name: str, *, shape: tuple[int, int]) -> Floats:
        width = rows.shape[1]
        projected = self._linear(rows, f"{name}attention.self")
        query, key, value = projected.reshape(*shape, 3, _HEADS, width // _HEADS).transpose(2, 0, 3, 1, 4)
        scores = query @ key.transpose(0, 1, 3, 2)
        scores *= np.float32(1 / math.sqrt(width / _HEADS))
        if mask is not None:
            scores += mask
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        context = (scores @ value).transpose(0, 2, 1, 3).reshape(rows.shape)
        attended = self._linear(context, f"{name}attention.output.dense")
        attended += rows
        attended = self._normal(attended, f"{name}attention.output.LayerNorm")
        inner = self._linear(_gelu(self._linear(attended, f"{name}intermediate.dense")), f"{name}output.dense")
        inner += attended
        return self._normal(inner, f"{name}output.LayerNorm")

    def _linear(self, rows: Floats, name: str) -> Floats:
        parts = rows @ self._weights[f"{name}.weight"]
        result: Floats = parts[0] if len(parts) == 1 else parts.transpose(1, 0, 2).reshape(len(rows), -1)
        result += self._weights[f"{name}.bias"]
        return result

    def _normal(self, rows: Floats, name: str) -> Floats:
        centred: Floats = rows - rows.mean(axis=1, keepdims=True)
        spread = np.einsum("ij,ij->i", centred, centred) / np.float32(rows.shape[1])
        centred *= (1 / np.sqrt(spread + np.float32(_EPSILON)))[:, None]
        centred *= self._weights[f"{name}.weight"]
        centred += self._weights[f"{name}.bias"]
        return centred


def _gelu(x: Floats) -> Floats:
    """`x` times the normal distribution's share below it; written over as few arrays as it can be."""
    away: Floats = np.abs(x)
    step = away * np.float32(_ERF_STEP / math.sqrt(2))
    step += np.float32(1)
    np.reciprocal(step, out=step)
    tail = step * np.float32(_ERF[0])
    for factor in _ERF[1:]:
        tail += np.float32(factor)
        tail *= step
    tail *= away
    away *= away
    away *= np.float32(-0.5)
    tail *= np.exp(away, out=away)
    tail *= np.float32(0.5)
    np.maximum(x, 0, out=x)
    x -= tail
    return x


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


def _joined(weights: dict[str, Floats]) -> dict[str, Floats]:
    """The weights, with queries, keys and values of each layer as one product."""
    for layer in range(_LAYERS):
        name = f"encoder.layer.{layer}.attention.self"
        for kind in ("weight", "bias"):
            parts = [weights.pop(f"{name}.{part}.{kind}") for part in ("query", "key", "value")]
            weights[f"{name}.{kind}"] = np.concatenate(parts)
    return weights


def _turned(weights: dict[str, Floats]) -> dict[str, Floats]:
    """The weights, with those that rows are multiplied by as such a product reads them: a few columns behind others."""
    narrow = multiplies_in_place()
    return {
        name: _parted(values.T, _FEW_COLUMNS if narrow else len(values))
        if name.startswith("encoder.") and values.ndim > 1
        else values
        for name, values in weights.items()
    }


def _parted(values: Floats, columns: int) -> Floats:
    return np.ascontiguousarray(values.reshape(len(values), -1, columns).transpose(1, 0, 2))


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
