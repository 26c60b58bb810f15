"""The SQL of the figures: tallies of hours and days that are over, and events where there is no tally yet."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from famulus.features.analytics.records import CALLED, ENDED, Span
from famulus.features.analytics.repository import alone_with_tallies
from famulus.features.analytics.tables import analytics_events as events
from famulus.features.analytics.tables import analytics_people
from famulus.features.analytics.tables import analytics_tallies as tallies
from famulus.features.analytics.tallies import Tally, told_ms
from famulus.infra.database import Session
from famulus.infra.hours import HOURS_OF_A_DAY, Bucket, beginning_of, bucket_of, number_of

_MOST_STRETCHES = 10
_COUNT = sa.func.count()


class Figures:
    """How the server was used, by the number of each hour or day."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def of(self, span: Span) -> dict[int, Tally]:
        """What happened in each hour or day of a span in which anything did."""
        first, last = number_of(span.begins, span.bucket), number_of(span.ends, span.bucket)
        found = await self.kept(span.bucket, first, last)
        begun = await self.first_hour()
        if begun is None:
            return {}
        hours = set(_hours(span.bucket, (number for number in range(first, last + 1) if number not in found)))
        for hour, tally in (await self._of_hours({hour for hour in hours if hour >= begun}, span.bucket)).items():
            number = hour if span.bucket == "hour" else hour // HOURS_OF_A_DAY
            found.setdefault(number, Tally()).add(tally)
        return {number: tally for number, tally in found.items() if tally.many}

    async def kept(self, bucket: Bucket, first: int, last: int) -> dict[int, Tally]:
        """The tallies there are."""
        mine = tallies.c.bucket == bucket, tallies.c.number.between(first, last)
        rows = await self._session.execute(sa.select(tallies.c.number, tallies.c.tally).where(*mine))
        return {number: Tally.read(tally) for number, tally in rows}

    async def numbers(self, bucket: Bucket) -> set[int]:
        """Of which hours or days there are tallies."""
        rows = await self._session.execute(sa.select(tallies.c.number).where(tallies.c.bucket == bucket))
        return set(rows.scalars())

    async def first_hour(self) -> int | None:
        """In which hour the first event was; none where there is no event."""
        first = (await self._session.execute(sa.select(sa.func.min(events.c.at)))).scalar_one()
        return None if first is None else number_of(first, "hour")

    async def of_events(self, first: int, last: int) -> dict[int, Tally]:
        """The tallies of these hours, counted from what was noted."""
        hour = bucket_of(events.c.at, "hour", self._session.speaks).label("hour")
        who = sa.select(hour, events.c.name, events.c.user_id, _COUNT).where(*_during(first, last))
        found: dict[int, Tally] = {}
        for number, name, user_id, many in await self._session.execute(
            who.group_by("hour", events.c.name, events.c.user_id)
        ):
            tally = found.setdefault(number, Tally())
            tally.many[name] += many
            tally.people[name].add(user_id)
        how = sa.select(hour, *(events.c[column] for column in ("name", "subject", "outcome", "took_ms", "first_ms")))
        for number, *measured in await self._session.execute(
            how.where(events.c.name.in_([ENDED, CALLED]), *_during(first, last))
        ):
            _count(found[number], *measured)
        return found

    async def events_in(self, first: int, last: int) -> int:
        """How much was noted in these hours."""
        return int((await self._session.execute(sa.select(_COUNT).where(*_during(first, last)))).scalar_one())

    async def keep(self, bucket: Bucket, made: dict[int, Tally]) -> None:
        """Keep these; nobody may change what they were made of meanwhile."""
        rows = [{"bucket": bucket, "number": number, "tally": tally.written()} for number, tally in made.items()]
        await self._session.execute(sa.delete(tallies).where(tallies.c.bucket == bucket, tallies.c.number.in_(made)))
        if rows:
            await self._session.execute(sa.insert(tallies), rows)

    async def alone(self) -> None:
        """Let nobody change what tallies are made of until the commit."""
        await alone_with_tallies(self._session)

    async def left_out(self) -> int:
        """How many people want to be left out, now."""
        query = sa.select(_COUNT).select_from(analytics_people).where(analytics_people.c.opted_out)
        return int((await self._session.execute(query)).scalar_one())

    async def _of_hours(self, hours: Collection[int], bucket: Bucket) -> dict[int, Tally]:
        """Of each of these hours its tally, or what was noted in it."""
        if not hours:
            return {}
        # By the hour, those with a tally are not among them.
        found = await self.kept("hour", min(hours), max(hours)) if bucket == "day" else {}
        found = {hour: tally for hour, tally in found.items() if hour in hours}
        missing = sorted(set(hours) - found.keys())
        for first, last in _stretches(missing):
            counted = await self.of_events(first, last)
            found |= {hour: tally for hour, tally in counted.items() if hour in hours and hour not in found}
        return found


def _hours(bucket: Bucket, numbers: Iterable[int]) -> Iterable[int]:
    if bucket == "hour":
        return numbers
    return (number * HOURS_OF_A_DAY + hour for number in numbers for hour in range(HOURS_OF_A_DAY))


def _stretches(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last of each run of numbers; where there are many such runs, of all together."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda numbered: numbered[1] - numbered[0])
    ]
    if len(runs) > _MOST_STRETCHES:
        return [(numbers[0], numbers[-1])]
    return [(run[0], run[-1]) for run in runs]


def _during(first: int, last: int) -> "tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]":
    begins, ends = _moment(first), _moment(last + 1)
    return events.c.at >= begins, events.c.at < ends


def _moment(hour: int) -> datetime:
    return beginning_of(hour, "hour")


def _count(
    tally: Tally, name: str, subject: str | None, outcome: str | None, took_ms: int | None, first_ms: int | None
) -> None:
    if name == CALLED:
        tool = tally.tools[str(subject)]
        tool.calls += 1
        tool.succeeded += outcome == "ok"
        if took_ms is not None:
            tool.took_ms[told_ms(took_ms)] += 1
        return
    tally.ended[str(outcome)] += 1
    if outcome == "completed":
        for measured, counted in ((first_ms, tally.first_ms), (took_ms, tally.took_ms)):
            if measured is not None:
                counted[told_ms(measured)] += 1
