"""People with things of every kind, and searches for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from famulus.apps.search import FINDABLE
from famulus.features.accounts.tables import users
from famulus.features.calendar.tables import calendars, events
from famulus.features.conversations.tables import conversations, messages
from famulus.features.files.tables import file_contents, file_passages, files
from famulus.features.goals.tables import goal_steps, goals
from famulus.features.notifications.tables import notifications
from famulus.features.reminders.tables import reminders
from famulus.features.search.finding import Finder
from famulus.features.search.indexing import Indexer
from famulus.features.search.remembered import Rememberer
from famulus.features.search.schemas import HitPage, Search
from famulus.infra.database import Database, Session
from famulus.kit.ids import new_id
from famulus.memory.client import Keeper, MemoryDraft, local_keeper
from famulus.settings import MemorySettings

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MARIA, OTTO = "user_maria", "user_otto"
_TIMES = {"created_at": NOW, "updated_at": NOW}


class Place:
    """A database with two people, and what finds things in it: some of them packed, the newest not yet."""

    def __init__(self, database: Database, *, keeper: Keeper | None = None, most_loose: int = 200) -> None:
        self.database = database
        self.keeper = keeper or local_keeper(database, MemorySettings(embeddings="none"))
        self.indexer = Indexer(database, FINDABLE, most_loose=most_loose)
        self.finder = Finder(database, self.indexer, Rememberer(self.keeper, deadline_seconds=5))

    async def search(
        self, query: str, *, of: str = MARIA, after: str | None = None, limit: int = 20, **within: Any
    ) -> HitPage:
        return await self.finder.search(of, Search(query, **within), after=after, limit=limit)

    async def found(self, query: str, *, of: str = MARIA, **within: Any) -> list[str]:
        """The ids of what is found, the best first."""
        return [hit.id for hit in (await self.search(query, of=of, **within)).data]

    async def add(self, table: sa.Table, row: dict[str, Any]) -> str:
        async def insert(session: Session) -> None:
            await session.execute(sa.insert(table), row)

        await self.database.write(insert)
        return str(row.get("id"))

    async def change(self, table: sa.Table, row_id: str, **values: Any) -> None:
        async def update(session: Session) -> None:
            await session.execute(sa.update(table).where(table.c.id == row_id).values(values))

        await self.database.write(update)

    async def remove(self, table: sa.Table, row_id: str) -> None:
        async def delete(session: Session) -> None:
            await session.execute(sa.delete(table).where(table.c.id == row_id))

        await self.database.write(delete)

    async def rows(self, statement: sa.Executable) -> list[Any]:
        async def look(session: Session) -> list[Any]:
            return list((await session.execute(statement)).all())

        return await self.database.read(look)

    async def conversation(self, title: str = "Untitled", *, of: str = MARIA, source: str = "person") -> str:
        row = {
            "id": new_id("thread"), "user_id": of, "assistant_id": "asst_1", "session_id": None, "title": title,
            "title_source": source, "starred": False, "pinned": False, "unread": False, "last_position": 0,
        }  # fmt: skip
        return await self.add(conversations, row | _TIMES)

    async def say(self, conversation_id: str, *texts: str, of: str = MARIA, at: datetime = NOW) -> list[str]:
        """Messages, a minute apart."""
        told = (await self.rows(sa.select(sa.func.coalesce(sa.func.max(messages.c.position), 0))))[0][0]
        rows = [
            {
                "id": new_id("msg"), "user_id": of, "conversation_id": conversation_id, "run_id": None,
                "position": told + place, "role": "user", "status": "completed", "text": text,
                "incomplete_reason": None, "created_at": at + timedelta(minutes=place), "completed_at": at,
                "superseded_by": None,
            }
            for place, text in enumerate(texts, 1)
        ]  # fmt: skip

        async def insert(session: Session) -> None:
            await session.execute(sa.insert(messages), rows)

        await self.database.write(insert)
        return [str(row["id"]) for row in rows]

    async def remember(self, text: str, *, of: str = MARIA) -> str:
        return (await self.keeper.remember(of, [MemoryDraft(text=text)]))[0].id

    async def file(self, name: str, *passages: str, of: str = MARIA, status: str = "ready") -> str:
        content = {
            "id": new_id("blob"), "user_id": of, "digest": new_id("digest"), "size": 1, "kind": "text",
            "media_type": "text/plain", "status": status, "passages": len(passages), "is_cut": False,
            "created_at": NOW,
        }  # fmt: skip
        await self.add(file_contents, content)
        file = {"id": new_id("file"), "user_id": of, "content_id": content["id"], "name": name}
        await self.add(files, file | _TIMES)
        for place, text in enumerate(passages):
            passage = {"user_id": of, "content_id": content["id"], "position": place, "unit": "line", "first": place}
            await self.add(file_passages, passage | {"last": place, "overlap": 0, "text": text})
        return str(file["id"])

    async def goal(self, title: str, *steps: str, of: str = MARIA, description: str = "") -> str:
        goal = {"id": new_id("goal"), "user_id": of, "title": title, "description": description, "status": "active"}
        await self.add(goals, goal | _TIMES)
        for place, step in enumerate(steps):
            row = {"id": new_id("step"), "user_id": of, "goal_id": goal["id"], "position": place, "title": step}
            await self.add(goal_steps, row | {"details": ""})
        return goal["id"]

    async def event(self, title: str, *, of: str = MARIA, at: datetime = NOW, place: str = "") -> str:
        calendar = {"id": new_id("cal"), "user_id": of, "name": "Home", "kind": "own", "zone": "UTC"}
        await self.add(calendars, calendar | {"is_default": False} | _TIMES)
        event = {
            "id": new_id("event"), "user_id": of, "calendar_id": calendar["id"], "uid": new_id("uid"), "title": title,
            "description": "", "place": place, "attendees": [], "busy": True, "all_day": False,
            "start": "2026-11-27T12:30:00", "duration_seconds": 3_600, "zone": "UTC", "except_starts": [],
            "extra_starts": [], "first_at": at, "last_at": at, "words": "", "sequence": 0,
        }  # fmt: skip
        return await self.add(events, event | _TIMES)

    async def reminder(self, title: str, *, of: str = MARIA) -> str:
        reminder = {
            "id": new_id("rem"), "user_id": of, "title": title, "note": "", "state": "active", "kind": "once",
            "rule": "", "begins": "", "zone": "UTC", "floating": False, "stops_by_default": False, "occurred": 0,
            "missed": "coalesce", "max_lateness_seconds": 0, "urgent": False,
        }  # fmt: skip
        return await self.add(reminders, reminder | _TIMES)

    async def notification(self, title: str, *, of: str = MARIA) -> str:
        told = {
            "id": new_id("ntf"), "user_id": of, "kind": "test", "title": title, "body": "", "urgent": False,
            "data": {}, "actions": [], "created_at": NOW,
        }  # fmt: skip
        return await self.add(notifications, told)


async def add_people(session: Session) -> None:
    for user_id, role in ((MARIA, "owner"), (OTTO, "member")):
        row = {"id": user_id, "name": user_id, "role": role, "zone": "UTC", "preferences": {}}
        await session.execute(users.insert(), row | _TIMES)
