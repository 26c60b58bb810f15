"""What may be done with goals."""

from datetime import date
from zoneinfo import ZoneInfo

from famulus.features.goals.errors import GoalNotFound, TargetInThePast, TooManyGoals
from famulus.features.goals.records import Goal, Progress
from famulus.features.goals.repository import GoalRepository
from famulus.features.goals.schemas import GoalDraft, GoalPatch
from famulus.features.reminders.records import About
from famulus.features.reminders.service import Reminders
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id

GOAL = "goal"
"""What its check-ins are about, among all reminders."""
MOST_GOALS = 1_000
# A thousand goals, and another at the same moment from somewhere else, are no harm.
Standing = tuple[Goal, Progress]
"""A goal, and how far it is."""


class Goals:
    """The goals of one person, who lives in a zone, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, zone: str = "UTC", now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = GoalRepository(session, user_id)
        self._zone = zone
        self._now = now

    async def set(self, draft: GoalDraft) -> Goal:
        """Begin a goal, without its steps: those are the roadmap's."""
        self.refuse_past(draft.target_date)
        if await self._repository.count() >= MOST_GOALS:
            raise TooManyGoals(f"A person has at most {MOST_GOALS:,} goals.", limit=MOST_GOALS)
        now = self._now()
        goal = Goal(
            id=new_id("goal"), user_id=self._user_id, title=draft.title, description=draft.description,
            status="active", target_date=draft.target_date, thread_id=None, run_id=None, created_at=now,
            updated_at=now, achieved_at=None,
        )  # fmt: skip
        await self._repository.add(goal)
        return goal

    async def find(self, goal_id: str) -> Goal:
        goal = await self._repository.find(goal_id)
        if goal is None:
            raise GoalNotFound("There is no such goal.")
        return goal

    async def standing(self, goal_id: str) -> Standing:
        """A goal, and how far it is."""
        goal = await self.find(goal_id)
        return goal, (await self._repository.progress([goal_id])).get(goal_id, Progress())

    async def page(self, *, status: str | None = None, after: str | None = None, limit: int) -> list[Standing]:
        """The newest first, from behind goal `after` on."""
        if after is not None:
            await self.find(after)
        found = await self._repository.page(status=status, before=after, limit=limit)
        progress = await self._repository.progress([goal.id for goal in found])
        return [(goal, progress.get(goal.id, Progress())) for goal in found]

    async def change(self, goal_id: str, patch: GoalPatch) -> Standing:
        """Apply what the patch names."""
        goal = await self.find(goal_id)
        sent = patch.model_dump(exclude_unset=True)
        # What must be there cannot be taken away; the day by which can.
        values = {name: value for name, value in sent.items() if value is not None or name == "target_date"}
        if values.get("target_date") != goal.target_date:
            self.refuse_past(values.get("target_date"))
        now = self._now()
        if patch.status is not None and patch.status != goal.status:
            values["achieved_at"] = now if patch.status == "achieved" else None
        if values:
            await self._repository.update(goal_id, values | {"updated_at": now})
        return await self.standing(goal_id)

    async def delete(self, goal_id: str) -> None:
        """Remove a goal with its roadmap and its check-ins."""
        await self.find(goal_id)
        await Reminders(self._session, self._user_id, now=self._now).delete_about(About(GOAL, goal_id))
        await self._repository.delete(goal_id)

    async def note_run(self, goal_id: str, *, thread_id: str, run_id: str) -> None:
        """Remember where a model draws the roadmap."""
        await self._repository.update(goal_id, {"thread_id": thread_id, "run_id": run_id, "updated_at": self._now()})

    def refuse_past(self, *days: date | None) -> None:
        """Nothing is to be reached by a day that is over where the person lives."""
        today = self._now().astimezone(ZoneInfo(self._zone)).date()
        for day in days:
            if day is not None and day < today:
                raise TargetInThePast("The target date lies in the past.", target_date=day, today=today)
