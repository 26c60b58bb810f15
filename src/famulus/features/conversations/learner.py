"""After a turn: what was said is kept, and what is worth remembering of it is asked of the model, in the background."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from famulus.agent import offline
from famulus.agent.models import Model
from famulus.features.conversations.lessons import LEARN_JOB, learning_in, lessons_in, request_for, turns_of
from famulus.features.conversations.records import Message, Run
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.runs import RunDesk
from famulus.features.usage.errors import QuotaExceeded
from famulus.features.usage.records import Spent
from famulus.features.usage.service import Usage
from famulus.infra.database import Database, Session
from famulus.infra.llm import ChatRequest, TextDelta
from famulus.infra.llm import Usage as TokenUsage
from famulus.jobs.queue import Claim
from famulus.jobs.worker import Handler
from famulus.kit.errors import ProviderFailed
from famulus.memory.client import Filters, Keeper, MemoryView, ProposalDraft, Search

FEATURE = "memory"
"""Under which name usage counts what learning takes."""

_OFFERED = 10
_LONGEST_QUERY = 2_000
_LONGEST_ANSWER = 20_000
_MOST_TOKENS = 1_000
_logger = structlog.get_logger()


async def learn_later(session: Session, desk: RunDesk, run: Run, *, tainted: bool) -> None:
    """Have somebody look at the turn that ends with this transaction; the stand-in has nothing to say about it."""
    if desk.errands.learns and run.model != offline.NAME:
        payload = {"user_id": run.user_id, "run_id": run.id, "tainted": tainted}
        key = learning_in(run.conversation_id)
        await desk.queue.add(session, LEARN_JOB, payload, user_id=run.user_id, serial_key=key)


@dataclass(frozen=True, slots=True)
class Learner:
    """Learns from turns, one job at a time."""

    database: Database
    desk: RunDesk
    model_named: Callable[[str], Model]
    keeper: Keeper
    max_attempts: int = 5

    @property
    def handlers(self) -> dict[str, Handler]:
        """What it does about which jobs."""
        return {LEARN_JOB: self.learn}

    async def learn(self, claim: Claim) -> None:
        """Keep what was said in a run, and what is new in it; nothing once the conversation is gone."""
        run, said = await self.database.read(lambda session: _turn(session, claim))
        known: list[MemoryView] = []
        answer = ""
        if run and said:
            known = await self._known(run, said[0])
            answer = await self._bought(run, request_for(said, known, self.desk.now()), claim)

        async def record(session: Session) -> None:
            # First, since a job that was taken away with its conversation must leave nothing.
            await self.desk.queue.finish(session, claim)
            if run and said:
                await self._keep(session, run, said, {memory.id for memory in known}, answer, claim)

        await self.database.write(record)

    async def _bought(self, run: Run, request: str, claim: Claim) -> str:
        """What the model says, counted as the person's usage; nothing where their plan has none left for it."""
        key = f"learn {claim.id}"

        def usage(session: Session) -> Usage:
            return Usage(session, run.user_id, self.desk.plans, now=self.desk.now)

        try:
            await self.database.write(lambda session: usage(session).reserve_once(FEATURE, key=key, model=run.model))
        except QuotaExceeded as error:
            _logger.info("memory.not_asked", code=error.code)
            return ""
        taken = _Taken()
        try:
            return await self._answer(run, request, claim, taken)
        finally:
            # At once, whatever becomes of the answer: it was paid for.
            refund = not taken.has_answered
            await self.database.write(lambda session: usage(session).settle(key, taken.spent, refund=refund))

    async def _known(self, run: Run, question: Message) -> list[MemoryView]:
        filters = Filters(kinds=["fact", "preference", "event"])
        wanted = Search(query=question.text[:_LONGEST_QUERY], k=_OFFERED, filters=filters)
        return [hit.memory for hit in (await self.keeper.search(run.user_id, wanted)).data]

    async def _answer(self, run: Run, request: str, claim: Claim, taken: "_Taken") -> str:
        """What the model says; nothing when it fails for the last time: what was said is kept all the same."""
        asked = ChatRequest(model=run.model, messages=[{"role": "user", "content": request}], max_tokens=_MOST_TOKENS)
        parts: list[str] = []
        try:
            async with aclosing(self.model_named(run.model).stream(asked, correlation_id=run.correlation_id)) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        parts.append(event.text)
                        taken.has_answered = True
                    elif isinstance(event, TokenUsage):
                        taken.spent = Spent(event.prompt_tokens, event.completion_tokens)
                    if sum(map(len, parts)) > _LONGEST_ANSWER:
                        break
        except ProviderFailed as error:
            if claim.attempt < self.max_attempts:
                raise
            _logger.warning("memory.nothing_learnt", code=error.code)
            return ""
        return "".join(parts)

    async def _keep(
        self, session: Session, run: Run, said: list[Message], offered: set[str], answer: str, claim: Claim
    ) -> None:
        lessons = lessons_in(answer, offered=offered, question=said[0], run_id=run.id)
        errands = self.desk.errands
        if not claim.payload["tainted"]:
            await errands.learn(session, run.user_id, [*turns_of(said), *lessons])
            return
        # What the user has typed is the user's own; the answer may repeat what it was told to.
        await errands.learn(session, run.user_id, turns_of(said[:1]))
        asked = [
            ProposalDraft(key=f"learnt:{run.id}:{index}", change=lesson, session=run.conversation_id, source_id=run.id)
            for index, lesson in enumerate(lessons)
        ]
        if asked:
            await errands.propose(session, run.user_id, asked)


@dataclass(slots=True)
class _Taken:
    """What an answer has taken so far."""

    spent: Spent = field(default_factory=Spent)
    has_answered: bool = False


async def _turn(session: Session, claim: Claim) -> tuple[Run | None, list[Message]]:
    user_id, run_id = claim.payload["user_id"], claim.payload["run_id"]
    run = await RunRepository(session, user_id).find(run_id)
    said = await ConversationRepository(session, user_id).messages_of_run(run_id)
    return run, [message for message in said if message.status == "completed"]
