"""Recurrence rules (RFC 5545, section 3.3.10), as dateutil expands them, in bounded time.

dateutil begins at the first occurrence ever, and looks for the next one until the end of the year 9999. Both can take
long: a daily event of 1950, or the 30th of February. So the rule is begun anew shortly before the span that is asked
about, and the question is asked of years close to 9999 in which every date falls on the same day of the week.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from dateutil.rrule import rrule, rrulestr

from famulus.features.calendar.errors import InvalidRule, InvalidTime, RuleNeverHappens, RuleNotSupported
from famulus.features.calendar.times import DAY, LAST_YEAR, local
from famulus.kit.years import CYCLE_YEARS, ahead

FIRST_ASKED_YEAR = 1970
"""Before that nobody asks what has happened; an event may have begun earlier."""
MOST_COUNTED = 3_000
_MOST_CHARACTERS = 500
_MOST_A_DAY = 24
_PARTS = frozenset(
    {
        *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY"),
        *("BYHOUR", "BYMINUTE", "BYSETPOS"),
    }
)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WIDEST_INTERVAL = {"DAILY": 1_000, "WEEKLY": 500, "MONTHLY": 120, "YEARLY": 10}
_LAST_ASKED_YEAR = 9_998
_END = datetime(LAST_YEAR + 1, 1, 1)  # noqa: DTZ001 -- a wall clock's

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]


@dataclass(frozen=True)
class Rule:
    """A rule that was found to be readable and bounded, for an event that begins at a wall-clock time."""

    parts: dict[str, str]
    start: datetime

    @classmethod
    def parsed(cls, text: str, start: datetime, zone: str) -> "Rule":
        """The rule, for an event that begins at `start` on the clocks of `zone`, in which its end is then written."""
        parts = _parts(text)
        if "UNTIL" in parts:
            parts["UNTIL"] = f"{_until(parts['UNTIL'], zone):%Y%m%dT%H%M%S}"
        rule = cls(parts, start)
        _refuse_excess(rule)
        try:
            rule._expander(start)
        except (ValueError, AttributeError, TypeError, IndexError, KeyError, OverflowError):
            raise InvalidRule("This is no recurrence rule.", rule=text[:_MOST_CHARACTERS]) from None
        if start.year >= FIRST_ASKED_YEAR:
            rule._refuse_never()
        return rule._counted()

    @property
    def text(self) -> str:
        """As it is kept: beside a count stands the last start that it comes to."""
        return ";".join(f"{name}={value}" for name, value in self.parts.items())

    @property
    def frequency(self) -> Frequency:
        return self.parts["FREQ"]  # type: ignore[return-value]  # checked when it was parsed

    @property
    def interval(self) -> int:
        return int(self.parts.get("INTERVAL", "1"))

    @property
    def count(self) -> int | None:
        return int(self.parts["COUNT"]) if "COUNT" in self.parts else None

    @property
    def until(self) -> datetime | None:
        return datetime.strptime(self.parts["UNTIL"], "%Y%m%dT%H%M%S") if "UNTIL" in self.parts else None  # noqa: DTZ007 -- a wall clock's

    def starts(self, most: int) -> list[datetime]:
        """The first so many starts."""
        found: list[datetime] = []
        for span in _spans(self.start):
            found += self.between(*span)
            if len(found) >= most:
                break
        return found[:most]

    def between(self, first: datetime, end: datetime) -> list[datetime]:
        """The starts from `first` on and before `end`, in order, as if the rule counted nothing; within 28 years."""
        if end <= self.start:
            return []
        begin = self._begun_anew(max(first, self.start))
        far = ahead(end.year, last=_LAST_ASKED_YEAR)
        asked = self._expander(begin + far).between(max(first, self.start) + far, end + far, inc=True)
        found = {one - far for one in asked} | ({self.start} if first <= self.start else set())
        until = self.until or end
        return sorted(one for one in found if one < end and one <= until)

    def _counted(self) -> "Rule":
        """The rule with the end that its count comes to, so that nobody needs to count again."""
        if self.count is None:
            return self
        begun = self.starts(self.count)
        end = {"UNTIL": f"{begun[-1]:%Y%m%dT%H%M%S}"} if len(begun) == self.count else {}
        return Rule(self.parts | end, self.start)

    def _expander(self, start: datetime) -> rrule:
        """Dateutil's own, without an end, that begins at `start` and means what it means from its real start on."""
        named = {name: value for name, value in self.parts.items() if name not in ("COUNT", "UNTIL")}
        rule = rrulestr(";".join(f"{name}={value}" for name, value in (self._implied() | named).items()), dtstart=start)
        if not isinstance(rule, rrule):
            raise TypeError
        return rule

    def _implied(self) -> dict[str, str]:
        """What a rule takes from the first occurrence when it does not name days."""
        if self.parts.keys() & {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"}:
            return {}
        match self.frequency:
            case "DAILY":
                return {}
            case "WEEKLY":
                return {"BYDAY": _DAYS[self.start.weekday()]}
            case "MONTHLY":
                return {"BYMONTHDAY": str(self.start.day)}
            case "YEARLY":
                return {"BYMONTH": str(self.start.month), "BYMONTHDAY": str(self.start.day)}

    def _begun_anew(self, soon: datetime) -> datetime:
        """The last beginning of a period of this rule, well before `soon`; never before the event itself."""
        start, interval = self.start, self.interval
        match self.frequency:
            case "DAILY":
                periods = (soon - start).days // interval - 1
                anew = start + periods * interval * DAY
            case "WEEKLY":
                monday = start - ((start.weekday() - _DAYS.index(self.parts.get("WKST", "MO"))) % 7) * DAY
                periods = (soon - monday).days // 7 // interval - 1
                anew = monday + periods * interval * 7 * DAY
            case "MONTHLY":
                months = (soon.year - start.year) * 12 + soon.month - start.month
                periods = months // interval - 1
                year, month = divmod(start.year * 12 + start.month - 1 + periods * interval, 12)
                anew = start.replace(year=year, month=month + 1, day=1)
            case "YEARLY":
                periods = (soon.year - start.year) // interval - 1
                anew = start.replace(year=start.year + periods * interval, month=1, day=1)
        return anew if periods > 0 else start

    def _refuse_never(self) -> None:
        """A rule that finds nothing but its event's own start in a whole cycle never happens."""
        if self.until is not None and self.until < self.start:
            raise RuleNeverHappens("The rule ends before the event begins.", rule=self.text)
        far = ahead(min(self.start.year + CYCLE_YEARS, LAST_YEAR), last=_LAST_ASKED_YEAR)
        if next(iter(self._expander(self.start + far)), None) is None:
            raise RuleNeverHappens("The rule never happens.", rule=self.text)


@lru_cache(maxsize=4_096)
def kept_rule(text: str, start: datetime) -> Rule:
    """A rule that was parsed before it was kept."""
    return Rule(_parts(text), start)


def ended(rule: Rule, last: datetime) -> Rule:
    """The rule, with no occurrence after `last`."""
    parts = {name: value for name, value in rule.parts.items() if name != "COUNT"}
    return Rule(parts | {"UNTIL": f"{last:%Y%m%dT%H%M%S}"}, rule.start)


def _parts(text: str) -> dict[str, str]:
    text = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    if len(text) > _MOST_CHARACTERS:
        raise InvalidRule(f"A recurrence rule has at most {_MOST_CHARACTERS} characters.")
    pairs = [part.partition("=") for part in text.split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if len(parts) < len(pairs) or not all(parts.values()) or parts.keys() - _PARTS or "FREQ" not in parts:
        if parts.keys() & {"BYSECOND", "BYEASTER"}:
            raise RuleNotSupported("Rules by second and by Easter are not supported.", rule=text)
        raise InvalidRule("This is no recurrence rule, such as FREQ=WEEKLY;BYDAY=MO,WE.", rule=text)
    return parts


def _refuse_excess(rule: Rule) -> None:
    """Nothing happens more often than hourly, or is counted so far that counting takes long."""
    parts = rule.parts
    if parts["FREQ"] not in _WIDEST_INTERVAL:
        raise RuleNotSupported("An event recurs daily, weekly, monthly or yearly.", rule=rule.text)
    try:
        interval, count = rule.interval, rule.count
    except ValueError:
        raise InvalidRule("An interval and a count are whole numbers.", rule=rule.text) from None
    widest = _WIDEST_INTERVAL[rule.frequency]
    if not 1 <= interval <= widest:
        raise RuleNotSupported(f"The interval of a {rule.frequency.lower()} rule is 1 to {widest}.", rule=rule.text)
    if count is not None and (not 1 <= count <= MOST_COUNTED or "UNTIL" in parts):
        raise RuleNotSupported(f"A rule has an end, or counts from 1 to {MOST_COUNTED}.", rule=rule.text)
    if count is not None and rule.start.year < FIRST_ASKED_YEAR:
        raise RuleNotSupported(f"A rule that counts begins in {FIRST_ASKED_YEAR} or later.", rule=rule.text)
    a_day = len(parts.get("BYHOUR", "").split(",")) * len(parts.get("BYMINUTE", "").split(","))
    if a_day > _MOST_A_DAY:
        raise RuleNotSupported(f"An event happens at most {_MOST_A_DAY} times a day.", rule=rule.text)


def _until(text: str, zone: str) -> datetime:
    """The end of a rule on the wall clock: given as one, as a whole day, or as an instant."""
    try:
        match len(text):
            case 8:
                end = datetime.strptime(text, "%Y%m%d") + DAY - timedelta(seconds=1)  # noqa: DTZ007 -- a wall clock's
            case 15:
                end = datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 -- a wall clock's
            case _:
                end = local(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), zone)
    except (ValueError, OverflowError):
        raise InvalidTime("The end of a rule is a time such as 20271231T120000Z.", until=text[:40]) from None
    return end


def _spans(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Consecutive spans of time in which a rule can be asked about, to the end of all calendars."""
    first = start
    while first < _END:
        end = min(first + timedelta(days=365 * (CYCLE_YEARS // 2)), _END)
        yield first, end
        first = end
