"""Speaks to one OpenAI-compatible endpoint."""

import asyncio
import json
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from famulus.infra.http import http_session
from famulus.infra.llm.answer import decoded
from famulus.infra.llm.call import WHOLE_LIMIT_BYTES, Call
from famulus.infra.llm.errors import ProviderBroken, ProviderFault, ProviderRejected
from famulus.infra.llm.events import (
    ChatEvent,
    ChatRequest,
    Completion,
    Finish,
    Retrying,
    TextDelta,
    ToolCall,
    Usage,
)
from famulus.infra.llm.faults import from_exception, from_refusal, without_keys
from famulus.kit.clock import Clock, utc_now
from famulus.kit.text import storable

_REFUSAL_LIMIT_BYTES = 64 * 1024
_USER_INFO = re.compile(r"//[^/@]*@")
_SUCCESS = range(200, 300)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait; there is no limit to how long an answer may take as long as it keeps coming."""

    connect_seconds: float = 10.0
    first_byte_seconds: float = 120.0
    idle_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried in all, and the pauses between."""

    attempts: int = 4
    base_delay_seconds: float = 0.5
    max_delay_seconds: float = 60.0
    """No pause is longer, whatever the provider asks for."""

    def delay(self, attempt: int, asked_seconds: object, chance: float) -> float:
        """The pause after this many tries: what was asked for and a little more, or doubling with jitter."""
        if isinstance(asked_seconds, int | float):
            return min(self.max_delay_seconds, asked_seconds + chance * self.base_delay_seconds)
        doubled: float = self.base_delay_seconds * 2 ** (attempt - 1)
        return min(self.max_delay_seconds, doubled * (0.5 + chance / 2))


class OpenAIClient:
    """Chat, embeddings and the list of models; tries again when that may help and nothing was said yet."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None = None,
        session: Callable[[], ClientSession] = http_session,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Clock = utc_now,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._session = session
        self._timeouts = timeouts or Timeouts()
        self._retries = retries or Retries()
        self._chance = chance
        self._sleep = sleep
        self._now = now
        self._connect_timeout = ClientTimeout(total=None, connect=self._timeouts.connect_seconds)

    def __repr__(self) -> str:
        return f"OpenAIClient(base_url={_USER_INFO.sub('//', self._base_url)!r})"

    def stream(self, request: ChatRequest, *, correlation_id: str | None = None) -> AsyncGenerator[ChatEvent, None]:
        """The events of one answer; closing the generator hangs up at once.

        The last event is `Finish`; an answer without it raises a `ProviderFault`. Wrap it in
        `contextlib.aclosing`, so that leaving the loop early closes it.
        """
        return self._events(request.body(stream=True), correlation_id)

    async def complete(self, request: ChatRequest, *, correlation_id: str | None = None) -> Completion:
        """A whole answer, asked for in one piece."""
        texts: list[str] = []
        calls: list[ToolCall] = []
        usage: Usage | None = None
        reason = ""
        async for event in self._events(request.body(stream=False), correlation_id):
            match event:
                case TextDelta(text):
                    texts.append(text)
                case ToolCall():
                    calls.append(event)
                case Usage():
                    usage = event
                case Finish():
                    reason = event.reason
        return Completion("".join(texts), calls, usage, reason)

    async def embed(self, texts: Sequence[str], *, model: str, correlation_id: str | None = None) -> list[list[float]]:
        """One vector for each text, in their order."""
        if not texts:
            return []
        body = {"model": model, "input": list(texts)}
        answer = await self._fetched("POST", "/embeddings", body, correlation_id)
        try:
            vectors = {int(row["index"]): [float(x) for x in row["embedding"]] for row in answer["data"]}
            return [vectors[index] for index in range(len(texts))]
        except (TypeError, ValueError, LookupError) as error:
            raise ProviderBroken(said="The embeddings are of another shape.") from error

    async def models(self, *, correlation_id: str | None = None) -> list[str]:
        """The names of the models there are."""
        answer = await self._fetched("GET", "/models", None, correlation_id)
        try:
            return [storable(row["id"]) for row in answer["data"]]
        except (TypeError, LookupError) as error:
            raise ProviderBroken(said="The list of models is of another shape.") from error

    async def ping(self) -> None:
        """Ask once for anything; a `ProviderFault` if the endpoint does not answer or does not let us in."""
        try:
            await self._fetched("GET", "/models", None, None, attempts=1)
        except ProviderRejected:
            # An endpoint without a list of models is none the less there.
            return

    async def _events(self, body: Mapping[str, Any], correlation_id: str | None) -> AsyncGenerator[ChatEvent, None]:
        payload = _encoded(body)
        attempt = 1
        while True:
            spoken = False
            try:
                call = await self._called(payload, correlation_id)
                try:
                    while events := await call.more():
                        spoken = True
                        for event in events:
                            yield event
                    await call.settle()
                    return
                finally:
                    call.close()
            except ProviderFault as fault:
                delay = self._pause(fault, attempt, last=spoken or attempt >= self._retries.attempts)
                if delay is None:
                    raise
                code = fault.code
            attempt += 1
            yield Retrying(attempt, delay, code)
            await self._sleep(delay)

    async def _called(self, payload: bytes, correlation_id: str | None) -> Call:
        response = await self._send("POST", "/chat/completions", payload, correlation_id)
        return Call(
            response,
            first_byte_seconds=self._timeouts.first_byte_seconds,
            idle_seconds=self._timeouts.idle_seconds,
        )

    async def _fetched(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        correlation_id: str | None,
        *,
        attempts: int | None = None,
    ) -> Any:
        """The JSON that is answered."""
        payload = None if body is None else _encoded(body)
        attempt = 1
        while True:
            try:
                response = await self._send(method, path, payload, correlation_id)
                return await self._document(response)
            except ProviderFault as fault:
                last = attempt >= (attempts or self._retries.attempts)
                delay = self._pause(fault, attempt, last=last)
                if delay is None:
                    raise
            attempt += 1
            await self._sleep(delay)

    async def _document(self, response: ClientResponse) -> Any:
        try:
            async with asyncio.timeout(self._timeouts.first_byte_seconds):
                body = await _limited(response, WHOLE_LIMIT_BYTES)
            return decoded(body)
        except (ClientError, OSError) as error:
            raise from_exception(error) from error
        except ValueError as error:
            raise ProviderBroken(said="The answer is not JSON.") from error
        finally:
            response.close()

    async def _send(self, method: str, path: str, payload: bytes | None, correlation_id: str | None) -> ClientResponse:
        """An answer that has begun with success; anything else is a fault."""
        try:
            async with asyncio.timeout(self._timeouts.first_byte_seconds):
                response = await self._session().request(
                    method,
                    self._base_url + path,
                    data=payload,
                    headers=self._headers(correlation_id),
                    timeout=self._connect_timeout,
                    # The key is for this endpoint alone.
                    allow_redirects=False,
                )
                if response.status in _SUCCESS:
                    return response
                try:
                    refusal = await _limited(response, _REFUSAL_LIMIT_BYTES)
                finally:
                    response.close()
        except (ClientError, OSError, ValueError) as error:
            raise from_exception(error) from error
        retry_after = response.headers.get("Retry-After")
        raise from_refusal(response.status, refusal, retry_after=retry_after, now=self._now())

    def _headers(self, correlation_id: str | None) -> dict[str, str]:
        # A compressing endpoint or proxy would hold tokens back.
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        if correlation_id and correlation_id.isascii() and correlation_id.isprintable():
            headers["X-Correlation-ID"] = correlation_id
        return headers

    def _pause(self, fault: ProviderFault, attempt: int, *, last: bool) -> float | None:
        """The pause before trying again; `None` if that is of no use. Each failure is logged once, here."""
        fault.said = without_keys(fault.said, self._api_key) if fault.said else None
        again = fault.transient and not last
        _log.warning("provider.failed", code=fault.code, said=fault.said, attempt=attempt, again=again)
        if not again:
            return None
        return self._retries.delay(attempt, fault.details.get("retry_after_seconds"), self._chance())


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        # orjson refuses lone surrogates, and whole numbers beyond 64 bits.
        return storable(json.dumps(body, ensure_ascii=False)).encode()


async def _limited(response: ClientResponse, limit_bytes: int) -> bytes:
    """The body, or as much of it as is allowed."""
    body = bytearray()
    while len(body) <= limit_bytes:
        block = await response.content.readany()
        if not block:
            break
        body += block
    return bytes(body[:limit_bytes])
