"""Following a run: from the position a client names, exactly the rest, or word that there is no such position."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from famulus.features.accounts.caller import Caller
from famulus.features.conversations.attachments import Attachments
from famulus.features.conversations.desk import Counter
from famulus.features.conversations.ending import last_entries, said
from famulus.features.conversations.errors import RunNotFound
from famulus.features.conversations.records import Message, Run, Step
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.schemas import MessageView, RunView, StepView
from famulus.features.conversations.wire import sse
from famulus.infra.database import Session
from famulus.streams import store
from famulus.streams.cursors import parse_cursor
from famulus.streams.sse import EventStream, frame
from famulus.streams.store import END, Entry

RESET = "stream.reset"
# Further than any stream comes, so that no client has it from where the run was made.
_END_WITHOUT_LOG = 0, 2**31 - 1


@dataclass(frozen=True, slots=True)
class Position:
    """From where a client follows."""

    after: int
    at_end: bool
    """Whether the stream has ended there, so that nothing will come."""
    snapshot: dict[str, object] | None = None
    """What the client needs in place of the position it named, which is not one of this stream."""
    cursor: str = ""
    """Where the snapshot stands."""
    last: Entry | None = None
    """What follows the snapshot of a run whose log is not here."""


BEGINNING = Position(0, at_end=False)


async def position(counter: Counter, user_id: str, run_id: str, cursor: str | None) -> Position:
    """Where `cursor` is in the run's stream; a cursor of another stream, or of the future, gets a snapshot."""
    epoch, seq = parse_cursor(cursor)

    async def look(session: Session) -> Position:
        run = await RunRepository(session, user_id).find(run_id)
        head = await store.head(session, run_id)
        if run is None or (head is None and run.ended_at is None):
            raise RunNotFound("There is no such run.")
        if head is None:
            return await _without_log(session, run, at_end=(epoch, seq) == _END_WITHOUT_LOG)
        known = seq == 0 or (seq <= head.seq and epoch in (None, await store.epoch_at(session, run_id, seq)))
        if known:
            return Position(seq, at_end=head.closed and seq == head.seq)
        written_by = await store.epoch_at(session, run_id, head.seq)
        return Position(
            head.seq, at_end=False, snapshot=await _snapshot(session, run), cursor=f"{written_by}:{head.seq}"
        )

    return await counter.database.read(look)


def event_stream(
    counter: Counter,
    caller: Caller,
    run_id: str,
    start: Position,
    *,
    may_go_on: Callable[[], Awaitable[bool]],
) -> EventStream:
    """The run's events as a response, from `start` on."""
    limits = counter.settings.streams
    counter.seats.check(caller.user_id)
    return EventStream(
        entries(counter, run_id, start),
        sse,
        opening=[frame(RESET, start.snapshot, cursor=start.cursor)] if start.snapshot else [],
        may_go_on=may_go_on,
        seat=counter.seats.taken(caller.user_id),
        max_seconds=limits.max_seconds,
        stall_seconds=limits.stall_seconds,
    )


async def entries(counter: Counter, run_id: str, start: Position) -> AsyncGenerator[Sequence[Entry], None]:
    """The entries behind `start`; none when the snapshot already shows the end."""
    if start.last is not None:
        yield [start.last]
        return
    head = await counter.runs.log.head(run_id) if start.snapshot else None
    if head is not None and head.closed and head.seq == start.after:
        # A reset at the end is followed by the last entry again, so that the client knows that it is the end.
        start = replace(start, after=start.after - 1)
    async for batch in counter.runs.log.follow(run_id, after=start.after):
        yield batch


async def _without_log(session: Session, run: Run, *, at_end: bool) -> Position:
    """All there is of a run that has ended elsewhere, and came here in an archive: how it is, and that this is all."""
    epoch, seq = _END_WITHOUT_LOG
    _, data = last_entries(run, entries_before=0)[-1]
    snapshot = None if at_end else await _snapshot(session, run)
    return Position(seq, at_end, snapshot, cursor=f"{epoch}:{seq}", last=Entry(seq, epoch, END, data))


async def _snapshot(session: Session, run: Run) -> dict[str, object]:
    """The run as it is at this moment, with what was said and done in it so far."""
    messages: list[Message] = []
    for message in await ConversationRepository(session, run.user_id).messages_of_run(run.id):
        whole = message.status != "in_progress"
        messages.append(message if whole else replace(message, text=await said(session, run.id, message.id)))
    attached = await Attachments(session, run.user_id).of(messages)
    steps: list[Step] = await RunRepository(session, run.user_id).steps(run.id)
    return {
        "run": RunView.of(run).data(),
        "messages": [MessageView.of(message, attached.get(message.id, ())).data() for message in messages],
        "steps": [StepView.of(step).data() for step in steps],
    }
