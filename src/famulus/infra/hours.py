"""Hours and days as numbers, which both databases count and group by alike."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from famulus.infra.database import Dialect

Bucket = Literal["hour", "day"]
HOURS_OF_A_DAY = 24
_SECONDS: dict[Bucket, int] = {"hour": 3_600, "day": 86_400}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(column: "sa.ColumnElement[datetime]", bucket: Bucket, dialect: Dialect) -> "sa.ColumnElement[int]":
    """The number of the hour or the day in UTC in which a moment lies."""
    if dialect == "sqlite":
        seconds: sa.ColumnElement[int] = sa.cast(sa.func.strftime("%s", column), sa.BigInteger)
    else:
        seconds = sa.cast(sa.func.floor(sa.func.extract("epoch", column)), sa.BigInteger)
    # Written into the statement: what is grouped by must be the same expression as what is selected.
    return seconds // sa.literal_column(str(_SECONDS[bucket]), sa.BigInteger)


def beginning_of(number: int, bucket: Bucket) -> datetime:
    """When the hour or the day with this number begins."""
    return _EPOCH + timedelta(seconds=number * _SECONDS[bucket])


def number_of(moment: datetime, bucket: Bucket) -> int:
    """The number of the hour or the day in which a moment lies."""
    return int((moment - _EPOCH).total_seconds()) // _SECONDS[bucket]
