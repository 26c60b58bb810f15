"""Reminders in this process: the clock that says them, and the runs that some of them start."""

from famulus.features.accounts.users import zone_of
from famulus.features.conversations.runs import RunDesk, Runs, Sender
from famulus.features.conversations.schemas import ConversationDraft, RunDraft
from famulus.features.conversations.service import Conversations
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.reminders.desk import ReminderDesk
from famulus.features.reminders.errors import ReminderNotFound
from famulus.features.reminders.firing import RUN_REMINDER_JOB
from famulus.features.reminders.jobs import ReminderClock
from famulus.features.reminders.service import Reminders
from famulus.infra.database import Database, Session
from famulus.jobs.queue import Claim
from famulus.jobs.worker import Handler
from famulus.kit.ids import new_id
from famulus.settings.outward import ReminderSettings


class ReminderRoom:
    """Reminds people, in this process."""

    def __init__(
        self, database: Database, notifications: NotificationDesk, runs: RunDesk, limits: ReminderSettings
    ) -> None:
        self._database = database
        self._runs = runs
        self.clock = ReminderClock(database, notifications, limits)
        self.desk = ReminderDesk(database, limits)
        self.handlers: dict[str, Handler] = {RUN_REMINDER_JOB: self._run}

    async def moved(self, session: Session, user_id: str, zone: str) -> None:
        """Somebody is in another zone: what floats goes with them."""
        await self.desk.of(session, user_id).moved(zone)

    async def _run(self, claim: Claim) -> None:
        """Ask an assistant what the reminder says, in the conversation that belongs to the reminder."""
        user_id, reminder_id = claim.payload["user_id"], claim.payload["reminder_id"]

        async def work(session: Session) -> None:
            try:
                reminder = await Reminders(session, user_id).find(reminder_id)
            except ReminderNotFound:
                reminder = None
            if reminder is not None and reminder.prompt is not None:
                conversations = Conversations(session, user_id)
                conversation = await conversations.of_session(reminder_id) or await conversations.start(
                    ConversationDraft(title=reminder.title), session_id=reminder_id
                )
                sender = Sender(user_id, await zone_of(session, user_id), new_id("corr"))
                # The occurrence names the turn: however often this job is begun, it is said once.
                said = RunDraft(message=reminder.prompt)
                await Runs(session, sender, self._runs).send(conversation.id, said, key=claim.payload["occurrence_id"])
            await self._runs.queue.finish(session, claim)

        await self._database.write(work)
