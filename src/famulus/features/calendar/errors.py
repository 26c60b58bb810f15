"""What can go wrong with calendars."""

from famulus.kit.errors import Conflict, Invalid, NotFound, Unavailable, Unprocessable


class CalendarNotFound(NotFound):
    """No such calendar, or not yours."""


class EventNotFound(NotFound):
    """No such event, or not yours."""


class OccurrenceNotFound(NotFound):
    """The event does not happen at that time."""


class FeedNotFound(NotFound):
    """No such feed, or not any more."""


class InvalidTime(Unprocessable):
    """A time that cannot be in a calendar."""


class EndsBeforeStart(Unprocessable):
    """An event ends before it has begun, or as it begins."""


class EventTooLong(Unprocessable):
    """An event lasts longer than one may."""


class InvalidRule(Unprocessable):
    """A recurrence rule that nobody can read."""


class RuleNotSupported(Unprocessable):
    """A recurrence rule that happens too often, or counts too far."""


class RuleNeverHappens(Unprocessable):
    """A recurrence rule of which there is no occurrence."""


class NotRecurring(Unprocessable):
    """One occurrence is to be changed of an event that happens once."""


class SpanTooLong(Unprocessable):
    """More time is asked about than can be answered at once."""


class TooManyOccurrences(Unprocessable):
    """More happens in the span than can be answered at once."""


class InvalidCursor(Invalid):
    """The position is not one that was ever handed out."""


class ReadOnlyCalendar(Conflict):
    """The calendar comes from elsewhere, and is changed there."""


class DefaultCalendar(Conflict):
    """The calendar that new events go to cannot be deleted."""


class TooManyCalendars(Conflict):
    """This person has as many calendars as one may have."""


class TooManyEvents(Conflict):
    """The calendar has as many events as one may have."""


class NotACalendar(Unprocessable):
    """The file is no iCalendar file, or is broken."""


class CalendarFileTooBig(Unprocessable):
    """The file has more events, lines or levels than are read."""


class UnknownZone(Unprocessable):
    """A time is meant in a zone that nobody knows."""


class EventUnreadable(Unprocessable):
    """An event of the file cannot be kept here."""


class SourceRefused(Unavailable):
    """The calendar's server refuses what it is asked for: the address, or who asks."""


class SourceUnreadable(Unavailable):
    """The calendar's server answers what is no calendar."""
