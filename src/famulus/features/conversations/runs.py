"""What may be done with runs: say something, look, cancel, hand in tool outputs."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from famulus.features.conversations import errors
from famulus.features.conversations.attachments import Attachments
from famulus.features.conversations.ending import (
    close_open_work,
    end,
    ended,
    message_event,
    run_event,
    settle,
    step_event,
)
from famulus.features.conversations.records import Conversation, Message, Run, Step
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.schemas import ConversationView, Edit, Policy, RunDraft, ToolOutput
from famulus.features.conversations.service import Conversations
from famulus.features.conversations.signals import Cancellations
from famulus.features.conversations.wishes import with_wishes
from famulus.features.usage.plans import Plans
from famulus.features.usage.service import Usage
from famulus.infra import tracing
from famulus.infra.database import Session
from famulus.infra.idempotency import KeyReused
from famulus.jobs.queue import INTERACTIVE, JobQueue
from famulus.kit.clock import Clock, utc_now
from famulus.kit.facts import Fact, Tell, tell_nobody
from famulus.kit.ids import new_id
from famulus.kit.killpoints import killpoint
from famulus.memory.client import Errands
from famulus.settings import AgentSettings
from famulus.streams import store
from famulus.streams.log import EventLog
from famulus.streams.store import Draft

RUN_JOB = "run"
CHAT = "chat"
"""What runs are called where limits are set."""


@dataclass(frozen=True, slots=True)
class RunDesk:
    """What every service object for runs needs from its process."""

    log: EventLog
    queue: JobQueue
    cancellations: Cancellations
    limits: AgentSettings
    default_model: str
    errands: Errands
    plans: Plans = field(default_factory=Plans)
    now: Clock = utc_now
    tell: Tell = tell_nobody


@dataclass(frozen=True, slots=True)
class Sender:
    """On whose behalf, and in what context, something is said."""

    user_id: str
    zone: str
    correlation_id: str
    model: str | None = None
    """Which model they prefer, where their assistant does not say."""


class Runs:
    """The runs of one person, within one transaction."""

    def __init__(self, session: Session, sender: Sender, desk: RunDesk) -> None:
        self._session = session
        self._sender = sender
        self._desk = desk
        self._runs = RunRepository(session, sender.user_id)
        self._messages = ConversationRepository(session, sender.user_id)

    async def send(self, conversation_id: str, draft: RunDraft, *, key: str | None = None, is_new: bool = False) -> Run:
        """Keep what was said, and a run to answer it; from the commit on neither can be lost.

        The same `key` with the same content is the same run, however often it is sent.
        """
        self._check(draft.message)
        fingerprint = _fingerprint(conversation_id, draft)
        key = key or draft.client_message_id
        if sent := await self._sent_before(key, fingerprint):
            return sent
        conversation = await self._position(conversation_id)
        await self._make_way(conversation_id, draft.policy)
        run, message = await self._drafted(conversation, draft, key, fingerprint)
        opening: list[Draft] = [("thread.created", ConversationView.of(conversation).data())] if is_new else []
        return await self._begun(run, message, opening, draft.file_ids)

    async def edit(self, conversation_id: str, message_id: str, edit: Edit, *, key: str | None = None) -> Run:
        """Say something in the place of what was said; it and all that came after it make way.

        What was superseded is kept, and shown neither to the person nor to a model. What it did, such as a reminder
        that was set, stays done. To ask the same again, say the same.
        """
        self._check(edit.message)
        fingerprint = _fingerprint(f"{conversation_id} {message_id}", edit)
        key = key or edit.client_message_id
        if sent := await self._sent_before(key, fingerprint):
            return sent
        conversation = await self._position(conversation_id)
        await self._make_way(conversation_id, "reject")
        replaced = await self._messages.find_message(conversation_id, message_id)
        if replaced is None:
            raise errors.MessageNotFound("There is no such message in this conversation.")
        if replaced.role != "user":
            raise errors.NotAQuestion("Only what a person has said can be edited.")
        if replaced.superseded_by is not None:
            raise errors.MessageSuperseded("Something else was already said in its place.")
        run, message = await self._drafted(conversation, edit, key, fingerprint)
        await self._messages.supersede(conversation_id, since=replaced.position, before=message.position, run_id=run.id)
        return await self._begun(run, message, [], edit.file_ids)

    async def _sent_before(self, key: str | None, fingerprint: str) -> Run | None:
        """The run that the same sender has begun under the same name; from here on nobody else begins one."""
        if not key:
            return None
        await self._session.alone(f"send {self._sender.user_id} {key}")
        sent = await self._runs.by_key(key)
        if sent and sent.fingerprint != fingerprint:
            raise KeyReused("This idempotency key was used before, for something else.")
        return sent

    async def _position(self, conversation_id: str) -> Conversation:
        """The conversation with room for a message at its end, held until the commit."""
        conversation = await self._messages.take_position(conversation_id, self._desk.now())
        if conversation is None:
            raise errors.ConversationNotFound("There is no such conversation.")
        return conversation

    async def _begun(self, run: Run, message: Message, opening: list[Draft], file_ids: list[str]) -> Run:
        """The run, kept with its question, what is attached to that, and its first events."""
        usage = Usage(self._session, run.user_id, self._desk.plans, now=self._desk.now)
        await usage.reserve(CHAT, key=run.id, model=run.model)
        await self._messages.add_message(message)
        await Attachments(self._session, self._sender.user_id).attach(message, file_ids)
        await self._runs.add(run)
        opening += [
            ("thread.message.created", message_event(message, file_ids)[1]),
            run_event(run, "created"),
            run_event(run, "queued"),
        ]
        await self._desk.log.begin(self._session, run.id, opening)
        self._session.after_commit(lambda: killpoint("accepted"))
        self._session.after_commit(lambda: self._desk.tell(Fact(run.user_id, "message.sent")))
        return run

    async def find(self, run_id: str) -> Run:
        run = await self._runs.find(run_id)
        if run is None:
            raise errors.RunNotFound("There is no such run.")
        return run

    async def messages(self, run_id: str) -> list[Message]:
        """What was said in the run, the question first."""
        return await self._messages.messages_of_run(run_id)

    async def steps(self, run_id: str, *, after: int, limit: int) -> list[Step]:
        """What was done in the run, in order, from position `after` on."""
        await self.find(run_id)
        return await self._runs.steps_page(run_id, after=after, limit=limit)

    async def cancel(self, run_id: str) -> Run:
        """Stop the run: at once when nobody works on it, else within a chunk; a second time changes nothing."""
        await self._session.alone(run_id)
        run = await self.find(run_id)
        if run.ended_at is not None:
            if run.status == "cancelled":
                return run
            raise errors.RunEnded("This run is over.", status=run.status)
        if run.cancel_requested_at is not None:
            return run
        if run.status == "in_progress":
            now = self._desk.now()
            await self._runs.update(run.id, {"cancel_requested_at": now})
            self._session.after_commit(lambda: self._desk.cancellations.request(run.id))
            return replace(run, cancel_requested_at=now)
        return await self._end_unattended(run)

    async def submit_tool_outputs(self, run_id: str, outputs: list[ToolOutput]) -> Run:
        """Hand in what the client's tools came to; the run goes on from there."""
        await self._session.alone(run_id)
        run = await self.find(run_id)
        if run.status != "requires_action" or run.cancel_requested_at:
            raise errors.NothingRequired("This run does not wait for tool outputs.", status=run.status)
        waiting = {s.call_id: s for s in await self._runs.steps(run.id) if s.call_id and s.status == "in_progress"}
        given = {output.tool_call_id: output.output for output in outputs}
        if set(given) != set(waiting) or len(given) != len(outputs):
            raise errors.OutputsDoNotFit(
                "Exactly the outputs of the calls that the run waits for are needed.",
                waiting=sorted(map(str, waiting)),
            )
        drafts: list[Draft] = []
        for call_id, step in waiting.items():
            changes: dict[str, Any] = {
                "status": "completed", "output": given[str(call_id)], "ended_at": self._desk.now(),
            }  # fmt: skip
            await self._runs.update_step(step.id, changes)
            drafts.append(step_event(replace(step, **changes)))
        resumed = replace(run, status="queued", required_action=None, expires_at=None)
        await self._runs.update(run.id, {"status": "queued", "required_action": None, "expires_at": None})
        drafts.append(run_event(resumed))
        await self._append(run, drafts)
        await self._desk.queue.rouse(self._session, run.job_id)
        return resumed

    async def drop_all(self, conversation_id: str) -> None:
        """Stop and remove every run of a conversation that is about to be deleted."""
        runs = await self._runs.of_conversation(conversation_id)
        if not runs:
            return
        await self._desk.queue.remove(self._session, [run.job_id for run in runs if run.ended_at is None])
        for run in runs:
            if run.ended_at is None:
                await settle(self._session, run, self._desk.plans)
        await self._desk.log.discard(self._session, [run.id for run in runs])
        for run in runs:
            self._session.after_commit(lambda run_id=run.id: self._desk.cancellations.request(run_id))  # type: ignore[misc]

    def _check(self, message: str) -> None:
        if not message.strip():
            raise errors.MessageBlank("Message text cannot be empty")
        most = self._desk.limits.max_message_characters
        if len(message) > most:
            raise errors.MessageTooLong(
                f"A message has at most {most:,} characters.", limit=most, characters=len(message)
            )

    async def _make_way(self, conversation_id: str, policy: Policy) -> None:
        """Apply the policy for runs that are still at work in the conversation."""
        # Where many write at once, each has to count those that the others are adding.
        await self._session.alone(f"runs of {self._sender.user_id}")
        if await self._runs.count_active() >= self._desk.limits.max_active_runs_per_user:
            raise errors.TooManyRuns("Too many runs are at work. Wait for some to end.", retry_after_seconds=5)
        if policy == "enqueue":
            return
        active = await self._runs.active(conversation_id)
        if active and policy == "reject":
            raise errors.ConversationBusy("A run of this conversation is still at work.", run_id=active[0].id)
        for run in active:
            await self.cancel(run.id)

    async def _drafted(
        self, conversation: Conversation, draft: Edit, key: str | None, fingerprint: str
    ) -> tuple[Run, Message]:
        assistant = await Conversations(self._session, self._sender.user_id, now=self._desk.now).assistant_for(
            draft.assistant_id or conversation.assistant_id, explicit=draft.assistant_id is not None
        )
        now = self._desk.now()
        run_id = new_id("run")
        job_id = await self._desk.queue.add(
            self._session,
            RUN_JOB,
            {"run_id": run_id, "user_id": self._sender.user_id, **tracing.carried()},
            user_id=self._sender.user_id,
            serial_key=conversation.id,
            priority=INTERACTIVE,
        )
        run = Run(
            id=run_id, user_id=self._sender.user_id, conversation_id=conversation.id, assistant_id=assistant.id,
            job_id=job_id, status="queued", model=assistant.model or self._sender.model or self._desk.default_model,
            instructions=await with_wishes(self._session, self._sender.user_id, assistant.instructions),
            tools=assistant.tools,
            client_tools=[tool.model_dump(exclude_none=True) for tool in draft.tools], zone=self._sender.zone,
            correlation_id=self._sender.correlation_id, idempotency_key=key, fingerprint=fingerprint,
            required_action=None, last_error=None, incomplete_reason=None, usage=None, degraded=[], memories=[],
            created_at=now, started_at=None, expires_at=None, cancel_requested_at=None, ended_at=None,
        )  # fmt: skip
        message = Message(
            id=new_id("msg"), user_id=self._sender.user_id, conversation_id=conversation.id, run_id=run_id,
            position=conversation.last_position, role="user", status="completed", text=draft.message,
            incomplete_reason=None, created_at=now, completed_at=now,
        )  # fmt: skip
        return run, message

    async def _end_unattended(self, run: Run) -> Run:
        """End a run that no worker holds."""
        now = self._desk.now()
        cancelled = ended(run, "cancelled", now, cancel_requested_at=now)
        drafts: list[Draft] = []
        await close_open_work(self._session, drafts, run, reason="cancelled", at=now)
        await end(self._session, drafts, cancelled, self._desk.plans, self._desk.tell)
        await self._append(run, drafts)
        await self._desk.queue.remove(self._session, [run.job_id])
        return cancelled

    async def _append(self, run: Run, drafts: list[Draft]) -> None:
        """Write to the stream of a run that no worker holds, in the name of its last holder."""
        head = await store.head(self._session, run.id)
        await self._desk.log.append(self._session, run.id, epoch=head.epoch if head else 0, drafts=drafts)


def _fingerprint(place: str, draft: Edit) -> str:
    content = [
        place,
        draft.message,
        draft.assistant_id,
        [tool.model_dump() for tool in draft.tools],
        *draft.file_ids,
    ]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()
