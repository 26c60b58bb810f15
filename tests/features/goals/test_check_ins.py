"""Check-ins: reminders that name their goal, are found with it, and go with it."""

from datetime import datetime

import pytest

from famulus.features.goals.check_ins import CheckIns
from famulus.features.goals.errors import GoalNotFound
from famulus.features.goals.records import Goal
from famulus.features.goals.schemas import CheckInDraft, GoalDraft
from famulus.features.reminders.errors import TooManyReminders
from famulus.features.reminders.schemas import ReminderView
from famulus.features.reminders.service import Reminders
from famulus.settings.outward import ReminderSettings
from tests.features.goals.conftest import MARIA, NOW, OTTO, Desk

pytestmark = pytest.mark.anyio

EVERY_FRIDAY = CheckInDraft.model_validate({"schedule": {"kind": "phrase", "text": "every friday at 9"}, "zone": "UTC"})
LIMITS = ReminderSettings(max_active=2)


async def a_goal(desk: Desk, title: str = "Learn the cello") -> Goal:
    return await desk.goals(lambda g: g.set(GoalDraft(title=title)))


async def scheduled(desk: Desk, goal: Goal, *, of: str = MARIA) -> ReminderView:
    return await desk.database.write(
        lambda session: CheckIns(session, of, limits=LIMITS, now=lambda: NOW).schedule(goal.id, EVERY_FRIDAY)
    )


async def listed(desk: Desk, goal: Goal, *, of: str = MARIA) -> list[ReminderView]:
    return await desk.database.read(lambda session: CheckIns(session, of).of(goal.id))


async def test_a_check_in_names_its_goal_and_is_listed_with_it(desk: Desk) -> None:
    goal, other = await a_goal(desk), await a_goal(desk, "Sleep")

    made = await scheduled(desk, goal)

    assert made.title == "Check in: Learn the cello"
    assert f"/#/goals/{goal.id}" in made.note
    assert made.next_at == datetime(2026, 11, 27, 9, tzinfo=NOW.tzinfo)
    assert [one.id for one in await listed(desk, goal)] == [made.id]
    assert await listed(desk, other) == []


async def test_a_check_in_goes_with_its_goal_and_no_other_reminder_does(desk: Desk) -> None:
    goal, other = await a_goal(desk), await a_goal(desk, "Sleep")
    await scheduled(desk, goal)
    kept = await scheduled(desk, other)

    await desk.goals(lambda g: g.delete(goal.id))

    left = await desk.database.read(lambda session: Reminders(session, MARIA).page(None, after=None, limit=9))
    assert [one.id for one in left] == [kept.id]


async def test_nobody_checks_in_on_somebody_elses_goal(desk: Desk) -> None:
    goal = await a_goal(desk)
    await scheduled(desk, goal)

    with pytest.raises(GoalNotFound):
        await scheduled(desk, goal, of=OTTO)
    with pytest.raises(GoalNotFound):
        await listed(desk, goal, of=OTTO)


async def test_a_long_title_is_shortened_and_check_ins_count_among_reminders(desk: Desk) -> None:
    goal = await a_goal(desk, "x" * 200)

    assert (await scheduled(desk, goal)).title.endswith("x…")
    await scheduled(desk, goal)
    with pytest.raises(TooManyReminders):
        await scheduled(desk, goal)
