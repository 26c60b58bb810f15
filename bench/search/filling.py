"""A database with what many people have said and done, always the same, and an index of it."""

import random
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from famulus.apps.search import FINDABLE
from famulus.features.accounts.tables import users
from famulus.features.calendar.tables import calendars, events
from famulus.features.conversations.tables import conversations, messages
from famulus.features.files.tables import file_contents, file_passages, files
from famulus.features.goals.tables import goals
from famulus.features.notifications.tables import notifications
from famulus.features.reminders.tables import reminders
from famulus.features.search.indexing import Indexer
from famulus.infra.database import Database, Session
from famulus.kit.ids import new_id
from famulus.memory.schemas import MemoryDraft
from famulus.memory.service import Memories

WORDS = 30_000
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_AT_ONCE = 500


@dataclass(frozen=True)
class Size:
    """How much one person has."""

    messages: int
    passages: int
    others: int
    """Of each other kind."""


class Speech:
    """Texts whose words are as frequent as those of a language: a few everywhere, most of them seldom."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.words = sorted({self._word() for _ in range(WORDS)}, key=self._shuffled)
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def text(self, least: int, most: int) -> str:
        length = self.random.randint(least, most)
        said = self.random.choices(self.words, cum_weights=self._weights, k=length)
        return " ".join(said).capitalize() + "."

    def _word(self) -> str:
        return "".join(self.random.choices(string.ascii_lowercase, k=self.random.choice((2, 3, 4, 5, 6, 7, 8, 9))))

    def _shuffled(self, _: str) -> float:
        return self.random.random()


async def fill(database: Database, user_id: str, size: Size, speech: Speech) -> None:
    """Give somebody all of this; whether they are known is not asked."""
    for table, rows in _everything(user_id, size, speech):
        for start in range(0, len(rows), _AT_ONCE):
            await _insert(database, table, rows[start : start + _AT_ONCE])
    drafts = [MemoryDraft(text=speech.text(5, 20), session=None) for _ in range(size.others)]
    for start in range(0, len(drafts), _AT_ONCE):
        some = drafts[start : start + _AT_ONCE]
        await database.write(lambda session, some=some: Memories(session, user_id).remember(some))  # type: ignore[misc]


async def index_everything(database: Database) -> None:
    """Take everything into the index, as a server does behind its other work."""
    # Nobody else writes here: what is taken in at once is more, and costs less.
    indexer = Indexer(database, FINDABLE, at_once=_AT_ONCE)
    while (user_id := await indexer.next_waiting()) is not None:
        while not await indexer.catch_up(user_id, batches=100):
            pass


async def _insert(database: Database, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    async def insert(session: Session) -> None:
        await session.execute(sa.insert(table), rows)

    await database.write(insert, durable=False)


def person(user_id: str) -> dict[str, Any]:
    times = {"created_at": _BEGAN, "updated_at": _BEGAN}
    return {"id": user_id, "name": user_id, "role": "member", "zone": "UTC", "preferences": {}} | times


async def add_person(database: Database, user_id: str) -> None:
    await _insert(database, users, [person(user_id)])


def _everything(user_id: str, size: Size, speech: Speech) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    times = {"created_at": _BEGAN, "updated_at": _BEGAN}
    talks = [new_id("thread") for _ in range(size.others)]
    yield conversations, [
        {
            "id": talk, "user_id": user_id, "assistant_id": "asst_1", "title": speech.text(2, 6), "starred": False,
            "title_source": "auto", "pinned": False, "unread": False, "last_position": size.messages,
        } | times
        for talk in talks
    ]  # fmt: skip
    yield messages, [
        {
            "id": new_id("msg"), "user_id": user_id, "conversation_id": talks[place * len(talks) // size.messages],
            "position": place, "role": ("user", "assistant")[place % 2], "status": "completed",
            "text": speech.text(3, 60), "created_at": _BEGAN + timedelta(minutes=5 * place),
        }
        for place in range(size.messages)
    ]  # fmt: skip
    yield goals, [_titled("goal", user_id, speech) | {"status": "active"} | times for _ in range(size.others)]
    # A server that starts sweeps old ones away.
    told = {"kind": "test", "urgent": False, "data": {}, "actions": [], "created_at": datetime.now(UTC)}
    yield (
        notifications,
        [
            {"id": new_id("ntf"), "user_id": user_id, "title": speech.text(2, 6), "body": speech.text(5, 20)} | told
            for _ in range(size.others)
        ],
    )
    yield from _dated(user_id, size, speech, times)
    yield from _filed(user_id, size, speech, times)


def _dated(
    user_id: str, size: Size, speech: Speech, times: dict[str, Any]
) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    calendar = {"id": new_id("cal"), "user_id": user_id, "name": "Home", "kind": "own", "zone": "UTC"}
    yield calendars, [calendar | {"is_default": False} | times]
    yield events, [
        _titled("event", user_id, speech) | {
            "calendar_id": calendar["id"], "uid": new_id("uid"), "place": "", "attendees": [], "busy": True,
            "all_day": False, "start": "2026-11-27T12:30:00", "duration_seconds": 3_600, "zone": "UTC",
            "except_starts": [], "extra_starts": [], "first_at": _BEGAN + timedelta(hours=place), "words": "",
            "sequence": 0,
        } | times
        for place in range(size.others)
    ]  # fmt: skip
    yield reminders, [
        {
            "id": new_id("rem"), "user_id": user_id, "title": speech.text(2, 6), "note": "", "state": "completed",
            "kind": "once", "rule": "", "begins": "", "zone": "UTC", "floating": False, "stops_by_default": False,
            "occurred": 0, "missed": "coalesce", "max_lateness_seconds": 0, "urgent": False,
        } | times
        for _ in range(size.others)
    ]  # fmt: skip


def _filed(
    user_id: str, size: Size, speech: Speech, times: dict[str, Any]
) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """Files, all passages in one fifth of them."""
    contents = [new_id("blob") for _ in range(size.others)]
    yield file_contents, [
        {
            "id": content, "user_id": user_id, "digest": content, "size": 1, "kind": "text", "is_cut": False,
            "media_type": "text/plain", "status": "ready", "passages": 1, "created_at": _BEGAN,
        }
        for content in contents
    ]  # fmt: skip
    yield (
        files,
        [
            {"id": new_id("file"), "user_id": user_id, "content_id": content, "name": speech.text(1, 3)} | times
            for content in contents
        ],
    )
    yield file_passages, [
        {
            "user_id": user_id, "content_id": contents[place % (len(contents) // 5 or 1)], "position": place,
            "unit": "line", "first": place, "last": place, "overlap": 0, "text": speech.text(120, 180),
        }
        for place in range(size.passages)
    ]  # fmt: skip


def _titled(prefix: str, user_id: str, speech: Speech) -> dict[str, Any]:
    return {"id": new_id(prefix), "user_id": user_id, "title": speech.text(2, 6), "description": speech.text(5, 20)}
