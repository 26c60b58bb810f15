"""The first questions: one after the other, answered once or left out, and taken back with nothing else."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from famulus.features.accounts.tables import users
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.features.conversations.wishes import with_wishes
from famulus.features.onboarding.errors import ModelUnknown, StepDone, StepNotReached
from famulus.features.onboarding.records import Onboarding
from famulus.features.onboarding.schemas import ChosenModel, FirstMemories, FirstReminder, Wishes
from famulus.features.onboarding.service import FirstSteps
from famulus.features.onboarding.states import STEPS
from famulus.features.reminders.schemas import ReminderDraft
from famulus.features.reminders.service import Reminders
from famulus.infra.database import Database, Session
from famulus.jobs.queue import JobQueue
from famulus.memory.client import Errands, Keeper, MemoryDraft, Page, local_keeper
from famulus.settings import MemorySettings

pytestmark = pytest.mark.anyio

ZOE = "user_zoe"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WISHES = Wishes(
    name="Zoë 林 👩‍🚀", profession="Ärztin", response_style="brief", custom_instructions="Duze mich.", zone="Asia/Tokyo"
)
MEMORIES = FirstMemories(memories=["I have two cats.", "אני גרה בטוקיו"])
REMINDER = FirstReminder.model_validate({"title": "Water the plants", "at": "2026-11-22T09:00"})
MODELS = ("gpt", "offline")


class Newcomer:
    """Zoë, who is new here."""

    def __init__(self, database: Database, keeper: Keeper) -> None:
        self.database = database
        self.keeper = keeper
        self._errands = Errands(keeper, database, JobQueue())

    async def does(self, act: Callable[[FirstSteps], Awaitable[Onboarding]]) -> Onboarding:
        async def work(session: Session) -> Onboarding:
            reminders = Reminders(session, ZOE, now=lambda: NOW)
            unit = Unit(session, now=lambda: NOW)
            return await act(FirstSteps(unit, ZOE, errands=self._errands, reminders=reminders))

        return await self.database.write(work)

    async def answers_everything(self) -> Onboarding:
        await self.does(lambda s: s.begin())
        await self.does(lambda s: s.answer("preferences", WISHES))
        await self.does(lambda s: s.answer("model", ChosenModel(model="gpt"), models=MODELS))
        await self.does(lambda s: s.answer("memories", MEMORIES))
        return await self.does(lambda s: s.answer("reminder", REMINDER))

    async def has(self) -> dict[str, Any]:
        """What she has by now, of what answers can make."""

        async def look(session: Session) -> dict[str, Any]:
            user = await Users(Unit(session)).find(ZOE)
            reminders = await Reminders(session, ZOE).page(None, after=None, limit=10)
            return {
                "name": user.name, "zone": user.zone, "model": user.selected_model, "preferences": user.preferences,
                "reminders": sorted((one.title, one.begins, one.zone) for one in reminders),
            }  # fmt: skip

        found = await self.keeper.overview(ZOE, Page())
        return await self.database.read(look) | {"memories": sorted(one.text for one in found.data) if found else []}


@pytest.fixture
async def zoe(database: Database) -> Newcomer:
    async def arrive(session: Session) -> None:
        row = {"id": ZOE, "name": "Zoe", "role": "owner", "zone": "UTC", "preferences": {}}
        await session.execute(users.insert(), row | {"created_at": NOW, "updated_at": NOW})

    await database.write(arrive)
    return Newcomer(database, local_keeper(database, MemorySettings(embeddings="none")))


async def test_what_is_answered_becomes_what_it_would_be_anywhere_else(zoe: Newcomer) -> None:
    ended = await zoe.answers_everything()

    assert ended.state == "done"
    assert await zoe.has() == {
        "name": "Zoë 林 👩‍🚀", "zone": "Asia/Tokyo", "model": "gpt",
        "preferences": {"profession": "Ärztin", "response_style": "brief", "custom_instructions": "Duze mich."},
        "reminders": [("Water the plants", "2026-11-22T09:00:00", "Asia/Tokyo")],
        "memories": sorted(MEMORIES.memories),
    }  # fmt: skip


async def test_wishes_reach_the_model_below_what_the_assistant_is(zoe: Newcomer) -> None:
    async def told(session: Session) -> str:
        return await with_wishes(session, ZOE, "You are Famulus.")

    before = await zoe.database.read(told)
    await zoe.does(lambda s: s.begin())
    await zoe.does(lambda s: s.answer("preferences", WISHES))
    after = await zoe.database.read(told)

    assert before == "You are Famulus."
    assert after.startswith("You are Famulus.\n\n")
    for said in ("Zoë 林 👩‍🚀", "Ärztin", "briefly", "Duze mich."):
        assert said in after


async def test_an_answer_that_is_sent_twice_counts_once_and_another_one_is_refused(zoe: Newcomer) -> None:
    await zoe.answers_everything()
    before = await zoe.has()

    again = [
        await zoe.does(lambda s: s.answer("preferences", WISHES)),
        await zoe.does(lambda s: s.answer("memories", MEMORIES)),
        await zoe.does(lambda s: s.answer("reminder", REMINDER)),
        await zoe.does(lambda s: s.begin()),
        await zoe.does(lambda s: s.skip("memories")),
    ]
    with pytest.raises(StepDone):
        await zoe.does(lambda s: s.answer("memories", FirstMemories(memories=["I have three cats."])))

    assert [one.state for one in again] == ["done"] * 5
    assert await zoe.has() == before


async def test_questions_come_in_order_and_each_can_be_left_out(zoe: Newcomer) -> None:
    with pytest.raises(StepNotReached):
        await zoe.does(lambda s: s.answer("preferences", WISHES))
    states = [(await zoe.does(lambda s: s.begin())).state]
    with pytest.raises(StepNotReached):
        await zoe.does(lambda s: s.skip("reminder"))
    await zoe.does(lambda s: s.skip("preferences"))
    with pytest.raises(ModelUnknown):
        await zoe.does(lambda s: s.answer("model", ChosenModel(model="hal"), models=MODELS))
    for step in STEPS[1:]:
        states.append((await zoe.does(lambda s: s.find())).state)
        ended = await zoe.does(lambda s, step=step: s.skip(step))  # type: ignore[misc]

    assert states == ["preferences", "model", "memories", "reminder"]
    assert ended.state == "done"
    assert {step: one["outcome"] for step, one in ended.steps.items()} == dict.fromkeys(STEPS, "skipped")
    assert (await zoe.has())["preferences"] == {}


async def test_beginning_anew_takes_back_what_the_answers_made_and_nothing_else(zoe: Newcomer) -> None:
    await zoe.keeper.remember(ZOE, [MemoryDraft(text="I was here before.")])
    own = ReminderDraft.model_validate({"title": "My own", "schedule": {"kind": "delay", "seconds": 60}})
    await zoe.database.write(lambda session: Reminders(session, ZOE, now=lambda: NOW).schedule(own))
    await zoe.answers_everything()
    await zoe.database.write(lambda session: Users(Unit(session)).change_profile(ZOE, {"name": "Dr. Zoë"}))

    anew = await zoe.does(lambda s: s.reset())
    twice = await zoe.does(lambda s: s.reset())

    assert (anew.state, anew.steps, twice.state) == ("initial", {}, "initial")
    found = await zoe.has()
    # What she has changed herself since is hers.
    assert (found["name"], found["zone"], found["model"]) == ("Dr. Zoë", "UTC", None)
    assert set(found["preferences"].values()) <= {"", "balanced"}
    assert found["memories"] == ["I was here before."]
    assert [title for title, _, _ in found["reminders"]] == ["My own"]
    assert (await zoe.answers_everything()).state == "done"


async def test_whoever_does_not_want_to_be_asked_may_come_back(zoe: Newcomer) -> None:
    dismissed = await zoe.does(lambda s: s.dismiss())
    begun = await zoe.does(lambda s: s.begin())

    assert (dismissed.state, dismissed.dismissed) == ("initial", True)
    assert (begun.state, begun.dismissed) == ("preferences", False)
