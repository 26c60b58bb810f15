"""Roadmaps: drawn without circles, walked step by step, with parts and progress always in step."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from famulus.features.goals import errors
from famulus.features.goals.records import Roadmap, Step
from famulus.features.goals.roadmaps import _refuse_tangle, chained
from famulus.features.goals.schemas import EdgeDraft, GoalDraft, GoalPatch, NewStep, RoadmapDraft, StepDraft, StepPatch
from tests.features.goals.conftest import NOW, OTTO, Desk

pytestmark = pytest.mark.anyio

DONE, OPEN = StepPatch(done=True), StepPatch(done=False)


def drawing(*steps: StepDraft, edges: list[tuple[str, str]] | None = None) -> RoadmapDraft:
    return RoadmapDraft(steps=list(steps), edges=[EdgeDraft(before=b, after=a) for b, a in edges or []])


def step(key: str, *parts: str, by: date | None = None) -> StepDraft:
    return StepDraft(key=key, title=f"Step {key}", parts=list(parts), target_date=by)


async def a_goal(desk: Desk, title: str = "Sail", by: date | None = None) -> str:
    return (await desk.goals(lambda g: g.set(GoalDraft(title=title, target_date=by)))).id


async def drawn(desk: Desk, goal_id: str, draft: RoadmapDraft) -> Roadmap:
    return await desk.roadmaps(lambda r: r.draw(goal_id, draft))


async def tick(desk: Desk, goal_id: str, one: Step, patch: StepPatch = DONE) -> Roadmap:
    await desk.roadmaps(lambda r: r.change_step(goal_id, one.id, patch))
    return await desk.roadmaps(lambda r: r.of(goal_id))


def ticks(roadmap: Roadmap) -> list[tuple[str, bool]]:
    return [(one.title, one.done_at is not None) for one in roadmap.steps]


async def test_what_is_drawn_is_what_is_there(desk: Desk) -> None:
    goal_id = await a_goal(desk)

    roadmap = await drawn(desk, goal_id, drawing(step("a", "x", "y"), step("b"), edges=[("a", "b"), ("a", "b")]))

    assert roadmap == await desk.roadmaps(lambda r: r.of(goal_id))
    assert [one.title for one in roadmap.steps] == ["Step a", "x", "y", "Step b"]
    assert roadmap.edges == [(roadmap.steps[0].id, roadmap.steps[3].id)]
    assert [roadmap.is_ready(one) for one in roadmap.steps] == [True, True, True, False]


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (drawing(step("a"), step("b"), edges=[("a", "b"), ("b", "a")]), errors.RoadmapHasCycle),
        (drawing(step("a"), edges=[("a", "a")]), errors.RoadmapHasCycle),
        (drawing(step("a"), edges=[("a", "z")]), errors.UnknownStep),
        (drawing(step("a"), step("a")), errors.StepNamedTwice),
        (drawing(*(step(f"{n}", *"abcdefghij") for n in range(20))), errors.TooManySteps),
        (drawing(step("a", by=date(2026, 11, 20))), errors.TargetInThePast),
    ],
)
async def test_what_makes_no_roadmap_leaves_the_one_before(
    desk: Desk, draft: RoadmapDraft, refusal: type[Exception]
) -> None:
    goal_id = await a_goal(desk)
    before = await drawn(desk, goal_id, chained(["One", "Two"]))

    with pytest.raises(refusal):
        await drawn(desk, goal_id, draft)

    assert await desk.roadmaps(lambda r: r.of(goal_id)) == before


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_edges_are_accepted_exactly_when_every_step_can_be_reached(pairs: list[tuple[int, int]]) -> None:
    draft = drawing(*(step(str(n)) for n in range(7)), edges=[(str(b), str(a)) for b, a in pairs])

    left = set(range(7))
    while free := {n for n in left if not any(a == n and b in left for b, a in pairs)}:
        left -= free

    if left:
        with pytest.raises(errors.RoadmapHasCycle):
            _refuse_tangle(draft)
    else:
        _refuse_tangle(draft)


async def test_a_tick_goes_down_to_the_parts_and_up_from_the_last_of_them(desk: Desk) -> None:
    goal_id = await a_goal(desk)
    whole, first, second, _ = (await drawn(desk, goal_id, drawing(step("a", "x", "y"), step("b")))).steps

    one_part = await tick(desk, goal_id, first)
    assert (one_part.progress.done, one_part.progress.total, one_part.progress.percent) == (1, 3, 33)
    assert ticks(one_part)[:3] == [("Step a", False), ("x", True), ("y", False)]

    both_parts = await tick(desk, goal_id, second)
    assert ticks(both_parts)[:3] == [("Step a", True), ("x", True), ("y", True)]

    part_open = await tick(desk, goal_id, first, OPEN)
    assert ticks(part_open)[:3] == [("Step a", False), ("x", False), ("y", True)]

    assert ticks(await tick(desk, goal_id, whole))[:3] == [("Step a", True), ("x", True), ("y", True)]
    assert ticks(await tick(desk, goal_id, whole, OPEN))[:3] == [("Step a", False), ("x", False), ("y", False)]


async def test_a_step_is_done_exactly_when_its_parts_are_whatever_is_added_and_removed(desk: Desk) -> None:
    goal_id = await a_goal(desk)
    whole, first = (await drawn(desk, goal_id, drawing(step("a", "x")))).steps
    await tick(desk, goal_id, first)

    added = await desk.roadmaps(lambda r: r.add_step(goal_id, NewStep(title="y", parent_id=whole.id)))
    assert ticks(await desk.roadmaps(lambda r: r.of(goal_id))) == [("Step a", False), ("x", True), ("y", False)]

    await desk.roadmaps(lambda r: r.remove_step(goal_id, added.id))
    assert ticks(await desk.roadmaps(lambda r: r.of(goal_id))) == [("Step a", True), ("x", True)]


async def test_a_new_roadmap_keeps_what_was_done_under_the_same_title(desk: Desk) -> None:
    goal_id = await a_goal(desk)
    old = (await drawn(desk, goal_id, drawing(step("a", "x", "y"), step("b")))).steps
    await tick(desk, goal_id, old[1])
    await tick(desk, goal_id, old[3])

    new = await drawn(desk, goal_id, drawing(step("B"), step("c"), step("A", "X"), edges=[("B", "c")]))

    assert ticks(new) == [("Step B", True), ("Step c", False), ("Step A", True), ("X", True)]
    assert [new.steps[0].id, new.steps[2].id, new.steps[3].id] == [old[3].id, old[0].id, old[1].id]


async def test_removing_a_step_keeps_the_order_of_the_others(desk: Desk) -> None:
    goal_id = await a_goal(desk)
    roadmap = await drawn(desk, goal_id, chained(["One", "Two", "Three"]))
    one, two, three = roadmap.steps

    await desk.roadmaps(lambda r: r.remove_step(goal_id, two.id))

    assert (await desk.roadmaps(lambda r: r.of(goal_id))).edges == [(one.id, three.id)]


async def test_parts_have_no_parts_and_no_order(desk: Desk) -> None:
    goal_id = await a_goal(desk)
    whole, part = (await drawn(desk, goal_id, drawing(step("a", "x")))).steps

    for new in (
        NewStep(title="y", parent_id=part.id),
        NewStep(title="y", after_ids=[part.id]),
        NewStep(title="y", parent_id=whole.id, after_ids=[whole.id]),
    ):
        with pytest.raises(errors.PartOfAPart):
            await desk.roadmaps(lambda r, new=new: r.add_step(goal_id, new))  # type: ignore[misc]


async def test_todos_are_what_can_be_done_now_the_soonest_first(desk: Desk) -> None:
    sailing, cooking = await a_goal(desk), await a_goal(desk, "Cook", by=date(2026, 12, 24))
    chain = await drawn(desk, sailing, chained(["Knots", "Harbour"]))
    await drawn(desk, cooking, drawing(step("soup", "carrots", "onions"), step("pie", by=date(2026, 12, 1))))

    first = await desk.roadmaps(lambda r: r.todos(after=None, limit=3))
    rest = await desk.roadmaps(lambda r: r.todos(after=first[-1].step.id, limit=9))
    await tick(desk, sailing, chain.steps[0])
    await desk.goals(lambda g: g.change(cooking, GoalPatch(status="paused")))
    later = await desk.roadmaps(lambda r: r.todos(after=None, limit=9))

    assert [(todo.step.title, todo.due) for todo in first] == [
        ("Step pie", date(2026, 12, 1)),
        ("carrots", date(2026, 12, 24)),
        ("onions", date(2026, 12, 24)),
    ]
    assert [(todo.step.title, todo.due) for todo in rest] == [("Knots", None)]
    assert [todo.step.title for todo in later] == ["Harbour"]


async def test_steps_of_others_are_steps_of_nobody(desk: Desk) -> None:
    mine = await a_goal(desk)
    (secret,) = (await drawn(desk, mine, drawing(step("a")))).steps
    theirs = (await desk.goals(lambda g: g.set(GoalDraft(title="Theirs")), of=OTTO)).id

    for act in (
        lambda r: r.of(mine),
        lambda r: r.draw(mine, chained(["Taken over"])),
        lambda r: r.add_step(mine, NewStep(title="Planted")),
        lambda r: r.change_step(mine, secret.id, DONE),
        lambda r: r.remove_step(mine, secret.id),
    ):
        with pytest.raises(errors.GoalNotFound):
            await desk.roadmaps(act, of=OTTO)
    for act in (
        lambda r: r.add_step(theirs, NewStep(title="Planted", after_ids=[secret.id])),
        lambda r: r.add_step(theirs, NewStep(title="Planted", parent_id=secret.id)),
        lambda r: r.change_step(theirs, secret.id, DONE),
        lambda r: r.remove_step(theirs, secret.id),
        lambda r: r.todos(after=secret.id, limit=1),
    ):
        with pytest.raises(errors.StepNotFound):
            await desk.roadmaps(act, of=OTTO)

    assert [one.done_at for one in (await desk.roadmaps(lambda r: r.of(mine))).steps] == [None]


async def test_a_tick_has_the_time_of_the_first(desk: Desk) -> None:
    goal_id = await a_goal(desk)
    (only,) = (await drawn(desk, goal_id, drawing(step("a")))).steps

    assert [one.done_at for one in (await tick(desk, goal_id, only)).steps] == [NOW]
