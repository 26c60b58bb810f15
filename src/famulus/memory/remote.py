"""The memory in a process of its own, asked over HTTP: within a deadline, and never believed without a look."""

import asyncio
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import aiohttp
import orjson
import structlog
from pydantic import BaseModel, ValidationError
from structlog.contextvars import get_contextvars
from yarl import URL

from famulus.infra import tracing
from famulus.infra.database import Session
from famulus.infra.http import http_session
from famulus.kit.errors import Conflict, FamulusError, Invalid, NotFound, Unavailable, Unprocessable
from famulus.memory.changes import Accepted, Change, ManyLessons, ManyProposals, ProposalDraft, Proposals
from famulus.memory.errors import UserNotFound
from famulus.memory.keeper import Page
from famulus.memory.schemas import (
    Export,
    Found,
    ManyDrafts,
    ManyMemories,
    MemoryDraft,
    MemoryPatch,
    MemoryView,
    Remembered,
    Search,
    Sent,
)

V = TypeVar("V", bound=BaseModel)

_MOST_ANSWER_BYTES = 16 * 1_048_576
# What is remembered is answered once it is found by its meaning, which has to be worked out.
_SECONDS_FOR_EACH = 0.05
_REFUSALS: dict[int, type[FamulusError]] = {
    404: NotFound,
    409: Conflict,
    422: Unprocessable,
    400: Invalid,
    413: Invalid,
}
_logger = structlog.get_logger()


class MemoryUnavailable(Unavailable):
    """The memory service does not answer, or not in time, or nothing that makes sense."""

    def __init__(self) -> None:
        super().__init__("The memory cannot be reached at the moment. Nothing is known about whether it has changed.")


class RemoteKeeper:
    """Asks the memory service; see `Keeper`."""

    shares_transactions = False

    def __init__(self, url: str, key: str, *, deadline_seconds: float) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._deadline_seconds = deadline_seconds

    def start(self) -> None:
        """Nothing: a connection is opened when there is something to ask."""

    async def stop(self) -> None:
        """Nothing: the connections are closed with those of the whole process."""

    async def overview(self, user_id: str, page: Page) -> Remembered | None:
        try:
            return await self._look(Remembered, _path(user_id), kind=page.kind, after=page.after, limit=page.limit)
        except UserNotFound:
            return None

    async def search(self, user_id: str, wanted: Search) -> Found:
        return _made(Found, await self._ask("POST", _path(user_id, "search"), _sent(wanted), is_read=True))

    async def remember(
        self,
        user_id: str,
        drafts: Sequence[MemoryDraft],
        *,
        within: Session | None = None,
        at_leisure: bool = False,  # noqa: ARG002 -- the service has its own haste
    ) -> list[MemoryView]:
        _refuse_transaction(within)
        body = _sent(ManyDrafts(memories=list(drafts)))
        patience = self._deadline_seconds + len(drafts) * _SECONDS_FOR_EACH
        return _made(ManyMemories, await self._ask("POST", _path(user_id), body, patience=patience)).data

    async def find(self, user_id: str, memory_id: str) -> MemoryView:
        return await self._look(MemoryView, _path(user_id, memory_id))

    async def change(
        self, user_id: str, memory_id: str, patch: MemoryPatch, *, within: Session | None = None
    ) -> MemoryView:
        _refuse_transaction(within)
        return _made(MemoryView, await self._ask("PATCH", _path(user_id, memory_id), _sent(patch)))

    async def restore(self, user_id: str, memory_id: str) -> MemoryView:
        return _made(MemoryView, await self._ask("POST", _path(user_id, memory_id, "restore")))

    async def history(self, user_id: str, memory_id: str) -> list[MemoryView]:
        return (await self._look(ManyMemories, _path(user_id, memory_id, "history"))).data

    async def everything(self, user_id: str, *, after: str | None = None, limit: int | None = None) -> list[MemoryView]:
        return (await self._look(Export, _path(user_id, "export"), after=after, limit=limit)).data

    async def forget(self, user_id: str, memory_id: str, *, within: Session | None = None) -> None:
        _refuse_transaction(within)
        await self._ask("DELETE", _path(user_id, memory_id))

    async def forget_session(self, user_id: str, name: str, *, within: Session | None = None) -> None:
        _refuse_transaction(within)
        await self._ask("DELETE", _path(user_id, "sessions", name))

    async def forget_all(self, user_id: str, *, within: Session | None = None) -> None:
        _refuse_transaction(within)
        await self._ask("DELETE", _path(user_id))

    async def learn(self, user_id: str, lessons: Sequence[Change], *, within: Session | None = None) -> None:
        _refuse_transaction(within)
        await self._ask("POST", _path(user_id, "lessons"), _sent(ManyLessons(lessons=list(lessons))))

    async def propose(self, user_id: str, drafts: Sequence[ProposalDraft], *, within: Session | None = None) -> None:
        _refuse_transaction(within)
        await self._ask("POST", _path(user_id, "proposals"), _sent(ManyProposals(proposals=list(drafts))))

    async def proposals(self, user_id: str, page: Page) -> Proposals:
        return await self._look(Proposals, _path(user_id, "proposals"), after=page.after, limit=page.limit)

    async def accept(self, user_id: str, proposal_id: str) -> Accepted:
        return _made(Accepted, await self._ask("POST", _path(user_id, "proposals", proposal_id, "accept")))

    async def reject(self, user_id: str, proposal_id: str) -> None:
        await self._ask("POST", _path(user_id, "proposals", proposal_id, "reject"))

    async def _look(self, view: type[V], path: str, **wanted: str | int | None) -> V:
        query = {name: str(value) for name, value in wanted.items() if value is not None}
        return _made(view, await self._ask("GET", path, query=query, is_read=True))

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        is_read: bool = False,
        patience: float | None = None,
    ) -> bytes:
        """The body of the service's answer; a read whose connection breaks is asked once more."""
        try:
            async with asyncio.timeout(patience or self._deadline_seconds):
                try:
                    status, answer = await self._asked(method, path, body, query)
                except aiohttp.ClientConnectionError:
                    if not is_read:
                        raise
                    status, answer = await self._asked(method, path, body, query)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            _logger.warning("memory.not_reached", method=method, error=type(error).__name__)
            raise MemoryUnavailable from error
        if not 200 <= status < 300:  # noqa: PLR2004 -- success
            _refuse(status, answer)
        return answer

    async def _asked(self, method: str, path: str, body: Any, query: dict[str, str] | None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        # What is said about this request on either side can be found by one id.
        if correlation_id := get_contextvars().get("correlation_id"):
            headers["X-Correlation-ID"] = correlation_id
        sent = orjson.dumps(body) if body is not None else None
        # As it is written: an id is whatever somebody sent, and names no other place.
        url = URL(self._url + path, encoded=True)
        with tracing.span(f"{method} memory", {"http.request.method": method}, kind="client") as span:
            async with http_session().request(
                method, url, data=sent, params=query, headers=headers | tracing.carried(), allow_redirects=False
            ) as answer:
                span.note({"http.response.status_code": answer.status})
                return answer.status, await _bounded(answer)


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body; one without an end is no answer."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > _MOST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError
        parts.append(part)
    return b"".join(parts)


def _path(user_id: str, *parts: str) -> str:
    return "/memories/" + "/".join(quote(part, safe="") for part in (user_id, *parts))


def _sent(body: Sent) -> Any:
    """What was said, and nothing that was not: a patch that is silent about something leaves it."""
    return body.model_dump(mode="json", exclude_unset=True)


def _made(view: type[V], answer: bytes) -> V:
    try:
        return view.model_validate_json(answer)
    except ValidationError:
        _logger.warning("memory.garbled", view=view.__name__)
        raise MemoryUnavailable from None


def _refuse(status: int, answer: bytes) -> NoReturn:
    """Raise what the service says, when it is about what was asked; else it is out of order."""
    kind = _REFUSALS.get(status)
    try:
        problem = orjson.loads(answer)["error"]
        code, message, details = str(problem["code"]), str(problem["message"]), problem.get("details") or {}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        kind = None
    if kind is None:
        # A key that is refused is no business of whoever asked, either.
        _logger.warning("memory.out_of_order", status=status)
        raise MemoryUnavailable
    if code == UserNotFound.code:
        raise UserNotFound
    error = kind(message, **details)
    error.code = code
    raise error


def _refuse_transaction(within: Session | None) -> None:
    if within is not None:
        raise RuntimeError("Nobody waits for a network while a transaction is open.")
