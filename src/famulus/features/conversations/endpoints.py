"""Conversations, messages, runs, assistants and models under `/api/v1`."""

from typing import Any

from fastapi import APIRouter, Request, Response, status

from famulus.features.accounts.parameters import After, ChatterDep, IdempotencyKey, Limit
from famulus.features.conversations.attachments import Attachments
from famulus.features.conversations.desk import CounterDep, sender_of
from famulus.features.conversations.erasure import forget_answers
from famulus.features.conversations.records import Conversation
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.runs import Runs
from famulus.features.conversations.schemas import (
    AssistantDraft,
    AssistantPatch,
    AssistantView,
    ConversationDraft,
    ConversationPatch,
    ConversationView,
    Edit,
    MessageView,
    RunDraft,
    RunView,
)
from famulus.features.conversations.service import Assistants, Conversations
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1", responses=errors())


@router.get("/conversations", responses=errors(404), tags=["conversations"])
async def list_conversations(
    caller: ChatterDep, counter: CounterDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[ConversationView]:
    """One's conversations, latest activity first."""
    found = await counter.database.read(
        lambda session: Conversations(session, caller.user_id).page(after=after, limit=limit + 1)
    )
    return page_of(
        [ConversationView.of(*pair) for pair in found],
        limit=limit,
        cursor=lambda conversation: conversation.id,
    )


@router.post("/conversations", status_code=status.HTTP_201_CREATED, responses=errors(404, 409), tags=["conversations"])
async def start_conversation(
    draft: ConversationDraft, caller: ChatterDep, counter: CounterDep, key: IdempotencyKey = None
) -> ConversationView:
    """Begin a conversation."""

    async def work(session: Session) -> ConversationView:
        async def start() -> ConversationView:
            return ConversationView.of(await Conversations(session, caller.user_id).start(draft))

        content = draft.model_dump()
        return await once(session, caller.user_id, key=key, content=content, view=ConversationView, act=start)

    return await counter.database.write(work)


@router.get("/conversations/{conversation_id}", responses=errors(404), tags=["conversations"])
async def show_conversation(conversation_id: str, caller: ChatterDep, counter: CounterDep) -> ConversationView:
    """One conversation."""

    async def look(session: Session) -> ConversationView:
        return await _view(session, await Conversations(session, caller.user_id).find(conversation_id))

    return await counter.database.read(look)


@router.patch("/conversations/{conversation_id}", responses=errors(404), tags=["conversations"])
async def change_conversation(
    conversation_id: str, patch: ConversationPatch, caller: ChatterDep, counter: CounterDep
) -> ConversationView:
    """Rename, star, pin or mark as read; a title given here is never replaced by an automatic one."""

    async def work(session: Session) -> ConversationView:
        return await _view(session, await Conversations(session, caller.user_id).change(conversation_id, patch))

    return await counter.database.write(work)


@router.delete(
    "/conversations/{conversation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=errors(404),
    tags=["conversations"],
)
async def delete_conversation(conversation_id: str, request: Request, caller: ChatterDep, counter: CounterDep) -> None:
    """Delete a conversation with all it holds; a run that is at work in it is stopped."""

    async def work(session: Session) -> None:
        await Conversations(session, caller.user_id).find(conversation_id)
        await Runs(session, sender_of(request, caller), counter.runs).drop_all(conversation_id)
        await Conversations(session, caller.user_id).delete(conversation_id)
        await forget_answers(session, counter.runs.errands, caller.user_id, conversation_id)

    await counter.database.write(work)


@router.get("/conversations/{conversation_id}/messages", responses=errors(404), tags=["conversations"])
async def list_messages(
    conversation_id: str,
    caller: ChatterDep,
    counter: CounterDep,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[MessageView]:
    """What was said, latest first."""

    async def look(session: Session) -> list[MessageView]:
        said = await Conversations(session, caller.user_id).messages(conversation_id, after=after, limit=limit + 1)
        attached = await Attachments(session, caller.user_id).of(said)
        return [MessageView.of(message, attached.get(message.id, ())) for message in said]

    found = await counter.database.read(look)
    return page_of(found, limit=limit, cursor=lambda message: message.id)


@router.post(
    "/conversations/{conversation_id}/runs",
    status_code=status.HTTP_202_ACCEPTED,
    responses=errors(404, 409),
    tags=["runs"],
)
async def send(
    conversation_id: str,
    draft: RunDraft,
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    key: IdempotencyKey = None,
) -> RunView:
    """Say something. The answer is made in the background: follow `/runs/{id}/events`."""
    sender = sender_of(request, caller)
    run = await counter.database.write(
        lambda session: Runs(session, sender, counter.runs).send(conversation_id, draft, key=key)
    )
    return RunView.of(run)


@router.post(
    "/conversations/{conversation_id}/messages/{message_id}/edit",
    status_code=status.HTTP_202_ACCEPTED,
    responses=errors(404, 409),
    tags=["runs"],
)
async def edit_message(
    *,
    conversation_id: str,
    message_id: str,
    edit: Edit,
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    key: IdempotencyKey = None,
) -> RunView:
    """Say something in the place of an earlier message; what came after it leaves the conversation."""
    sender = sender_of(request, caller)
    run = await counter.database.write(
        lambda session: Runs(session, sender, counter.runs).edit(conversation_id, message_id, edit, key=key)
    )
    return RunView.of(run)


@router.get("/assistants", tags=["assistants"])
async def list_assistants(
    caller: ChatterDep, counter: CounterDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[AssistantView]:
    """One's assistants, in the order in which they were made."""
    found = await counter.database.write(
        lambda session: _assistants(session, caller.user_id, counter).page(after=after, limit=limit + 1)
    )
    return page_of([AssistantView.of(found_one) for found_one in found], limit=limit, cursor=lambda one: one.id)


@router.post("/assistants", status_code=status.HTTP_201_CREATED, responses=errors(409), tags=["assistants"])
async def create_assistant(
    draft: AssistantDraft, caller: ChatterDep, counter: CounterDep, key: IdempotencyKey = None
) -> AssistantView:
    """Make an assistant."""

    async def work(session: Session) -> AssistantView:
        async def create() -> AssistantView:
            return AssistantView.of(await _assistants(session, caller.user_id, counter).create(draft))

        content = draft.model_dump()
        return await once(session, caller.user_id, key=key, content=content, view=AssistantView, act=create)

    return await counter.database.write(work)


@router.get("/assistants/{assistant_id}", responses=errors(404), tags=["assistants"])
async def show_assistant(assistant_id: str, caller: ChatterDep, counter: CounterDep) -> AssistantView:
    """One assistant."""
    found = await counter.database.read(
        lambda session: _assistants(session, caller.user_id, counter).find(assistant_id)
    )
    return AssistantView.of(found)


@router.patch("/assistants/{assistant_id}", responses=errors(404), tags=["assistants"])
async def change_assistant(
    assistant_id: str, patch: AssistantPatch, caller: ChatterDep, counter: CounterDep
) -> AssistantView:
    """Change an assistant; runs that are queued already keep what they were queued with."""
    changed = await counter.database.write(
        lambda session: _assistants(session, caller.user_id, counter).change(assistant_id, patch)
    )
    return AssistantView.of(changed)


@router.delete(
    "/assistants/{assistant_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=errors(404, 409),
    tags=["assistants"],
)
async def delete_assistant(assistant_id: str, caller: ChatterDep, counter: CounterDep) -> Response:
    """Delete an assistant; its conversations go on with the default one."""
    await counter.database.write(lambda session: _assistants(session, caller.user_id, counter).delete(assistant_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/models", tags=["models"])
async def list_models(caller: ChatterDep, counter: CounterDep) -> dict[str, Any]:  # noqa: ARG001 -- signed in is enough
    """The models that may be chosen; the offline stand-in says that it is one."""
    models = [{"id": model.id, "name": model.name, "offline": model.offline} for model in counter.models]
    return {"data": models, "default": counter.runs.default_model}


@router.get("/tools", tags=["assistants"])
async def list_tools(caller: ChatterDep, counter: CounterDep) -> dict[str, Any]:  # noqa: ARG001 -- signed in is enough
    """The tools an assistant may be given, as a model is told of them."""
    return {"data": counter.toolset.definitions()}


def _assistants(session: Session, user_id: str, counter: CounterDep) -> Assistants:
    return Assistants(session, user_id, tool_names=frozenset(tool.name for tool in counter.toolset))


async def _view(session: Session, conversation: Conversation) -> ConversationView:
    active = await RunRepository(session, conversation.user_id).active(conversation.id)
    return ConversationView.of(conversation, active[0].id if active else None)
