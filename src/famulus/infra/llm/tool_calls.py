"""Puts tool calls together from the fragments in which they are streamed."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from famulus.infra.llm.events import ToolCall
from famulus.kit.ids import new_id
from famulus.kit.text import storable

MAX_CALLS = 128
MAX_ARGUMENT_CHARACTERS = 1024 * 1024


class _Draft:
    __slots__ = ("arguments", "call_id", "name", "size")

    def __init__(self) -> None:
        self.call_id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.size = 0

    def add(self, fragment: Mapping[str, Any]) -> None:
        self.call_id = self.call_id or str(fragment.get("id") or "")
        function = fragment.get("function") or {}
        self.name = self.name or str(function.get("name") or "")
        arguments = function.get("arguments")
        if arguments:
            # Some endpoints give arguments as an object.
            text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
            self.arguments.append(text)
            self.size += len(text)
            if self.size > MAX_ARGUMENT_CHARACTERS:
                raise ValueError("The arguments of a tool call are too long.")


class ToolCalls:
    """The calls of one answer, in order."""

    __slots__ = ("_drafts", "_latest")

    def __init__(self) -> None:
        self._drafts: dict[int, _Draft] = {}
        self._latest = -1

    def add(self, fragments: Sequence[Mapping[str, Any]]) -> None:
        """Take what one chunk brought; `ValueError` if it is beyond reason."""
        for fragment in fragments:
            self._draft_of(fragment).add(fragment)

    def whole(self) -> list[ToolCall]:
        return [
            ToolCall(
                index=position,
                call_id=storable(draft.call_id) or new_id("call"),
                name=storable(draft.name),
                arguments=storable("".join(draft.arguments)),
            )
            for position, (_, draft) in enumerate(sorted(self._drafts.items()))
        ]

    def _draft_of(self, fragment: Mapping[str, Any]) -> _Draft:
        index = fragment.get("index")
        call_id = fragment.get("id")
        if not isinstance(index, int):
            # Without an index, an id or a name opens the next call and anything else belongs to the last.
            opens = call_id or (fragment.get("function") or {}).get("name") or not self._drafts
            index = max(self._drafts, default=-1) + 1 if opens else self._latest
        elif call_id and (known := self._drafts.get(index)) and known.call_id not in ("", call_id):
            # Some endpoints number all parallel calls 0.
            index = max(self._drafts) + 1
        if index not in self._drafts:
            if len(self._drafts) >= MAX_CALLS:
                raise ValueError("There are too many tool calls.")
            self._drafts[index] = _Draft()
        self._latest = index
        return self._drafts[index]
