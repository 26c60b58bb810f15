"""A run as one answer, for clients that wait for it."""

from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import Caller
from famulus.features.accounts.users import zone_of
from famulus.features.conversations import chat
from famulus.features.conversations.desk import Counter, sender_of
from famulus.features.conversations.records import Message, Run
from famulus.features.conversations.runs import Runs, Sender
from famulus.features.conversations.schemas import ConversationDraft, RunDraft
from famulus.features.conversations.service import Conversations
from famulus.infra.database import Session
from famulus.kit.clock import iso, utc_now
from famulus.kit.errors import Conflict, Forbidden, ProviderFailed, Unavailable

_ENDS = frozenset({"done", "thread.run.requires_action"})
_STATUS_OF_FAILURE = {
    "internal_error": 500,
    "too_many_attempts": 500,
    "step_limit": 409,
    "context_too_long": 413,
}


class RunDidNotComplete(ProviderFailed):
    """The run failed: nearly always because its provider did; the code says how."""

    def __init__(self, run: Run) -> None:
        error = run.last_error or {"code": "run_failed", "message": "The run failed."}
        super().__init__(error["message"], run_id=run.id)
        self.code = error["code"]
        self.status = _STATUS_OF_FAILURE.get(self.code, ProviderFailed.status)


class RunStopped(Conflict):
    """The run was stopped before its end."""


class StoppingNow(Unavailable):
    """This server is stopping, and cannot wait for the answer."""


class MayNotActForOthers(Forbidden):
    """The caller's key does not carry the right to act for other people."""


async def wait_for_end(counter: Counter, run_id: str) -> None:
    """Wait until the run has ended, or waits for its client; returns early when this process stops."""
    async for batch in counter.runs.log.follow(run_id, after=0):
        if batch and batch[-1].kind in _ENDS:
            return


async def responses_of(counter: Counter, user_id: str, run_id: str) -> chat.Responses:
    """What was said in the run; a run that failed is an error, and never an empty list."""
    run, texts = await _outcome(counter, user_id, run_id)
    return chat.Responses(responses=texts, required_action=run.required_action, run_id=run.id, status=run.status)


async def reply_to(counter: Counter, body: chat.UserText, run_id: str, session_id: str) -> chat.Reply:
    """What was said in the run, as a service's user reads it."""
    _, texts = await _outcome(counter, body.user_id, run_id)
    stamp = body.metadata.timestamp if body.metadata else None
    timestamp = stamp if isinstance(stamp, str) else iso(stamp or utc_now())
    metadata = chat.ReplyMetadata(timestamp=timestamp, session_id=session_id)
    return chat.Reply(user_id=body.user_id, reply="\n\n".join(texts), metadata=metadata)


async def run_for_user(
    counter: Counter, connection: HTTPConnection, caller: Caller, body: chat.UserText, key: str | None
) -> tuple[Run, str]:
    """The run of what a service says for one of its users, and the name of its conversation, made when it is new."""
    if body.user_id != caller.user_id and not caller.may("users:act"):
        raise MayNotActForOthers("This credential may not act for other people.", scope="users:act")
    session_id = body.metadata.session_id if body.metadata else None
    sender = sender_of(connection, caller)

    async def work(session: Session) -> tuple[Run, str]:
        acting = Sender(body.user_id, await zone_of(session, body.user_id), sender.correlation_id)
        conversations = Conversations(session, body.user_id)
        found = await conversations.of_session(session_id) if session_id else None
        if found is None and session_id and session_id.startswith("thread_"):
            found = await conversations.find(session_id)
        conversation = found or await conversations.start(ConversationDraft(), session_id=session_id)
        draft = RunDraft(message=body.text)
        run = await Runs(session, acting, counter.runs).send(conversation.id, draft, key=key, is_new=found is None)
        return run, session_id or conversation.id

    return await counter.database.write(work)


async def _outcome(counter: Counter, user_id: str, run_id: str) -> tuple[Run, list[str]]:
    async def look(session: Session) -> tuple[Run, list[Message]]:
        runs = Runs(session, Sender(user_id, "UTC", ""), counter.runs)
        return await runs.find(run_id), await runs.messages(run_id)

    run, messages = await counter.database.read(look)
    if run.ended_at is None and run.status != "requires_action":
        raise StoppingNow("The server is stopping; the answer is being made all the same.", run_id=run.id)
    if run.status == "failed":
        raise RunDidNotComplete(run)
    if run.status in ("cancelled", "expired"):
        raise RunStopped(f"The run was {run.status}.", run_id=run.id, status=run.status)
    return run, [message.text for message in messages if message.role == "assistant" and message.text]
