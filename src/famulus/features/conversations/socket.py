"""`/ws/chat`: many messages and many runs over one WebSocket; whatever a client sends wrong, the socket stays."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import orjson
import structlog
from fastapi import APIRouter
from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from famulus.features.accounts.caller import Caller, caller_of, still_valid
from famulus.features.conversations.chat import ThreadMessage
from famulus.features.conversations.desk import Counter, counter_of, sender_of
from famulus.features.conversations.following import RESET, entries, position
from famulus.features.conversations.runs import Runs
from famulus.features.conversations.schemas import RunDraft, RunView
from famulus.features.conversations.wire import websocket
from famulus.kit.clock import iso, utc_now
from famulus.kit.errors import FamulusError, Forbidden, Invalid
from famulus.kit.ids import new_id
from famulus.kit.schemas import Draft

router = APIRouter()

GOING_AWAY, POLICY_VIOLATION, UNSUPPORTED, RESTART = 1001, 1008, 1003, 1012
SIGNED_OUT, TOO_SLOW = 4401, 4408

_logger = structlog.get_logger()


class Say(ThreadMessage):
    """Something said."""

    type: Literal["message"] = "message"


class Cancel(Draft):
    """Stop a run."""

    type: Literal["cancel"]
    run_id: str = Field(max_length=100)


class Resume(Draft):
    """Follow a run from a position on."""

    type: Literal["resume"]
    run_id: str = Field(max_length=100)
    after: str | None = Field(default=None, max_length=100)


class Ping(Draft):
    """Ask for a sign of life."""

    type: Literal["ping"]


def _kind(raw: Any) -> str:
    return str(raw.get("type", "message")) if isinstance(raw, dict) else "message"


_Command = Annotated[
    Annotated[Say, Tag("message")]
    | Annotated[Cancel, Tag("cancel")]
    | Annotated[Resume, Tag("resume")]
    | Annotated[Ping, Tag("ping")],
    Discriminator(_kind),
]
_COMMAND: TypeAdapter[Say | Cancel | Resume | Ping] = TypeAdapter(_Command)


class MalformedCommand(Invalid):
    """The message is not one of those that are understood here."""


@router.websocket("/ws/chat")
async def chat_socket(socket: WebSocket) -> None:
    """Hold conversations over a WebSocket."""
    # Who it is, and from what page, is known before the handshake is answered.
    try:
        caller = await caller_of(socket)
        if not caller.may("chat"):
            raise Forbidden("This credential may not hold conversations.")
    except FamulusError:
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    await Conversing(socket, caller, counter_of(socket)).converse()


class Conversing:
    """One open socket."""

    def __init__(self, socket: WebSocket, caller: Caller, counter: Counter) -> None:
        self._socket = socket
        self._caller = caller
        self._counter = counter
        self._limits = counter.settings.streams
        self._following: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        # What counts each message as a request; whoever has taken the handshake knows whose they are.
        self._admit: Callable[[], Awaitable[None]] | None = getattr(socket.state, "admit", None)

    async def converse(self) -> None:
        """Serve the socket until it closes; runs go on without it."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if message.get("text") is None:
                    await self._close(UNSUPPORTED)
                    return
                await self._obey(message["text"])
        except (WebSocketDisconnect, RuntimeError):
            _logger.debug("socket.gone")
        finally:
            tasks = [watching, *self._following.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _obey(self, text: str) -> None:
        correlation_id = new_id("corr")
        try:
            if self._admit:
                await self._admit()
            command = _parsed(text)
            with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
                match command:
                    case Say():
                        await self._say(command, correlation_id)
                    case Cancel():
                        await self._cancel(command, correlation_id)
                    case Resume():
                        self._follow(command.run_id, command.after)
                    case Ping():
                        await self._send({"event": "pong", "id": None, "data": {}})
        except FamulusError as error:
            await self._error(error, correlation_id)
        except WebSocketDisconnect:
            raise
        except Exception:
            _logger.exception("socket.failed", correlation_id=correlation_id)
            await self._error(FamulusError("Something went wrong on the server."), correlation_id)

    async def _say(self, said: Say, correlation_id: str) -> None:
        self._socket.state.correlation_id = correlation_id
        draft = RunDraft(**said.model_dump(exclude={"thread_id", "type"}))
        sender = sender_of(self._socket, self._caller)
        run = await self._counter.database.write(
            lambda session: Runs(session, sender, self._counter.runs).send(said.thread_id, draft)
        )
        self._follow(run.id, None)

    async def _cancel(self, command: Cancel, correlation_id: str) -> None:
        self._socket.state.correlation_id = correlation_id
        sender = sender_of(self._socket, self._caller)
        run = await self._counter.database.write(
            lambda session: Runs(session, sender, self._counter.runs).cancel(command.run_id)
        )
        await self._send({"event": "cancel.accepted", "id": None, "data": RunView.of(run).data()})

    def _follow(self, run_id: str, after: str | None) -> None:
        """Show a run from a position on; one that is shown already is shown from there anew."""
        self._counter.seats.check(self._caller.user_id)
        if running := self._following.pop(run_id, None):
            running.cancel()
        task = self._following[run_id] = asyncio.create_task(self._show(run_id, after))
        task.add_done_callback(
            lambda done: self._following.pop(run_id, None) if self._following.get(run_id) is done else None
        )

    async def _show(self, run_id: str, after: str | None) -> None:
        try:
            start = await position(self._counter, self._caller.user_id, run_id, after)
            with self._counter.seats.taken(self._caller.user_id):
                if start.snapshot:
                    await self._send({"event": RESET, "id": start.cursor, "data": start.snapshot})
                async with contextlib.aclosing(entries(self._counter, run_id, start)) as batches:
                    async for batch in batches:
                        for entry in batch:
                            await self._send_text(websocket(entry).decode())
        except FamulusError as error:
            await self._error(error, new_id("corr"))
        except (WebSocketDisconnect, RuntimeError):
            _logger.debug("socket.gone")

    async def _watch(self) -> None:
        """Close the socket when its person is signed out, when it takes nothing, or when this process stops."""
        released = self._counter.runs.log.released
        while not released.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(released.wait(), self._limits.heartbeat_seconds)
            if not released.is_set() and not await still_valid(self._socket, self._caller):
                await self._close(SIGNED_OUT)
                return
        await self._close(RESTART)

    async def _error(self, error: FamulusError, correlation_id: str) -> None:
        await self._send(
            {
                "event": "error",
                "type": "error",
                "error": error.message,
                "error_code": error.code,
                "details": error.details,
                "correlation_id": correlation_id,
                "timestamp": iso(utc_now()),
            }
        )

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(orjson.dumps(message, default=str).decode())

    async def _send_text(self, text: str) -> None:
        async with self._sending:
            try:
                async with asyncio.timeout(self._limits.stall_seconds):
                    await self._socket.send_text(text)
            except TimeoutError:
                await self._close(TOO_SLOW)
                raise WebSocketDisconnect(TOO_SLOW) from None

    async def _close(self, code: int) -> None:
        with contextlib.suppress(RuntimeError):
            await self._socket.close(code)


def _parsed(text: str) -> Say | Cancel | Resume | Ping:
    try:
        return _COMMAND.validate_python(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise MalformedCommand("This is not JSON.") from None
    except ValidationError as error:
        problems = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()[:10]]
        raise MalformedCommand("This message is not understood here.", problems=problems) from None
