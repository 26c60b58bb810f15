"""What a model has read that may be somebody else's wish: files, and what tools bring from elsewhere."""

from collections.abc import Sequence

from famulus.agent.tools import OTHERS_WROTE, Toolset
from famulus.agent.window import Message
from famulus.features.conversations.attachments import ATTACHED


def brings_others_text(toolset: Toolset, name: str, output: str) -> bool:
    """Whether a tool's output is not ours: so are those of its client, and of whatever is not known any more."""
    tool = toolset.get(name)
    return tool is None or tool.untrusted or OTHERS_WROTE in output


def is_tainted(history: Sequence[Message], toolset: Toolset) -> bool:
    """Whether there is such a text in what the model is shown, of this run or of an earlier one."""
    names = {call["id"]: call["function"]["name"] for said in history for call in said.get("tool_calls") or ()}
    if any(said["role"] == "user" and ATTACHED in str(said["content"]) for said in history):
        return True
    outputs = [said for said in history if said["role"] == "tool"]
    return any(
        brings_others_text(toolset, names.get(said["tool_call_id"], ""), str(said["content"])) for said in outputs
    )
