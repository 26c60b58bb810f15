"""Many who ask for the same kind of thing at about the same time, answered in one go."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from famulus.kit.errors import FamulusError

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

_Asker = tuple[Asked, asyncio.Future[Answered]]


class Gathered(Generic[Asked, Answered]):
    """Answers at once whoever asks first, and all who ask meanwhile together after that."""

    def __init__(self, answer: Callable[[list[Asked]], Awaitable[Sequence[Answered]]], *, most: int) -> None:
        self._answer = answer
        self._most = most
        self._waiting: deque[_Asker[Asked, Answered]] = deque()
        self._answering: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answered:
        """The answer to this one question. It is found even if nobody waits for it any more."""
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer_all())
        return await future

    async def _answer_all(self) -> None:
        some: list[_Asker[Asked, Answered]] = []
        try:
            while self._waiting:
                # Whoever is about to ask in this turn of the loop asks with the first.
                await asyncio.sleep(0)
                some = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                await self._answer_some(some)
        finally:
            self._answering = None
            # Nobody waits for what is not going to be said, should this be cancelled.
            for _, future in (*some, *self._waiting):
                future.cancel()
            self._waiting.clear()

    async def _answer_some(self, some: list[_Asker[Asked, Answered]]) -> None:
        try:
            answers = await self._answer([asked for asked, _ in some])
        except FamulusError as error:
            _fail(some, error)
        except Exception as error:  # noqa: BLE001 -- it is told to whoever asked
            if len(some) == 1:
                _fail(some, error)
                return
            # One of them breaks it for all: each is asked for alone, and only that one is told.
            for one in some:
                await self._answer_some([one])
        else:
            for (_, future), answer in zip(some, answers, strict=True):
                if not future.done():
                    future.set_result(answer)


def _fail(some: list[_Asker[Asked, Answered]], error: Exception) -> None:
    for _, future in some:
        if not future.done():
            future.set_exception(error)
