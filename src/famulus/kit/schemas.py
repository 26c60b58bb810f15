"""What every schema is made of: drafts that clients send, views that they see, and the kinds of their fields."""

import math
import re
import zoneinfo
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from famulus.kit.clock import iso
from famulus.kit.text import storable

_LARGEST_INTEGER = 2**63 - 1
_MOST_LEVELS = 64
_DAY_LENGTH = len("2026-11-21")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


def _storable_json(value: Any, *, levels_left: int) -> Any:
    """What a client sent, as a database and every later reader can take it."""
    match value:
        case str():
            return storable(value)
        case float() if not math.isfinite(value):
            raise ValueError("a number must be finite")
        case int() if abs(value) > _LARGEST_INTEGER:
            raise ValueError("an integer has at most 63 bits")
        case dict() | list() if not levels_left:
            raise ValueError(f"there are more than {_MOST_LEVELS} levels")
        case dict():
            below = levels_left - 1
            return {storable(str(key)): _storable_json(inner, levels_left=below) for key, inner in value.items()}
        case list():
            return [_storable_json(inner, levels_left=levels_left - 1) for inner in value]
    return value


def storable_json(value: Any) -> Any:
    """What somebody sent, as a database and every later reader can take it; `ValueError` for what they cannot."""
    return _storable_json(value, levels_left=_MOST_LEVELS)


def known_zone(text: str) -> str:
    """The name itself, if it is one of the IANA time zone database."""
    try:
        known = _ZONE.fullmatch(text) is not None and zoneinfo.ZoneInfo(text).key == text
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        raise ValueError("this is no zone of the IANA time zone database, such as Europe/Berlin")
    return text


def not_a_number(given: object) -> object:
    if isinstance(given, (int, float)):
        raise ValueError("is a time as text, such as 2026-11-21T10:00:00Z")  # noqa: TRY004 -- what validators raise
    return given


def _only_text(given: object) -> object:
    """A day is never made of a number of seconds, or of a time of which only the day would be kept."""
    if isinstance(given, datetime) or not isinstance(given, (str, date)) or len(str(given)) != _DAY_LENGTH:
        raise ValueError("is a day as text, such as 2026-11-21")
    return given


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment lies outside the calendar") from None


Time = Annotated[
    datetime, PlainSerializer(iso, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A time as it is shown."""
Instant = Annotated[AwareDatetime, BeforeValidator(not_a_number), AfterValidator(_utc)]
"""A time as it is sent: with its offset, and within the calendar."""
Day = Annotated[date, BeforeValidator(_only_text)]
"""A day in somebody's calendar, such as 2026-11-21."""
Text = Annotated[str, AfterValidator(storable)]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(known_zone)]


class Draft(BaseModel):
    """Something a client sends: a field that nobody knows is an error, and not ignored."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, raw: Any) -> Any:
        return storable_json(raw)


class View(BaseModel):
    """Something a client sees."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    def data(self) -> dict[str, Any]:
        """As it goes into an event."""
        return self.model_dump(mode="json")
