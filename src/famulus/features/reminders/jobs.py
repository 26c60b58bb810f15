"""What the clock asks for: say what is due, in every process that works, as soon as it is."""

import asyncio
import contextlib

from famulus.features.notifications.desk import NotificationDesk
from famulus.features.reminders.firing import Firing
from famulus.features.reminders.repository import next_wake
from famulus.infra.database import Database
from famulus.kit.loops import forever
from famulus.settings.outward import ReminderSettings


class ReminderClock:
    """Looks for what is due, and says it."""

    def __init__(self, database: Database, desk: NotificationDesk, limits: ReminderSettings) -> None:
        self._database = database
        self._desk = desk
        self._limits = limits
        self._ticking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        ticking = forever("reminders", self._tick, after_failure_seconds=self._limits.poll_seconds)
        self._ticking = asyncio.create_task(ticking)

    async def stop(self) -> None:
        """Look no more; what is being said is said to its end."""
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking

    async def fire_due(self) -> int:
        """Say as much of what is due as one transaction should; how many reminders that were."""
        return await self._database.write(
            lambda session: Firing(session, self._desk).fire_due(most=self._limits.most_at_once)
        )

    async def _tick(self) -> float:
        """Say what is due; for how long to rest then."""
        next_at = await self._database.read(next_wake)
        if next_at is None:
            return self._limits.poll_seconds
        wait = (next_at - self._desk.now()).total_seconds()
        if wait > 0:
            # One that is made meanwhile, elsewhere or for sooner, is found by the next look.
            return min(wait, self._limits.poll_seconds)
        # As long as there is more than fits, nobody needs to ask when the next is due.
        while await self.fire_due() == self._limits.most_at_once:
            pass
        return min(0.05, self._limits.poll_seconds)
