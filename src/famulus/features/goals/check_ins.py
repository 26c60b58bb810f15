"""Check-ins: reminders that ask how far a goal is, and that go with it."""

from famulus.features.goals.schemas import CheckInDraft
from famulus.features.goals.service import GOAL, Goals
from famulus.features.reminders.records import About
from famulus.features.reminders.schemas import ReminderDraft, ReminderView
from famulus.features.reminders.service import Reminders, shown_next
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.settings.outward import ReminderSettings

_MOST_IN_A_TITLE = 150


class CheckIns:
    """The check-ins of one person, within one transaction."""

    def __init__(
        self, session: Session, user_id: str, *, limits: ReminderSettings | None = None, now: Clock = utc_now
    ) -> None:
        self._goals = Goals(session, user_id, now=now)
        self._reminders = Reminders(session, user_id, limits=limits, now=now)

    async def schedule(self, goal_id: str, draft: CheckInDraft) -> ReminderView:
        """Make a reminder that names the goal, and where its progress is seen."""
        goal = await self._goals.find(goal_id)
        title = goal.title if len(goal.title) <= _MOST_IN_A_TITLE else f"{goal.title[:_MOST_IN_A_TITLE]}…"
        reminder = ReminderDraft(
            title=f"Check in: {title}",
            note=f"How far have you come with “{goal.title}”? Its progress: /#/goals/{goal.id}",
            **{name: getattr(draft, name) for name in CheckInDraft.model_fields},
        )
        made = await self._reminders.schedule(reminder, about=About(GOAL, goal.id))
        return ReminderView.of(made, shown_next(made))

    async def of(self, goal_id: str) -> list[ReminderView]:
        """In the order in which they were made."""
        await self._goals.find(goal_id)
        found = await self._reminders.about(About(GOAL, goal_id))
        return [ReminderView.of(one, shown_next(one)) for one in found]
