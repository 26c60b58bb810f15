"""A person with reminders, and a clock that moves when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from famulus.features.reminders.firing import Firing
from famulus.features.reminders.records import Occurrence, Reminder
from famulus.features.reminders.schemas import ReminderDraft
from famulus.features.reminders.service import Reminders
from famulus.settings.outward import ReminderSettings
from tests.features.notifications.place import Place


@dataclass
class Reminding:
    """Somebody's reminders, and what they have been told."""

    place: Place
    limits: ReminderSettings

    async def do(self, work: Callable[[Reminders], Any], user_id: str | None = None) -> Any:
        """Something with somebody's reminders, in a transaction."""
        place = self.place
        return await place.database.write(
            lambda session: work(Reminders(session, user_id or place.user_id, limits=self.limits, now=place.clock))
        )

    async def remind(self, title: str = "Water the plants", **fields: Any) -> Reminder:
        return await self.remind_of(self.place.user_id, title, **fields)

    async def remind_of(self, user_id: str, title: str, **fields: Any) -> Reminder:
        draft = ReminderDraft.model_validate({"title": title, **fields})
        made: Reminder = await self.do(lambda them: them.schedule(draft), user_id)
        return made

    async def fire(self) -> int:
        """One look of the clock."""
        return await self.place.database.write(lambda session: Firing(session, self.place.desk).fire_due(most=50))

    async def fire_all(self) -> None:
        """Look until there is nothing left to say."""
        while await self.fire():
            pass

    async def occurrences(self, reminder: Reminder) -> list[Occurrence]:
        """When it was due, oldest first."""
        found = await self.do(lambda them: them.occurrences(reminder.id, after=None, limit=1_000))
        return sorted(found, key=lambda one: one.due_at)

    async def told(self) -> list[str]:
        """What the person was told, oldest first."""
        found = await self.place.do(lambda them: them.page("all", kind=None, after=None, limit=1_000))
        return [one.title for one in reversed(found)]
