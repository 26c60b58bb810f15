"""What goals ask of conversations: a run in which an assistant does an errand."""

from dataclasses import dataclass

from famulus.features.conversations.errors import ConversationNotFound
from famulus.features.conversations.runs import RunDesk, Runs, Sender
from famulus.features.conversations.schemas import ConversationDraft, RunDraft
from famulus.features.conversations.service import Conversations
from famulus.features.goals.desk import Errand, SentErrand
from famulus.infra.database import Session


@dataclass(frozen=True, slots=True)
class Errands:
    """Sends assistants on errands, each in a conversation of its own."""

    desk: RunDesk

    async def send(self, session: Session, errand: Errand) -> SentErrand:
        """Start a run; one that is still at work on the same errand is interrupted."""
        conversations = Conversations(session, errand.user_id, now=self.desk.now)
        thread_id, is_new = errand.thread_id, False
        try:
            await conversations.find(thread_id or "")
        except ConversationNotFound:
            thread_id, is_new = (await conversations.start(ConversationDraft(title=errand.title))).id, True
        sender = Sender(errand.user_id, errand.zone, errand.correlation_id)
        draft = RunDraft(message=errand.message, policy="interrupt")
        run = await Runs(session, sender, self.desk).send(str(thread_id), draft, is_new=is_new)
        return SentErrand(run.id, run.conversation_id)
