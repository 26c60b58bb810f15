"""When a reminder is due: the next instant after another, by its rule and its zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from famulus.features.reminders.errors import InvalidRule
from famulus.features.reminders.records import Kind
from famulus.features.reminders.rules import Rule, refuse_crowded, times_of_day
from famulus.features.reminders.walls import first_change, instant_of, offset_at, wall_at

_CRON_FIELDS = 5
_LONGEST_CRON = 200
_MOST_TRIES = 100
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule in a zone, from a local time on."""

    kind: Kind
    rule: str
    begins: datetime
    """What a clock on the wall shows when it begins."""
    zone: str
    at: datetime | None = None
    """The instant that is meant, where it is once."""

    def after(self, moment: datetime) -> datetime | None:
        """The first instant after another at which it is due; None when there is none."""
        return next(self.following(moment), None)

    def following(self, moment: datetime) -> Iterator[datetime]:
        """Every instant after another at which it is due, in order; each costs little more than the first."""
        for found in self._due(moment, ZoneInfo(self.zone)):
            if found > moment:
                moment = found
                yield found

    def _due(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Instants at which it is due, in order, from about a moment on: some may be before it, or come twice."""
        if self.kind == "once":
            yield self.at or instant_of(self.begins, zone)
        elif self.kind == "cron":
            since = max(moment, instant_of(self.begins, zone) - _SECOND)
            # cronsim skips gaps and folds as cron on Debian does; in the second pass of a fold it begins in the first.
            yield from (due.astimezone(UTC) for due in CronSim(self.rule, since.astimezone(zone)))
        elif (rule := Rule(self.rule, self.begins)).is_elapsed:
            found = self._by_elapsed_time(rule, moment, zone)
            while found is not None:
                yield found
                found = self._by_elapsed_time(rule, found, zone)
        else:
            yield from (instant_of(wall, zone) for wall in rule.following(wall_at(moment, zone)))

    def _by_elapsed_time(self, rule: Rule, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Hours and minutes go on while clocks are changed: every pass of an hour has its own."""
        begins = instant_of(self.begins, zone).replace(tzinfo=None)
        moment += _SECOND
        for _ in range(_MOST_TRIES):
            # By the clock as it is until it is changed, and then again from that instant on.
            offset = offset_at(moment, zone)
            wall = moment.astimezone(UTC).replace(tzinfo=None) + offset
            found = rule.after(wall - _SECOND, begins=begins + offset)
            if found is None:
                return None
            due = (found - offset).replace(tzinfo=UTC)
            change = first_change(zone, moment, due)
            if change is None:
                return due
            moment = change
        return None


def checked_cron(expression: str, *, shortest_seconds: float = 60) -> str:
    """A cron expression of five fields that is not due more often than anything may be, or `InvalidRule`."""
    expression = " ".join(expression.split())
    if len(expression) > _LONGEST_CRON or len(expression.split()) != _CRON_FIELDS:
        raise InvalidRule("A cron expression has five fields, such as `30 8 * * 1-5`.")
    try:
        cron = CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except (CronSimError, ValueError) as error:
        raise InvalidRule("This is not a cron expression.", reason=str(error)) from None
    refuse_crowded(times_of_day(cron.hours, cron.minutes), shortest_seconds)
    return expression
