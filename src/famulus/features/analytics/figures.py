"""The SQL of the figures: over everybody, between two days, by hour or day. No row of anybody is shown."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from famulus.features.analytics.records import CALLED, ENDED, SENT, EventFigures, Percentiles, Span, ToolFigures
from famulus.features.analytics.tables import analytics_events as events
from famulus.features.analytics.tables import analytics_people
from famulus.infra.database import Session
from famulus.infra.hours import bucket_of

_Column = sa.ColumnElement[Any]
_MOST_NAMES = 50
_ALL = sa.literal_column("0", sa.BigInteger)
_PERCENTS = (50, 95, 99)
_COUNT = sa.func.count()
_PEOPLE = sa.func.count(events.c.user_id.distinct())


class Figures:
    """How the server was used in a span of days; whatever is asked by bucket is told by the number of each."""

    def __init__(self, session: Session, span: Span) -> None:
        self._session = session
        self._during = events.c.at >= span.begins, events.c.at <= span.ends
        self._bucket = bucket_of(events.c.at, span.bucket, session.speaks)

    async def messages(self) -> dict[int, tuple[int, int]]:
        """How many messages people sent, and how many people."""
        query = self._of(SENT, self._bucket.label("bucket"), _COUNT, _PEOPLE).group_by("bucket")
        return {bucket: (many, people) for bucket, many, people in await self._session.execute(query)}

    async def active_people(self) -> int:
        """How many people sent something in all that time."""
        return int((await self._session.execute(self._of(SENT, _PEOPLE))).scalar_one())

    async def runs(self) -> dict[int, dict[str, int]]:
        """How many runs ended, by how."""
        query = self._of(ENDED, self._bucket.label("bucket"), events.c.outcome, _COUNT)
        found: dict[int, dict[str, int]] = {}
        for bucket, outcome, many in await self._session.execute(query.group_by("bucket", events.c.outcome)):
            found.setdefault(bucket, {})[outcome] = many
        return found

    async def calls(self) -> dict[int, int]:
        """How many tool calls were made."""
        query = self._of(CALLED, self._bucket.label("bucket"), _COUNT).group_by("bucket")
        return dict(map(tuple, await self._session.execute(query)))

    async def waits(self, measure: str, *, by_bucket: bool) -> dict[int, Percentiles]:
        """How long completed runs took: `first_ms` to their first words, `took_ms` to their end; in all under 0."""
        of = self._bucket if by_bucket else _ALL
        found = await self._percentiles(ENDED, of, events.c[measure], events.c.outcome == "completed")
        return {int(bucket): percentiles for bucket, percentiles in found.items()}

    async def tools(self) -> list[ToolFigures]:
        """How the calls of each tool went, the most called first."""
        succeeded = _COUNT.filter(events.c.outcome == "ok")
        query = self._of(CALLED, events.c.subject, _COUNT, succeeded).group_by(events.c.subject)
        took = await self._percentiles(CALLED, events.c.subject, events.c.took_ms)
        rows = await self._session.execute(query.order_by(_COUNT.desc(), events.c.subject).limit(_MOST_NAMES))
        return [ToolFigures(str(name), calls, good, took.get(name)) for name, calls, good in rows]

    async def names(self) -> list[EventFigures]:
        """What happened how often, and to how many people, the most frequent first."""
        query = (
            sa.select(events.c.name, _COUNT, _PEOPLE)
            .where(*self._during)
            .group_by(events.c.name)
            .order_by(_COUNT.desc(), events.c.name)
            .limit(_MOST_NAMES)
        )
        return [EventFigures(*row) for row in await self._session.execute(query)]

    async def left_out(self) -> int:
        """How many people want to be left out, now."""
        query = sa.select(_COUNT).select_from(analytics_people).where(analytics_people.c.opted_out)
        return int((await self._session.execute(query)).scalar_one())

    def _of(self, name: str, *columns: _Column) -> "sa.Select[*tuple[Any, ...]]":
        return sa.select(*columns).where(events.c.name == name, *self._during)

    async def _percentiles(
        self,
        name: str,
        by: _Column,
        measured: _Column,
        *conditions: _Column,
    ) -> dict[Any, Percentiles]:
        """The values at the percentiles by rank, which both databases can tell: one of those that were measured."""
        rank = sa.func.row_number().over(partition_by=by, order_by=measured).label("rank")
        many = _COUNT.over(partition_by=by).label("many")
        ranked = self._of(name, by.label("by"), measured.label("value"), rank, many)
        ranked = ranked.where(measured.is_not(None), *conditions)
        one = ranked.subquery()
        at: Sequence[sa.ColumnElement[int]] = [
            sa.func.min(sa.case((one.c.rank * 100 >= one.c.many * percent, one.c.value))) for percent in _PERCENTS
        ]
        rows = await self._session.execute(sa.select(one.c.by, sa.func.max(one.c.many), *at).group_by(one.c.by))
        return {by: Percentiles(*values) for by, *values in rows}
