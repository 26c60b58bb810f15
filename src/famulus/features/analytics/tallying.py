"""The clock that counts up the hours and days that are over, so that figures are read and not counted each time."""

from datetime import timedelta

from famulus.features.analytics.figures import Figures
from famulus.features.analytics.tallies import Tally, sum_of
from famulus.infra.database import Database, Session
from famulus.infra.hours import HOURS_OF_A_DAY, number_of
from famulus.kit.clock import Clock, utc_now

# By then, what happened in an hour is usually noted. What is noted later has the hour counted anew.
_SETTLES_AFTER = timedelta(minutes=2)
_HOURS_AT_ONCE = 24
_BETWEEN_SECONDS = 0.2
_EVERY_SECONDS = 60.0


class Tallier:
    """Counts up what nobody has counted up yet."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    async def tally(self) -> float:
        """Count up some hours, and the days that these complete; how many seconds until there may be more."""
        over = number_of(self._now() - _SETTLES_AFTER, "hour")
        due = await self._database.read(lambda session: _due_hours(session, over))
        if due:
            await self._tally_hours(due)
        days = await self._database.read(lambda session: _due_days(session, over))
        for day, hours in days:
            await self._database.write(lambda session: _tally_day(session, day, hours), durable=False)  # noqa: B023
        return _BETWEEN_SECONDS if due else _EVERY_SECONDS

    async def _tally_hours(self, due: list[int]) -> None:
        first, last = due[0], due[-1]
        counted = await self._database.read(lambda session: Figures(session).of_events(first, last))
        made = {hour: counted.get(hour, Tally()) for hour in due}
        many = sum(tally.many.total() for tally in counted.values())

        async def keep(session: Session) -> None:
            figures = Figures(session)
            await figures.alone()
            # Whatever has come or gone since they were counted is counted the next time.
            if await figures.events_in(first, last) == many:
                await figures.keep("hour", made)

        await self._database.write(keep, durable=False)


async def _due_hours(session: Session, over: int) -> list[int]:
    """The first hours of which there is no tally, not far from each other."""
    figures = Figures(session)
    begun = await figures.first_hour()
    if begun is None:
        return []
    there = await figures.numbers("hour")
    due = [hour for hour in range(begun, over) if hour not in there]
    return [hour for hour in due if hour < due[0] + _HOURS_AT_ONCE]


async def _due_days(session: Session, over: int) -> list[tuple[int, set[int]]]:
    """The days without a tally of whose hours there are some, and those hours."""
    figures = Figures(session)
    begun = await figures.first_hour()
    if begun is None:
        return []
    hours, days = await figures.numbers("hour"), await figures.numbers("day")
    due = []
    for day in range(begun // HOURS_OF_A_DAY, over // HOURS_OF_A_DAY):
        its = {hour for hour in range(day * HOURS_OF_A_DAY, (day + 1) * HOURS_OF_A_DAY) if hour >= begun}
        if day not in days and its <= hours:
            due.append((day, its))
    return due


async def _tally_day(session: Session, day: int, hours: set[int]) -> None:
    figures = Figures(session)
    await figures.alone()
    kept = await figures.kept("hour", min(hours), max(hours))
    if kept.keys() == hours:
        await figures.keep("day", {day: sum_of(kept.values())})
