"""What a model is shown: a history that any provider accepts, within a budget of tokens.

Messages are the dictionaries of the chat-completions format.
"""

from collections.abc import Iterator, Sequence
from typing import Any

Message = dict[str, Any]

_CHARACTERS_PER_TOKEN = 4
_OVERHEAD_TOKENS = 4
_INTERRUPTED = (
    '{"error": {"code": "interrupted", "message": "This call was interrupted, and its outcome is not known."}}'
)
_LEFT_OUT = "[Earlier messages of this conversation are left out here.]"
_CUT = "\n[… cut …]\n"


def tokens(message: Message) -> int:
    """An estimate of a message's size, in tokens: a quarter of its bytes, and a little for its frame."""
    size = size_of(message.get("content") or "")
    for call in message.get("tool_calls") or ():
        size += size_of(call["function"]["arguments"]) + size_of(call["function"]["name"])
    return size // _CHARACTERS_PER_TOKEN + _OVERHEAD_TOKENS


def text_tokens(text: str) -> int:
    """An estimate of the size of a message that is only this text."""
    return size_of(text) // _CHARACTERS_PER_TOKEN + _OVERHEAD_TOKENS


def size_of(text: str) -> int:
    """Bytes, of which a token has about four."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def repaired(messages: Sequence[Message]) -> list[Message]:
    """The history without what a provider refuses: empty answers, calls without output, outputs without call."""
    if all(map(_is_plain, messages)):
        return list(messages)
    whole: list[Message] = []
    for group in _groups(messages):
        head = group[0]
        calls = head.get("tool_calls") or []
        says_nothing = head["role"] == "assistant" and not calls and not head.get("content")
        if head["role"] == "tool" or says_nothing:
            continue
        outputs = {message["tool_call_id"]: message for message in group[1:]}
        whole.append(head)
        for call in calls:
            missing = {"role": "tool", "tool_call_id": call["id"], "content": _INTERRUPTED}
            whole.append(outputs.get(call["id"], missing))
    return whole


def fitted(messages: Sequence[Message], budget: int) -> list[Message]:
    """The instructions and as many of the latest messages as `budget` tokens hold; a call stays with its outputs."""
    if sum(map(tokens, messages)) <= budget:
        return list(messages)
    instructions = [m for m in messages if m["role"] == "system"]
    groups = list(_groups([m for m in messages if m["role"] != "system"]))
    room = budget - sum(map(tokens, instructions))
    kept: list[list[Message]] = []
    for group in reversed(groups):
        room -= sum(map(tokens, group))
        if room < 0 and kept:
            break
        kept.append(group)
    if len(kept) < len(groups):
        instructions = [*instructions, {"role": "system", "content": _LEFT_OUT}]
    if room < 0 and len(kept) == 1:
        kept = [[_cut(message, budget // len(kept[0])) for message in kept[0]]]
    return instructions + [message for group in reversed(kept) for message in group]


def _is_plain(message: Message) -> bool:
    """Whether the message may stand anywhere: it neither calls, nor answers a call, nor is empty."""
    return bool(message.get("content")) and message["role"] != "tool" and "tool_calls" not in message


def _groups(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Messages that must not be parted: each answer with the outputs of its calls, everything else alone."""
    group: list[Message] = []
    for message in messages:
        if message["role"] == "tool" and group and group[0].get("tool_calls"):
            group.append(message)
            continue
        if group:
            yield group
        group = [message]
    if group:
        yield group


def _cut(message: Message, budget: int) -> Message:
    """The message with the middle of its text taken out, where it is larger than `budget` tokens."""
    content = message.get("content")
    most = max(budget, 16) * _CHARACTERS_PER_TOKEN
    if not content or tokens(message) <= budget or len(content) <= most:
        return message
    return {**message, "content": content[: most // 2] + _CUT + content[-most // 2 :]}
