"""Speaking to the server over a WebSocket."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection

Message = dict[str, Any]


async def told(socket: ClientConnection, *, within_seconds: float = 10) -> Message:
    """The next message."""
    async with asyncio.timeout(within_seconds):
        message: Message = json.loads(await socket.recv())
        return message


async def answer_to(socket: ClientConnection, command: Any) -> Message:
    """Send a command, and take the next message."""
    await socket.send(command if isinstance(command, (str, bytes)) else json.dumps(command))
    return await told(socket)


async def until_done(socket: ClientConnection) -> list[Message]:
    """Every message up to the end of a run."""
    messages = [await told(socket)]
    while messages[-1]["event"] != "done":
        messages.append(await told(socket))
    return messages
