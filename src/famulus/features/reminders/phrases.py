"""A few plain ways to say a time, for whoever has no model to turn words into rules.

Only what is certain is understood; everything else is said to be not understood, and never guessed.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from famulus.features.reminders.errors import PhraseNotUnderstood

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = "|".join(f"{day}s?|{day[:3]}" for day in _DAYS)
_PARTS_OF_DAY = {"morning": time(9), "noon": time(12), "afternoon": time(14), "evening": time(18), "night": time(20)}
_NUMBERS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1
    )
} | {"a": 1, "an": 1, "other": 2, "second": 2, "third": 3, "fourth": 4, "half an": 0.5}
_COUNT = rf"(?P<count>\d{{1,4}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_SECONDS = {"second": 1, "minute": 60, "min": 60, "hour": 3_600}
_IN = re.compile(rf"in {_COUNT} (?P<unit>second|minute|min|hour|day|week)s?")
_CLOCK = re.compile(
    r"(?:\b(?:at )?(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?: ?(?P<half>am|pm))?"
    r"|\b(?:at )?(?P<hour12>\d{1,2}) ?(?P<half12>am|pm)|\bat (?P<bare>\d{1,2})(?: o'clock)?)(?!\S)"
)
_PART = re.compile(r"\b(?:at |in the |this )?(?P<part>morning|noon|afternoon|evening|night)\b")
_EVERY = re.compile(
    rf"every (?:{_COUNT} )?(?P<what>minute|hour|day|weekday|week|month|year|{_DAY})s?"
    rf"(?P<more>(?:(?:,| and| or| ,) ?(?:{_DAY}))*)"
    r"(?: on the (?P<nth>\d{1,2})(?:st|nd|rd|th)?)?"
)
_SHORT = {"daily": "every day", "weekly": "every week", "monthly": "every month", "yearly": "every year",
          "hourly": "every hour", "tonight": "today night", "midday": "noon"}  # fmt: skip
_MORNING = time(9)


@dataclass(frozen=True, slots=True)
class Said:
    """What words come to: a time on the wall, a number of seconds from now, or a rule from a time on."""

    wall: datetime | None = None
    seconds: int | None = None
    rule: str | None = None


def understood(text: str, now: datetime) -> Said:
    """What `text` says at a time when a clock on the wall shows `now`."""
    said = " ".join(text.lower().replace(",", " , ").split()).strip(" .!")
    for short, whole in _SHORT.items():
        said = re.sub(rf"\b{short}\b", whole, said)
    if match := _IN.fullmatch(said):
        return _in(match, now)
    said, clock = _without_clock(said)
    found = _every(said, clock, now) if said.startswith("every") else _on(said, clock, now)
    if found is None:
        raise PhraseNotUnderstood(
            "These words are not understood: try “in 10 minutes”, “tomorrow at 9”, “next Monday 14:00” or “every "
            "other Friday at 9”.",
            said=text,
        )
    return found


def _in(match: re.Match[str], now: datetime) -> Said:
    count = _number(match["count"])
    if seconds := _SECONDS.get(match["unit"]):
        return Said(seconds=max(1, int(count * seconds)))
    return Said(wall=now + timedelta(**{match["unit"] + "s": count}))


def _without_clock(said: str) -> tuple[str, time | None]:
    """The words without the time of day, and that."""
    if match := _CLOCK.search(said):
        hour = int(match["hour"] or match["hour12"] or match["bare"])
        half = match["half"] or match["half12"]
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24  # noqa: PLR2004 -- a clock's face
        if hour > 23:  # noqa: PLR2004 -- a day's last hour
            raise PhraseNotUnderstood("There is no such hour.", said=said)
        clock = time(hour, int(match["minute"] or 0))
        rest = said[: match.start()] + said[match.end() :]
        # “at 9 in the evening” says the same part of the day twice.
        part = _PART.search(rest)
        if part and not half and clock.hour < 12 and part["part"] in ("afternoon", "evening", "night"):  # noqa: PLR2004
            clock = clock.replace(hour=clock.hour + 12)
        return " ".join(_PART.sub("", rest).split()), clock
    if match := _PART.search(said):
        rest = said[: match.start()] + said[match.end() :]
        day = "every day" if rest.strip() == "every" else rest
        return " ".join(day.split()), _PARTS_OF_DAY[match["part"]]
    return said, None


def _on(said: str, clock: time | None, now: datetime) -> Said | None:
    """A day, or nothing but a time of day."""
    said = said.removeprefix("on ")
    if said in ("", "today"):
        if clock is None:
            return None
        wall = datetime.combine(now.date(), clock)
        return Said(wall=wall if wall > now or said else wall + timedelta(days=1))
    day = _day(said, clock, now)
    return Said(wall=datetime.combine(day, clock or _MORNING)) if day else None


def _day(said: str, clock: time | None, now: datetime) -> date | None:
    today = now.date()
    if said == "tomorrow":
        return today + timedelta(days=1)
    if said in ("day after tomorrow", "the day after tomorrow"):
        return today + timedelta(days=2)
    if match := re.fullmatch(rf"(?P<which>next |this )?(?P<day>{_DAY})", said):
        ahead = (_index(match["day"]) - today.weekday()) % 7
        is_over = ahead == 0 and (match["which"] == "next " or datetime.combine(today, clock or _MORNING) <= now)
        return today + timedelta(days=7 if is_over else ahead)
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _every(said: str, clock: time | None, now: datetime) -> Said | None:
    match = _EVERY.fullmatch(said)
    if match is None:
        return None
    count, what = int(_number(match["count"] or "one")), match["what"]
    if count < 1 or (match["nth"] and what != "month") or (match["more"] and what in ("minute", "hour", "month")):
        return None
    every = f";INTERVAL={count}" if count > 1 else ""
    if what in ("minute", "hour"):
        begins = now.replace(second=0, microsecond=0)
        return None if clock else Said(begins, rule=f"FREQ={'MINUTELY' if what == 'minute' else 'HOURLY'}{every}")
    begins = datetime.combine(now.date(), clock or _MORNING)
    if begins <= now:
        begins += timedelta(days=1)
    if what == "weekday":
        return Said(begins, rule=f"FREQ=WEEKLY{every};BYDAY=MO,TU,WE,TH,FR")
    if what in ("day", "week", "month", "year"):
        on = f";BYMONTHDAY={int(match['nth'])}" if match["nth"] else ""
        return Said(begins, rule=f"FREQ={'DAILY' if what == 'day' else what.upper() + 'LY'}{every}{on}")
    days = [_index(day) for day in re.findall(_DAY, what + match["more"])]
    begins += timedelta(days=min((day - begins.weekday()) % 7 for day in days))
    codes = ",".join(_CODES[day] for day in sorted(set(days)))
    return Said(begins, rule=f"FREQ=WEEKLY{every};BYDAY={codes}")


def _number(word: str) -> float:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _index(day: str) -> int:
    return next(index for index, name in enumerate(_DAYS) if name.startswith(day.removesuffix("s")[:3]))
