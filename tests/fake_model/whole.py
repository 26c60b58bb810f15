"""An answer in one piece, for clients that do not stream."""

from collections.abc import Mapping
from typing import Any

from tests.fake_model.behaviours import Delta, Fault, Finish, Script


def gathered(script: Script) -> tuple[dict[str, Any], str | Fault | None, int]:
    """The whole of a script as one message; how it ends; how many tokens it has."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    words: list[str] = []
    reason: str | Fault | None = None
    for item in script.items:
        if isinstance(item, str):
            words.append(item)
        elif isinstance(item, Delta):
            _add(message, item.fields)
        elif isinstance(item, Finish):
            reason = item.reason
        elif isinstance(item, Fault):
            reason = item
            break
    if words:
        message["content"] = "".join(words)
    return message, reason, len(words)


def _add(message: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name == "tool_calls":
            _add_call(message.setdefault(name, []), value[0])
        else:
            message[name] = message.get(name, "") + value


def _add_call(calls: list[dict[str, Any]], fragment: Mapping[str, Any]) -> None:
    if "id" in fragment:
        calls.append({"id": fragment["id"], "type": "function", "function": dict(fragment["function"])})
    else:
        calls[fragment["index"]]["function"]["arguments"] += fragment["function"]["arguments"]
