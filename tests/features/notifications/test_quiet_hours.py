"""Quiet hours: what is not urgent waits for their end, by the clock of the person."""

from datetime import UTC, datetime

import pytest

from famulus.features.notifications.quiet import quiet_until
from famulus.features.notifications.records import Preferences
from famulus.features.notifications.schemas import PreferencesDraft
from tests.features.notifications.place import NOON, Place

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("begin", "end", "zone", "now", "until"),
    [
        ("22:00", "07:00", "Europe/Berlin", "2026-11-21T21:30Z", "2026-11-22T06:00Z"),
        ("22:00", "07:00", "Europe/Berlin", "2026-11-22T05:59Z", "2026-11-22T06:00Z"),
        ("22:00", "07:00", "Europe/Berlin", "2026-11-22T06:00Z", None),
        ("22:00", "07:00", "UTC", "2026-11-21T21:30Z", None),
        ("12:00", "14:00", "UTC", "2026-11-21T12:00Z", "2026-11-21T14:00Z"),
        ("12:00", "14:00", "UTC", "2026-11-21T14:00Z", None),
        # The night in which clocks go forward is an hour shorter.
        ("22:00", "07:00", "Europe/Berlin", "2027-03-27T21:30Z", "2027-03-28T05:00Z"),
        # The end comes twice: at the second pass, it is that one.
        ("22:00", "02:30", "Europe/Berlin", "2026-10-25T01:15Z", "2026-10-25T01:30Z"),
    ],
)
def test_quiet_hours_end_by_the_clock_of_their_person(
    begin: str, end: str, zone: str, now: str, until: str | None
) -> None:
    wanted = Preferences("user_x", begin, end, NOON)

    found = quiet_until(wanted, zone, datetime.fromisoformat(now))

    assert found == (datetime.fromisoformat(until) if until else None)


async def test_what_is_not_urgent_goes_out_when_quiet_hours_end(place: Place) -> None:
    await place.webhook()
    quiet = PreferencesDraft(quiet_from="12:30", quiet_until="14:00")
    await place.with_channels(lambda them: them.prefer(quiet))
    calm = await place.notify("calm")
    await place.notify("urgent", urgent=True)
    await place.deliver()

    assert [request.json["notification"]["title"] for request in place.receiver.requests] == ["urgent"]
    held = await place.delivery(calm)
    assert (held.state, held.next_try_at) == ("held", datetime(2026, 11, 21, 13, tzinfo=UTC))
    assert await place.do(lambda them: them.unread()) == 2

    place.clock.move(hours=1)
    await place.deliver()
    assert (await place.delivery(calm)).state == "delivered"


async def test_what_is_held_goes_out_when_there_are_no_quiet_hours_any_more(place: Place) -> None:
    await place.webhook()
    await place.with_channels(lambda them: them.prefer(PreferencesDraft(quiet_from="12:30", quiet_until="14:00")))
    calm = await place.notify("calm")

    await place.with_channels(lambda them: them.prefer(PreferencesDraft()))
    await place.do(lambda them: them.release_held())
    await place.deliver()

    assert (await place.delivery(calm)).state == "delivered"
