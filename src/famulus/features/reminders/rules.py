"""RRULE (RFC 5545), as far as a reminder may ask for, on the clock of a wall.

dateutil walks through a rule from its very beginning, and looks for the next time until the end of the year 9999: the
30th of February takes it minutes. What is asked here is only ever the next time after some other. So it is let begin
shortly before that, in step with the first beginning, and in a year close to the last in which every date falls on the
same day of the week.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Literal

from dateutil.rrule import rrulestr

from famulus.features.reminders.errors import InvalidRule
from famulus.kit.years import ahead

Frequency = Literal["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]

_LONGEST_RULE = 500
_MOST_OCCURRENCES = 10_000
# Of a rule by the year, all that it is due in a year may have to be gone through to find the next.
_MOST_TIMES_A_DAY = 24
_MINUTES_A_DAY = 1_440
LAST_YEAR = 2_099
_LARGEST_INTERVAL = {"MINUTELY": 525_600, "HOURLY": 8_760, "DAILY": 1_000, "WEEKLY": 500, "MONTHLY": 120, "YEARLY": 10}
_LAST_YEAR_OF_ALL = 9_999
_KEYS = frozenset(
    [
        "FREQ",
        "INTERVAL",
        "COUNT",
        "UNTIL",
        "WKST",
        "BYMONTH",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYDAY",
        "BYHOUR",
        "BYMINUTE",
        "BYSETPOS",
    ]
)
_STEPS = {
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
# For how many years at least a rule is waited for before it counts as one that never happens.
_PATIENCE_YEARS = {"MINUTELY": 2, "HOURLY": 2, "DAILY": 5, "WEEKLY": 5, "MONTHLY": 28, "YEARLY": 28}
_DAYS = frozenset({"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rule says about its end."""

    count: int | None
    until: datetime | None
    """A wall's time, or one with a zone, as the rule has it."""


@dataclass(frozen=True)
class Rule:
    """A rule without its end, from `begins` on."""

    text: str
    begins: datetime

    @cached_property
    def parts(self) -> dict[str, str]:
        """What the rule says, by name; what it leaves to its beginning is said."""
        parts = dict(part.split("=", 1) for part in self.text.split(";"))
        if not _DAYS & parts.keys():
            if self.frequency == "YEARLY":
                parts |= {"BYMONTH": parts.get("BYMONTH", str(self.begins.month)), "BYMONTHDAY": str(self.begins.day)}
            elif self.frequency == "MONTHLY":
                parts["BYMONTHDAY"] = str(self.begins.day)
        return parts

    @property
    def frequency(self) -> str:
        """How often, in words of RFC 5545."""
        return self.text.partition("FREQ=")[2].partition(";")[0]

    @property
    def interval(self) -> int:
        """Every how manieth time."""
        return int(self.parts.get("INTERVAL", "1"))

    @property
    def is_elapsed(self) -> bool:
        """Whether it counts hours or minutes, which go on while clocks are changed."""
        return self.frequency in ("MINUTELY", "HOURLY")

    def after(self, wall: datetime, *, begins: datetime | None = None) -> datetime | None:
        """The first time after `wall`; None when there is none for a long time."""
        return next(self._soon_after(wall, begins or self.begins), None)

    def following(self, wall: datetime) -> Iterator[datetime]:
        """Every time after `wall`, in order, as long as there is one within a long time of the last."""
        last: datetime | None = wall
        while last is not None:
            wall, last = last, None
            for last in self._soon_after(wall, self.begins):
                yield last

    def _soon_after(self, wall: datetime, begins: datetime) -> Iterator[datetime]:
        """Every time after `wall` for some years."""
        wall = max(wall, begins - timedelta(seconds=1))
        text = ";".join(f"{name}={value}" for name, value in self.parts.items())
        # As close to the end of all years as leaves time enough to wait.
        far = ahead(wall.year, last=_LAST_YEAR_OF_ALL - _PATIENCE_YEARS[self.frequency])
        found = rrulestr(text, dtstart=self._shortly_before(wall, begins) + far).xafter(wall + far)
        yield from takewhile(lambda one: one.year <= LAST_YEAR, (one - far for one in found))

    def _shortly_before(self, wall: datetime, begins: datetime) -> datetime:
        """A time in step with the beginning, at least one period before `wall`, or the beginning itself."""
        if step := _STEPS.get(self.frequency):
            periods = (wall - begins) // (step * self.interval) - 1
            return begins + max(periods, 0) * step * self.interval
        months = self.interval * (12 if self.frequency == "YEARLY" else 1)
        passed = (wall.year - begins.year) * 12 + wall.month - begins.month
        periods = passed // months - 1
        if periods <= 0:
            return begins
        first = 0 if self.frequency == "YEARLY" else begins.month - 1
        year, month = divmod(begins.year * 12 + first + periods * months, 12)
        return begins.replace(year=year, month=month + 1, day=1)


def parsed(text: str, begins: datetime, *, shortest_seconds: float = 60) -> tuple[Rule, Limits]:
    """The rule that a client sent, apart from what it says about its end; `InvalidRule` for one that asks too much."""
    text = text.strip().upper().removeprefix("RRULE:")
    if len(text) > _LONGEST_RULE:
        raise InvalidRule(f"A rule has at most {_LONGEST_RULE} characters.")
    pairs = [part.partition("=") for part in text.split(";") if part]
    parts = {name: value for name, _, value in pairs}
    if len(parts) < len(pairs) or not all(parts.values()) or not parts.keys() <= _KEYS:
        raise InvalidRule("This is not a rule such as FREQ=WEEKLY;BYDAY=MO,TH.", understood=sorted(_KEYS))
    if parts.get("FREQ") not in _PATIENCE_YEARS:
        raise InvalidRule("FREQ is YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY.")
    interval = _number(parts, "INTERVAL", _LARGEST_INTERVAL[parts["FREQ"]]) or 1
    if parts["FREQ"] in ("MINUTELY", "HOURLY") and parts.keys() - {"FREQ", "INTERVAL", "COUNT", "UNTIL"}:
        raise InvalidRule("Minutes and hours take an INTERVAL and nothing else; for more, use cron.")
    if parts["FREQ"] == "MINUTELY" and interval * 60 < shortest_seconds:
        raise InvalidRule("This would be due too often.", shortest_seconds=shortest_seconds)
    times = times_of_day(_numbers(parts, "BYHOUR", 23), _numbers(parts, "BYMINUTE", 59))
    if len(times) > _MOST_TIMES_A_DAY:
        raise InvalidRule(f"A rule names at most {_MOST_TIMES_A_DAY} times of a day; for more, use cron.")
    refuse_crowded(times, shortest_seconds)
    limits = Limits(_number(parts, "COUNT", _MOST_OCCURRENCES), _until(parts.pop("UNTIL", None)))
    parts.pop("COUNT", None)
    rule = Rule(";".join(f"{name}={value}" for name, value in parts.items()), begins)
    if not 1970 <= begins.year <= LAST_YEAR:  # noqa: PLR2004 -- before that nobody has asked
        raise InvalidRule(f"A rule begins in a year from 1970 to {LAST_YEAR}.")
    try:
        rrulestr(rule.text, dtstart=begins)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise InvalidRule("This is not a rule such as FREQ=WEEKLY;BYDAY=MO,TH.") from None
    return rule, limits


def times_of_day(hours: Collection[int], minutes: Collection[int]) -> list[int]:
    """The minutes of a day at which a rule is due that names hours and minutes."""
    return sorted({hour * 60 + minute for hour in hours for minute in minutes})


def refuse_crowded(times: list[int], shortest_seconds: float) -> None:
    """Raise `InvalidRule` when two of these minutes of a day are closer to each other than anything may be."""
    around = [*times[1:], times[0] + _MINUTES_A_DAY] if times else []
    if any((later - sooner) * 60 < shortest_seconds for sooner, later in zip(times, around, strict=True)):
        raise InvalidRule("This would be due too often.", shortest_seconds=shortest_seconds)


def _numbers(parts: dict[str, str], name: str, largest: int) -> list[int]:
    """The values of a part that is a list; one that stands for that of its beginning, where it says nothing."""
    said = parts.get(name, "0").split(",")
    if not all(one.isascii() and one.isdigit() and len(one) <= 2 and int(one) <= largest for one in said):  # noqa: PLR2004 -- digits
        raise InvalidRule(f"{name} has numbers from 0 to {largest}.")
    return [int(one) for one in said]


def _number(parts: dict[str, str], name: str, largest: int) -> int | None:
    text = parts.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not 1 <= int(text) <= largest:  # noqa: PLR2004 -- digits
        raise InvalidRule(f"{name} is a number from 1 to {largest}.")
    return int(text)


def _until(text: str | None) -> datetime | None:
    if text is None:
        return None
    for form in ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d"):
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 -- a wall's time, unless it says Z
        except ValueError:
            continue
        if form.endswith("Z"):
            return datetime.fromisoformat(f"{found.isoformat()}+00:00")
        return found if "T" in form else found + timedelta(days=1, seconds=-1)
    raise InvalidRule("UNTIL is a time such as 20271231T090000Z.")
