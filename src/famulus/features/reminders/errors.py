"""What can go wrong with reminders."""

from famulus.kit.errors import Conflict, NotFound, TooMany, Unprocessable


class ReminderNotFound(NotFound):
    """No such reminder, or not yours."""


class DueInThePast(Unprocessable):
    """A reminder is due in the future."""


class NeverDue(Unprocessable):
    """By this rule the reminder would never be due, or not before anybody's end."""


class InvalidRule(Unprocessable):
    """The rule is none that is understood here, or asks for too much."""


class PhraseNotUnderstood(Unprocessable):
    """These words do not say a time that is understood here."""


class ReminderEnded(Conflict):
    """The reminder is over: it can be rescheduled."""


class NotPaused(Conflict):
    """Only what is paused goes on."""


class NothingToSnooze(Conflict):
    """The reminder was not due yet: it can be rescheduled."""


class TooManyReminders(TooMany):
    """This person has as many reminders as anybody may."""
