"""What a clock on a wall shows, and which instant is meant by it.

Where clocks go forward, a time that they leave out means the first instant after the gap. Where they go back, a time
that they show twice means the first of the two.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
_LOOK = timedelta(hours=12)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant that is meant by a local time without a zone."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_at(first, zone) == wall:
        return first
    # Within a gap, `fold=1` reads the clock as it will be, which is an instant before the change.
    return _change(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first)


def wall_at(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a clock shows at an instant."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def offset_at(moment: datetime, zone: ZoneInfo) -> timedelta:
    """How far a clock is ahead of UTC at an instant."""
    return wall_at(moment, zone) - moment.astimezone(UTC).replace(tzinfo=None)


def first_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The first instant after `after` and up to `until` at which clocks are changed."""
    offset = offset_at(after, zone)
    while after < until:
        ahead = min(after + _LOOK, until)
        if offset_at(ahead, zone) != offset:
            return _change(zone, after, ahead)
        after = ahead
    return None


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant between these two at which clocks are changed."""
    offset = offset_at(before, zone)
    seconds = int((after - before).total_seconds())
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(before + middle * _SECOND, zone) == offset:
            low = middle
        else:
            high = middle
    return before + high * _SECOND
