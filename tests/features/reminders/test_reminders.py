"""Reminders: said once for each time they are due, late at most once, and never after they are cancelled."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from famulus.features.reminders.errors import (
    DueInThePast,
    InvalidRule,
    NeverDue,
    NothingToSnooze,
    NotPaused,
    ReminderNotFound,
    TooManyReminders,
)
from famulus.features.reminders.firing import RUN_REMINDER_JOB
from famulus.features.reminders.records import About
from famulus.features.reminders.schemas import ReminderDraft, ReminderPatch, Snooze
from famulus.kit.ids import new_id
from tests.features.notifications.place import NOON
from tests.features.reminders.place import Reminding

pytestmark = pytest.mark.anyio

HOURLY = {"kind": "rrule", "rule": "FREQ=HOURLY"}
DAILY = {"kind": "rrule", "rule": "FREQ=DAILY"}


def once(**after: float) -> dict[str, Any]:
    return {"kind": "delay", "seconds": int(timedelta(**after).total_seconds())}


async def test_a_reminder_is_said_once_when_it_is_due(reminding: Reminding) -> None:
    made = await reminding.remind(schedule=once(minutes=10))
    assert made.next_at == NOON + timedelta(minutes=10)
    reminding.place.clock.move(minutes=9, seconds=59)
    await reminding.fire_all()
    assert await reminding.told() == []

    reminding.place.clock.move(seconds=1)
    await reminding.fire_all()
    reminding.place.clock.move(days=3)
    await reminding.fire_all()

    assert await reminding.told() == ["Water the plants"]
    (occurrence,) = await reminding.occurrences(made)
    assert (occurrence.state, occurrence.due_at, occurrence.late_by_seconds) == ("fired", made.next_at, None)
    assert (await reminding.do(lambda them: them.find(made.id))).state == "completed"


async def test_many_who_look_at_once_say_it_once(reminding: Reminding) -> None:
    for number in range(5):
        await reminding.remind(str(number), schedule=once(minutes=1))
    reminding.place.clock.move(minutes=1)

    await asyncio.gather(*(reminding.fire() for _ in range(6)))
    await reminding.fire_all()

    assert sorted(await reminding.told()) == ["0", "1", "2", "3", "4"]


async def test_a_clock_that_is_set_back_or_forward_says_nothing_twice_and_loses_nothing(reminding: Reminding) -> None:
    made = await reminding.remind(schedule=HOURLY, max_occurrences=4, missed="all")
    for hours in (1.0, 2.0, -2.0, 1.0, 1.5, -1.0, 3.0):
        reminding.place.clock.move(hours=hours)
        await reminding.fire_all()

    occurrences = await reminding.occurrences(made)
    assert [one.due_at for one in occurrences] == [NOON + hour * timedelta(hours=1) for hour in range(4)]
    assert {one.state for one in occurrences} == {"fired"}
    assert len(await reminding.told()) == 4


@pytest.mark.parametrize("down", [timedelta(minutes=10), timedelta(days=3)])
async def test_after_a_silence_each_is_said_once_late_and_the_rest_is_listed_as_missed(
    reminding: Reminding, down: timedelta
) -> None:
    single = await reminding.remind("once", schedule=once(minutes=5))
    hourly = await reminding.remind("hourly", schedule=HOURLY)
    daily = await reminding.remind("daily", schedule={"kind": "once", "at": "2026-11-21T13:05:00"})
    await reminding.fire_all()
    reminding.place.clock.move(seconds=down.total_seconds())

    await reminding.fire_all()

    said = await reminding.told()
    is_long = down > timedelta(days=1)
    assert said.count("once") == said.count("daily") == (0 if is_long else 1)
    assert said.count("hourly") == (2 if is_long else 1)
    for reminder in (single, daily):
        (occurrence,) = await reminding.occurrences(reminder)
        assert occurrence.state == ("missed" if is_long else "fired")
        assert occurrence.late_by_seconds == int((reminding.place.clock() - occurrence.due_at).total_seconds())
    listed = await reminding.occurrences(hourly)
    assert [one.state for one in listed[1:]] == ["missed"] * (71 if is_long else 0) + ["fired"] * is_long
    next_at = (await reminding.do(lambda them: them.find(hourly.id))).next_at
    assert next_at == NOON + timedelta(hours=73 if is_long else 1)


async def test_a_reminder_may_skip_what_was_missed(reminding: Reminding) -> None:
    await reminding.remind(schedule=HOURLY, missed="skip")
    await reminding.fire_all()
    reminding.place.clock.move(hours=5, minutes=30)

    await reminding.fire_all()
    assert len(await reminding.told()) == 1
    reminding.place.clock.move(minutes=30)
    await reminding.fire_all()

    assert len(await reminding.told()) == 2


async def test_nothing_is_said_after_it_was_cancelled_paused_or_moved(reminding: Reminding) -> None:
    cancelled = await reminding.remind("cancelled", schedule=once(minutes=5))
    paused = await reminding.remind("paused", schedule=DAILY)
    moved = await reminding.remind("moved", schedule=once(minutes=5))
    await reminding.fire_all()
    await reminding.do(lambda them: them.cancel(cancelled.id))
    await reminding.do(lambda them: them.cancel(cancelled.id))
    await reminding.do(lambda them: them.pause(paused.id))
    later = ReminderPatch.model_validate({"timed": {"schedule": once(hours=2)}})
    await reminding.do(lambda them: them.change(moved.id, later))

    reminding.place.clock.move(hours=1)
    await reminding.fire_all()
    assert await reminding.told() == ["paused"]
    reminding.place.clock.move(hours=1)
    await reminding.fire_all()
    assert await reminding.told() == ["paused", "moved"]

    reminding.place.clock.move(days=2)
    resumed = await reminding.do(lambda them: them.resume(paused.id))
    assert resumed.next_at == NOON + timedelta(days=3)
    with pytest.raises(NotPaused):
        await reminding.do(lambda them: them.resume(paused.id))


async def test_a_reminder_can_be_said_again(reminding: Reminding) -> None:
    made = await reminding.remind(schedule=once(minutes=5))
    with pytest.raises(NothingToSnooze):
        await reminding.do(lambda them: them.snooze(made.id, Snooze(minutes=10)))
    reminding.place.clock.move(minutes=5)
    await reminding.fire_all()

    for _ in range(2):
        await reminding.do(lambda them: them.snooze(made.id, Snooze(minutes=10)))
        reminding.place.clock.move(minutes=10)
        await reminding.fire_all()

    assert len(await reminding.told()) == 3
    assert (await reminding.do(lambda them: them.find(made.id))).state == "completed"


async def test_what_repeats_ends_as_it_was_told_to(reminding: Reminding) -> None:
    counted = await reminding.remind("counted", schedule={"kind": "rrule", "rule": "FREQ=DAILY;COUNT=2"})
    until = (NOON + timedelta(days=1, hours=1)).isoformat()
    stopped = await reminding.remind("stopped", schedule=DAILY, stop_after=until)
    for _ in range(5):
        await reminding.fire_all()
        reminding.place.clock.move(days=1)

    for reminder in (counted, stopped):
        assert len(await reminding.occurrences(reminder)) == 2
    assert await reminding.do(lambda them: them.page("active", after=None, limit=10)) == []
    assert len(await reminding.do(lambda them: them.page("completed", after=None, limit=10))) == 2


async def test_what_repeats_without_an_end_ends_by_default_and_says_so(reminding: Reminding) -> None:
    made = await reminding.remind(schedule={"kind": "rrule", "rule": "FREQ=MONTHLY"})
    assert made.stops_by_default
    assert made.stop_after == NOON + timedelta(days=180)

    for _ in range(8):
        await reminding.fire_all()
        reminding.place.clock.move(days=30)

    assert (await reminding.do(lambda them: them.find(made.id))).state == "expired"
    assert (await reminding.told())[-1] == "Water the plants: this was the last time"


async def test_what_floats_follows_its_person_and_the_rest_keeps_its_zone(reminding: Reminding) -> None:
    at = {"kind": "once", "at": "2026-11-22T09:00:00"}
    floating = await reminding.remind("floating", schedule=at, floating=True)
    kept = await reminding.remind("kept", schedule=at)
    assert floating.next_at == kept.next_at

    await reminding.do(lambda them: them.moved("America/New_York"))

    assert (await reminding.do(lambda them: them.find(floating.id))).next_at == kept.next_at + timedelta(hours=6)  # type: ignore[operator]
    assert (await reminding.do(lambda them: them.find(kept.id))).next_at == kept.next_at


async def test_a_reminder_may_ask_an_assistant(reminding: Reminding) -> None:
    made = await reminding.remind(schedule=once(minutes=1), prompt="Summarise my day.")
    reminding.place.clock.move(minutes=1)
    await reminding.fire_all()
    await reminding.fire_all()

    claims = await reminding.place.database.write(
        lambda session: reminding.place.queue.claim(session, worker="w", most=10)
    )
    assert [(claim.kind, claim.payload["reminder_id"]) for claim in claims] == [(RUN_REMINDER_JOB, made.id)]


async def test_what_was_made_for_something_goes_with_it(reminding: Reminding) -> None:
    goal = About("goal", new_id("goal"))
    draft = ReminderDraft.model_validate({"title": "Check in", "schedule": DAILY})
    made = await reminding.do(lambda them: them.schedule(draft, about=goal))
    assert [one.id for one in await reminding.do(lambda them: them.about(goal))] == [made.id]

    await reminding.do(lambda them: them.delete_about(goal))

    assert await reminding.do(lambda them: them.about(goal)) == []


@pytest.mark.parametrize(
    ("schedule", "error"),
    [
        ({"kind": "once", "at": "2020-01-01T09:00:00"}, DueInThePast),
        ({"kind": "once", "at": "9999-01-01T09:00:00"}, InvalidRule),
        ({"kind": "rrule", "rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, NeverDue),
        ({"kind": "rrule", "rule": "FREQ=DAILY;BYMONTH=99"}, NeverDue),
        ({"kind": "rrule", "rule": "FREQ=DAILY;UNTIL=20200101"}, NeverDue),
        ({"kind": "rrule", "rule": "FREQ=SECONDLY"}, InvalidRule),
        ({"kind": "cron", "expression": "0 0 31 2 *"}, InvalidRule),
    ],
)
async def test_what_can_never_be_due_is_refused(
    reminding: Reminding, schedule: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await reminding.remind(schedule=schedule)


async def test_nobody_has_too_many_or_sees_anybody_elses(reminding: Reminding) -> None:
    made = [await reminding.remind(schedule=once(minutes=1)) for _ in range(5)]
    with pytest.raises(TooManyReminders):
        await reminding.remind(schedule=once(minutes=1))
    other = await reminding.place.person(new_id("user"))

    assert await reminding.do(lambda them: them.page(None, after=None, limit=10), other) == []
    for work in (
        lambda them: them.find(made[0].id),
        lambda them: them.cancel(made[0].id),
        lambda them: them.snooze(made[0].id, Snooze(minutes=1)),
        lambda them: them.delete(made[0].id),
        lambda them: them.occurrences(made[0].id, after=None, limit=1),
    ):
        with pytest.raises(ReminderNotFound):
            await reminding.do(work, other)
