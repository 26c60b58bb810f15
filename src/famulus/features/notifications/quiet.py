"""Quiet hours: local times of day between which a person is not to be disturbed."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from famulus.features.notifications.records import Preferences


def quiet_until(preferences: Preferences | None, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours that it is now end; None when it is none of them."""
    if preferences is None or preferences.quiet_from is None or preferences.quiet_until is None:
        return None
    local = now.astimezone(ZoneInfo(zone))
    begin, end = time.fromisoformat(preferences.quiet_from), time.fromisoformat(preferences.quiet_until)
    at = local.time().replace(tzinfo=None)
    over_midnight = begin > end
    is_quiet = (at >= begin or at < end) if over_midnight else begin <= at < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and at >= begin else local.date()
    # A local time that a change of clocks leaves out is read by the clock before it: that is just after the change.
    ends = datetime.combine(day, end, ZoneInfo(zone))
    # Of an hour that comes twice it may be the second.
    ends = ends if ends.astimezone(now.tzinfo) > now else ends.replace(fold=1)
    return ends.astimezone(now.tzinfo)
