"""Years that are alike, so that a question about one can be asked of another.

After 400 years the calendar repeats, day of the week and all; between two centuries without an exception, after 28.
What looks for the next time of a rule looks until the year 9999: asked of a year close to it, it soon comes to its end.
"""

from datetime import datetime, timedelta

CYCLE_YEARS = 28
"""Within so many, every date meets every day of the week, and the 29th of February."""
_GREGORIAN_YEARS = 400
_FAR = 20 * _GREGORIAN_YEARS


def ahead(year: int, *, last: int) -> timedelta:
    """How far ahead the last year lies, up to `last`, in which every date is on the same day of the week.

    From 1901 to 2099: between the years that they lead to, 9901 and 9999, there is no exception either.
    """
    like = year + _FAR
    like += (last - like) // CYCLE_YEARS * CYCLE_YEARS
    return datetime(like, 1, 1) - datetime(year, 1, 1)  # noqa: DTZ001 -- a wall clock's
