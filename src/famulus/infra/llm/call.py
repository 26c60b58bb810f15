"""One answer under way: reads the socket, watches the silence, gives events."""

import asyncio
from contextlib import suppress

from aiohttp import ClientError, ClientResponse

from famulus.infra.llm.answer import Answer
from famulus.infra.llm.errors import ProviderBroken, ProviderTimedOut
from famulus.infra.llm.events import ChatEvent
from famulus.infra.llm.sse import EventParser

WHOLE_LIMIT_BYTES = 16 * 1024 * 1024
# The model has finished: only the bill and the end mark are still to come.
_AFTER_FINISH_SECONDS = 5.0
_FOR_REUSE_SECONDS = 0.25
_LAST_CHANCE_SECONDS = 0.02


class WholeBody:
    """Stands where the event parser does when the answer is one JSON document."""

    def __init__(self, limit_bytes: int = WHOLE_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._body = bytearray()
        self.overflowed = False

    def feed(self, block: bytes) -> list[bytes]:
        self._body += block
        self.overflowed = len(self._body) > self._limit
        return []

    def end(self) -> list[bytes]:
        return [bytes(self._body)]


class Call:
    """Gives the events of one answer in batches, one for each read of the socket."""

    def __init__(self, response: ClientResponse, *, first_byte_seconds: float, idle_seconds: float) -> None:
        self._response = response
        self._content = response.content
        whole = response.content_type == "application/json"
        self._parser: EventParser | WholeBody = WholeBody() if whole else EventParser()
        self._answer = Answer()
        self._idle_seconds = idle_seconds
        self._loop = asyncio.get_running_loop()
        self._waiting_since: float | None = None
        self._too_silent = False
        self._over = False
        self._allowed_silence = first_byte_seconds
        self._timer = self._loop.call_later(first_byte_seconds, self._look)

    async def more(self) -> list[ChatEvent]:
        """The next events, at least one; none when the answer has ended, and a fault when it has failed."""
        while not self._over:
            self._waiting_since = self._loop.time()
            self._listen(True)
            try:
                block = await self._content.readany()
            except (ClientError, OSError) as error:
                block = self._broken_off(error)
            self._listen(False)
            self._waiting_since = None
            events = self._events(block)
            if events:
                return events
        if self._answer.failure:
            raise self._answer.failure
        return []

    async def settle(self) -> None:
        """Let the connection come to its end, so that the next call can use it."""
        if not self._content.is_eof():
            self._listen(True)
            with suppress(TimeoutError, ClientError):
                async with asyncio.timeout(_FOR_REUSE_SECONDS):
                    await self._content.wait_eof()

    def close(self) -> None:
        """Hang up, unless the connection has already gone back to the pool."""
        self._timer.cancel()
        self._response.close()

    def _listen(self, listening: bool) -> None:
        """Take bytes from the socket only while somebody waits for them: what has come by then comes in one piece."""
        connection = self._response.connection
        transport = connection.transport if connection else None
        if transport is not None and not transport.is_closing():
            if listening:
                transport.resume_reading()
            else:
                transport.pause_reading()

    def _events(self, block: bytes) -> list[ChatEvent]:
        answer = self._answer
        events = answer.take(self._parser.feed(block) if block else self._parser.end())
        if self._parser.overflowed and not answer.failure:
            answer.failure = ProviderBroken(said="A line is too long.")
        if not block or answer.done or answer.failure:
            self._over = True
            events += answer.end()
        elif answer.reason is None:
            self._allow(self._idle_seconds)
        else:
            self._allow(min(self._idle_seconds, _AFTER_FINISH_SECONDS))
        return events

    def _broken_off(self, error: Exception) -> bytes:
        """What is to be made of a lost connection: an end, if the model had finished."""
        if self._answer.reason is not None:
            return b""
        if self._too_silent:
            raise ProviderTimedOut(said="The answer fell silent.") from error
        raise ProviderBroken(said=f"The connection was lost ({type(error).__name__}).", transient=True) from error

    def _allow(self, seconds: float) -> None:
        if seconds != self._allowed_silence:
            self._allowed_silence = seconds
            self._timer.cancel()
            self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """End the wait if it is too long; a timer for each read would cost more than the read."""
        since = self._waiting_since
        silent = 0.0 if since is None else self._loop.time() - since
        if silent < self._allowed_silence:
            self._timer = self._loop.call_later(self._allowed_silence - silent, self._look)
            return
        # After a stall of this process the bytes may lie in the socket, unread: look there once more.
        self._timer = self._loop.call_later(_LAST_CHANCE_SECONDS, self._hang_up, since)

    def _hang_up(self, since: float | None) -> None:
        if self._waiting_since == since:
            self._too_silent = True
            self._response.close()
        else:
            self._look()
