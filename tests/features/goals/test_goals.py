"""Goals: set, changed, listed, and nobody else's."""

from datetime import date

import pytest
from pydantic import ValidationError

from famulus.features.goals.errors import GoalNotFound, TargetInThePast
from famulus.features.goals.records import Status
from famulus.features.goals.repository import erase_goals
from famulus.features.goals.schemas import GoalDraft, GoalPatch
from tests.features.goals.conftest import MARIA, NOW, OTTO, Desk

pytestmark = pytest.mark.anyio


async def test_goals_are_listed_newest_first_by_status_and_page_by_page(desk: Desk) -> None:
    made = [await desk.goals(lambda g, n=n: g.set(GoalDraft(title=f"Goal {n}"))) for n in range(5)]  # type: ignore[misc]
    await desk.goals(lambda g: g.change(made[1].id, GoalPatch(status="paused")))

    first = await desk.goals(lambda g: g.page(limit=2))
    second = await desk.goals(lambda g: g.page(limit=9, after=first[-1][0].id))
    paused = await desk.goals(lambda g: g.page(status="paused", limit=9))

    assert [goal.title for goal, _ in (*first, *second)] == [f"Goal {n}" for n in (4, 3, 2, 1, 0)]
    assert [goal.title for goal, _ in paused] == ["Goal 1"]


async def test_what_a_patch_leaves_out_stays_and_a_target_date_can_go_away(desk: Desk) -> None:
    goal = await desk.goals(lambda g: g.set(GoalDraft(title="Run", description="Far.", target_date=date(2027, 1, 1))))

    renamed, _ = await desk.goals(lambda g: g.change(goal.id, GoalPatch(title="Run a marathon")))
    undated, _ = await desk.goals(lambda g: g.change(goal.id, GoalPatch.model_validate({"target_date": None})))

    assert (renamed.title, renamed.description, renamed.target_date) == ("Run a marathon", "Far.", date(2027, 1, 1))
    assert (undated.title, undated.target_date) == ("Run a marathon", None)


@pytest.mark.parametrize(("status", "achieved_at"), [("achieved", NOW), ("paused", None)])
async def test_a_goal_knows_when_it_was_achieved(desk: Desk, status: Status, achieved_at: object) -> None:
    goal = await desk.goals(lambda g: g.set(GoalDraft(title="Run")))

    changed, _ = await desk.goals(lambda g: g.change(goal.id, GoalPatch(status=status)))
    resumed, _ = await desk.goals(lambda g: g.change(goal.id, GoalPatch(status="active")))

    assert changed.achieved_at == achieved_at
    assert resumed.achieved_at is None


async def test_a_target_date_is_not_over_where_the_person_lives(desk: Desk) -> None:
    today_in_utc = GoalDraft(title="Sleep", target_date=NOW.date())
    await desk.goals(lambda g: g.set(today_in_utc))

    desk.zone = "Asia/Tokyo"

    with pytest.raises(TargetInThePast):
        await desk.goals(lambda g: g.set(today_in_utc))


@pytest.mark.parametrize("day", ["2027-1-1", "tomorrow", 1_900_000_000, "2027-02-30", "2027-01-01T00:00:00", ""])
def test_a_day_is_written_as_a_day(day: object) -> None:
    with pytest.raises(ValidationError):
        GoalDraft.model_validate({"title": "Run", "target_date": day})


async def test_goals_of_others_are_goals_of_nobody(desk: Desk) -> None:
    goal = await desk.goals(lambda g: g.set(GoalDraft(title="Secret")))

    for act in (
        lambda g: g.standing(goal.id),
        lambda g: g.change(goal.id, GoalPatch(title="Mine")),
        lambda g: g.delete(goal.id),
        lambda g: g.page(after=goal.id, limit=1),
    ):
        with pytest.raises(GoalNotFound):
            await desk.goals(act, of=OTTO)

    assert await desk.goals(lambda g: g.page(limit=9), of=OTTO) == []
    assert (await desk.goals(lambda g: g.find(goal.id))).title == "Secret"


async def test_an_erased_persons_goals_are_gone_and_nobody_elses(desk: Desk) -> None:
    await desk.goals(lambda g: g.set(GoalDraft(title="Maria's")))
    await desk.goals(lambda g: g.set(GoalDraft(title="Otto's")), of=OTTO)

    await desk.database.write(lambda session: erase_goals(session, MARIA))

    assert await desk.goals(lambda g: g.page(limit=9)) == []
    assert len(await desk.goals(lambda g: g.page(limit=9), of=OTTO)) == 1
