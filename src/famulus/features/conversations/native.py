"""The native chat API, at the root: start, chat in its three forms, and runs."""

from fastapi import APIRouter, Request, Response
from starlette.status import HTTP_204_NO_CONTENT

from famulus.features.accounts.caller import Caller, still_valid
from famulus.features.accounts.parameters import After, ChatterDep, Cursor, IdempotencyKey, LastEventId, Limit
from famulus.features.conversations import chat
from famulus.features.conversations.answers import reply_to, responses_of, run_for_user, wait_for_end
from famulus.features.conversations.desk import Counter, CounterDep, sender_of
from famulus.features.conversations.following import BEGINNING, Position, event_stream, position
from famulus.features.conversations.runs import Runs
from famulus.features.conversations.schemas import ConversationDraft, RunDraft, RunView, StepView, ToolOutputs
from famulus.features.conversations.service import Conversations
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors
from famulus.streams.responses import EVENT_STREAM, STREAMED, Streamed

router = APIRouter(responses=errors())


@router.post("/start", responses=errors(404, 409), tags=["chat"])
async def start(
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    draft: chat.StartDraft | None = None,
    key: IdempotencyKey = None,
) -> chat.Started:
    """Begin a conversation."""
    assistant_id = draft.assistant_id if draft else None

    async def work(session: Session) -> chat.Started:
        async def begin() -> chat.Started:
            conversations = Conversations(session, caller.user_id)
            conversation = await conversations.start(ConversationDraft(assistant_id=assistant_id))
            assistant = await conversations.assistant_for(conversation.assistant_id, explicit=True)
            return chat.Started(
                thread_id=conversation.id,
                initial_message=assistant.initial_message,
                correlation_id=request.state.correlation_id,
            )

        return await once(session, caller.user_id, key=key, content=assistant_id, view=chat.Started, act=begin)

    return await counter.database.write(work)


@router.get("/start", responses=errors(404), tags=["chat"])
async def start_by_get(request: Request, caller: ChatterDep, counter: CounterDep) -> chat.Started:
    """Begin a conversation, as older clients ask for it."""
    return await start(request, caller, counter)


@router.post(
    "/chat",
    response_model=chat.Responses | chat.Reply,
    responses=errors(404, 409, 413, 502) | STREAMED,
    tags=["chat"],
)
@router.post("/chat/", include_in_schema=False, response_model=chat.Responses | chat.Reply)
async def say(
    body: chat.ThreadMessage | chat.UserText,
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    key: IdempotencyKey = None,
) -> Response | chat.Responses | chat.Reply:
    """Say something and have the answer: as JSON, or as a stream of events with `Accept: text/event-stream`.

    The answer has the shape of the question. A client that goes away loses nothing: the run goes on.
    """
    if isinstance(body, chat.UserText):
        run, session_id = await run_for_user(counter, request, caller, body, key)
    else:
        draft = RunDraft(**body.model_dump(exclude={"thread_id"}))
        run = await counter.database.write(
            lambda session: Runs(session, sender_of(request, caller), counter.runs).send(body.thread_id, draft, key=key)
        )
    if EVENT_STREAM in request.headers.get("accept", ""):
        return _streamed(counter, request, caller, run.id, BEGINNING)
    await wait_for_end(counter, run.id)
    if isinstance(body, chat.UserText):
        return await reply_to(counter, body, run.id, session_id)
    return await responses_of(counter, caller.user_id, run.id)


@router.get("/runs/{run_id}", responses=errors(404), tags=["runs"])
@router.get("/api/v1/runs/{run_id}", include_in_schema=False)
async def show_run(run_id: str, request: Request, caller: ChatterDep, counter: CounterDep) -> RunView:
    """One run."""
    run = await counter.database.read(lambda session: _runs(session, request, caller, counter).find(run_id))
    return RunView.of(run)


@router.get("/runs/{run_id}/steps", responses=errors(404), tags=["runs"])
async def list_steps(
    run_id: str,
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[StepView]:
    """What was done in a run, in order."""
    position_before = int(after) if after and after.isascii() and after.isdigit() and len(after) < 10 else -1  # noqa: PLR2004
    found = await counter.database.read(
        lambda session: _runs(session, request, caller, counter).steps(run_id, after=position_before, limit=limit + 1)
    )
    page = page_of(found, limit=limit, cursor=lambda step: str(step.position))
    return Page(data=[StepView.of(step) for step in page.data], has_more=page.has_more, next=page.next)


@router.post("/runs/{run_id}/cancel", responses=errors(404, 409), tags=["runs"])
async def cancel_run(run_id: str, request: Request, caller: ChatterDep, counter: CounterDep) -> RunView:
    """Stop a run: what it has said so far is kept. Cancelling twice changes nothing."""
    run = await counter.database.write(lambda session: _runs(session, request, caller, counter).cancel(run_id))
    return RunView.of(run)


@router.post("/runs/{run_id}/submit_tool_outputs", responses=errors(404, 409), tags=["runs"])
async def submit_tool_outputs(
    run_id: str,
    body: ToolOutputs,
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    key: IdempotencyKey = None,
) -> RunView:
    """Hand in what the client's own tools came to; the run goes on from there."""

    async def work(session: Session) -> RunView:
        async def submit() -> RunView:
            runs = _runs(session, request, caller, counter)
            return RunView.of(await runs.submit_tool_outputs(run_id, body.tool_outputs))

        content = [run_id, body.model_dump()]
        return await once(session, caller.user_id, key=key, content=content, view=RunView, act=submit)

    return await counter.database.write(work)


@router.get(
    "/runs/{run_id}/events",
    response_class=Response,
    responses=errors(404) | STREAMED | {204: {"description": "The run has ended there: nothing follows."}},
    tags=["runs"],
)
async def follow_run(
    run_id: str,
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    after: Cursor = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Follow a run from any position, while it is at work and ever after."""
    start_at = await position(counter, caller.user_id, run_id, last_event_id or after)
    if start_at.at_end:
        return Response(status_code=HTTP_204_NO_CONTENT)
    return _streamed(counter, request, caller, run_id, start_at)


def _streamed(counter: Counter, request: Request, caller: Caller, run_id: str, start_at: Position) -> Response:
    async def may_go_on() -> bool:
        return await still_valid(request, caller)

    return Streamed(event_stream(counter, caller, run_id, start_at, may_go_on=may_go_on))


def _runs(session: Session, request: Request, caller: Caller, counter: Counter) -> Runs:
    return Runs(session, sender_of(request, caller), counter.runs)
