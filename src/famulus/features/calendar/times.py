"""Wall-clock times and instants: how one becomes the other, and how both are written."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from famulus.features.calendar.errors import InvalidTime

FIRST_YEAR, LAST_YEAR = 1600, 2099
"""What an event may begin in. Contacts without a year of birth are born in 1604."""
DAY = timedelta(days=1)


def wall(text: str) -> datetime:
    """What `text_of` has written."""
    return datetime.fromisoformat(text)


def text_of(start: datetime) -> str:
    """A wall-clock time, as it is kept."""
    return start.replace(tzinfo=None, microsecond=0).isoformat()


def instant(start: datetime, zone: str) -> datetime:
    """When the clocks of the zone show this time, in UTC.

    A time that the clocks skip is meant by the clock before they do, so 02:30 is half an hour after the gap begins; of
    a time that they show twice the first is meant. So says RFC 5545, section 3.3.5.
    """
    return start.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def local(moment: datetime, zone: str) -> datetime:
    """What the clocks of the zone show then."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    """The beginning of a day, on a wall clock."""
    return datetime.combine(day, time())


def checked(start: datetime) -> datetime:
    """The time itself, where it can be in a calendar."""
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise InvalidTime(f"A calendar goes from {FIRST_YEAR} to {LAST_YEAR}.", time=start.isoformat())
    return start.replace(microsecond=0)
