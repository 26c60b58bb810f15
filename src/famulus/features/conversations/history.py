"""What the model is shown of a conversation, read from rows: as much as the budget holds, however long the whole is."""

from collections import defaultdict
from typing import Any

from famulus.agent.window import Message, text_tokens
from famulus.features.conversations.attachments import Attachments
from famulus.features.conversations.records import Run, Step
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository
from famulus.infra.database import Session

_ROWS_AT_ONCE = 64
_MOST_ROWS = 128
_EARLIER_OUTPUT_CHARACTERS = 2_000
_ROW = tuple[Any, ...]


async def history(session: Session, run: Run, *, budget_tokens: int) -> list[Message]:
    """The run's instructions, the latest turns before it, its own question, and what it has done so far.

    A run that was interrupted in the middle of calling tools ends with the answer that asked for them.
    """
    rows = await _with_attachments(session, run, await _latest_rows(session, run, budget_tokens))
    turns: dict[str, list[_ROW]] = defaultdict(list)
    for row in rows:
        turns[row[1] or row[0]].append(row)
    mine = turns.pop(run.id, [])
    calls: dict[str, list[Step]] = defaultdict(list)
    oldest = min((row[1] for row in rows if row[1]), default=run.id)
    for step in await RunRepository(session, run.user_id).calls(run.conversation_id, oldest_run=min(oldest, run.id)):
        calls[step.run_id].append(step)
    messages: list[Message] = [{"role": "system", "content": run.instructions}] if run.instructions else []
    for turn_id, said in sorted(turns.items(), key=lambda turn: turn[1][0][2]):
        messages += _turn(said, calls[turn_id], output_limit=_EARLIER_OUTPUT_CHARACTERS)
    return messages + _unfinished(_turn(mine, calls[run.id], output_limit=None))


async def _latest_rows(session: Session, run: Run, budget_tokens: int) -> list[_ROW]:
    """Rows in order of position, as many as fill the budget; those of runs queued behind this one left out."""
    repository = ConversationRepository(session, run.user_id)
    found: list[_ROW] = []
    before, room = 2**31 - 1, budget_tokens
    while room > 0 and len(found) < _MOST_ROWS:
        page = await repository.latest(run.conversation_id, before=before, limit=_ROWS_AT_ONCE)
        for row in page:
            if row[1] is None or row[1] <= run.id:
                found.append(row)
                room -= text_tokens(row[5])
        if len(page) < _ROWS_AT_ONCE:
            break
        before = page[-1][2]
    found.reverse()
    return found


async def _with_attachments(session: Session, run: Run, rows: list[_ROW]) -> list[_ROW]:
    """The rows, each question with what is told of the files that are attached to it."""
    asked = {row[0] for row in rows if row[3] == "user"}
    told = await Attachments(session, run.user_id).shown(run.conversation_id, asked)
    return [(*row[:5], f"{row[5]}\n\n{told[row[0]]}", *row[6:]) if row[0] in told else row for row in rows]


def _turn(rows: list[_ROW], steps: list[Step], *, output_limit: int | None) -> list[Message]:
    """One question with everything that was said and done about it."""
    if not steps:
        return [{"role": row[3], "content": row[5]} for row in rows if row[6] != "interrupted"]
    texts = {row[0]: row for row in rows}
    outputs = {step.call_id: step for step in steps if step.call_id}
    messages: list[Message] = [{"role": row[3], "content": row[5]} for row in rows if row[3] == "user"]
    with_calls = [step for step in steps if step.calls]
    for step in with_calls:
        row = texts.pop(step.message_id or "", None)
        messages.append({"role": "assistant", "content": row[5] if row else None, "tool_calls": step.calls})
        for call in step.calls or ():
            done = outputs.get(call["id"])
            if done is not None and done.output is not None:
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": done.output[:output_limit]})
    # What was cut off by a crash was said again; what a person stopped was still said.
    rest = [row for row in texts.values() if row[3] == "assistant" and row[6] != "interrupted"]
    return messages + [{"role": "assistant", "content": row[5]} for row in rest]


def _unfinished(messages: list[Message]) -> list[Message]:
    """The messages without the outputs of a round of calls that is not complete: the round is finished first."""
    last_round = max((i for i, message in enumerate(messages) if message.get("tool_calls")), default=None)
    if last_round is None:
        return messages
    outputs = messages[last_round + 1 :]
    complete = len(outputs) >= len(messages[last_round]["tool_calls"])
    return messages if complete else messages[: last_round + 1]
