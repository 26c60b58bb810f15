"""What the memory has to be told together with a commit of somebody else's.

Where the memory shares that transaction, it is told within it. Elsewhere a job is kept with the commit, which tells it
soon after, in order for each person, and again until it has been heard.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, Field, TypeAdapter

from famulus.infra.database import Database, Session
from famulus.jobs.queue import Claim, JobQueue
from famulus.kit.errors import Conflict, Invalid, NotFound
from famulus.memory.keeper import Keeper
from famulus.memory.schemas import MemoryDraft

MEMORY_JOB = "memory"
_logger = structlog.get_logger()


class Remember(BaseModel):
    """Keep these."""

    do: Literal["remember"] = "remember"
    user_id: str
    drafts: list[MemoryDraft]

    async def tell(self, keeper: Keeper, within: Session | None) -> None:
        await keeper.remember(self.user_id, self.drafts, within=within)


class ForgetSession(BaseModel):
    """Remove what was remembered out of one session."""

    do: Literal["forget_session"] = "forget_session"
    user_id: str
    session: str

    async def tell(self, keeper: Keeper, within: Session | None) -> None:
        await keeper.forget_session(self.user_id, self.session, within=within)


class ForgetAll(BaseModel):
    """Remove everything."""

    do: Literal["forget_all"] = "forget_all"
    user_id: str

    async def tell(self, keeper: Keeper, within: Session | None) -> None:
        await keeper.forget_all(self.user_id, within=within)


Errand = Annotated[Remember | ForgetSession | ForgetAll, Field(discriminator="do")]
_ERRAND: TypeAdapter[Errand] = TypeAdapter(Errand)


class Errands:
    """Runs errands to the memory."""

    def __init__(self, keeper: Keeper, database: Database, queue: JobQueue) -> None:
        self._keeper = keeper
        self._database = database
        self._queue = queue

    async def remember(self, session: Session, user_id: str, drafts: Sequence[MemoryDraft]) -> None:
        """Keep these; each has a key, by which it is kept once."""
        await self._run(session, Remember(user_id=user_id, drafts=list(drafts)))

    async def forget_session(self, session: Session, user_id: str, name: str) -> None:
        """Remove what was remembered out of one session."""
        await self._run(session, ForgetSession(user_id=user_id, session=name))

    async def forget_all(self, session: Session, user_id: str) -> None:
        """Remove everything that is remembered of the person, and whatever the memory has not heard yet."""
        # What it may be hearing now it has to forget after that.
        await self._queue.withdraw(session, _line(user_id))
        await self._run(session, ForgetAll(user_id=user_id))

    async def make(self, claim: Claim) -> None:
        """Tell the memory what a job is about."""
        errand = _ERRAND.validate_python(claim.payload)
        try:
            await errand.tell(self._keeper, None)
        except (Invalid, NotFound, Conflict) as error:
            # It was heard, and will not be taken: the same words will not do better another time.
            _logger.warning("memory.errand_refused", errand=errand.do, code=error.code)
        await self._database.write(lambda session: self._queue.finish(session, claim))

    async def _run(self, session: Session, errand: Errand) -> None:
        if self._keeper.shares_transactions:
            await errand.tell(self._keeper, session)
            return
        # It belongs to nobody whose rows are removed: forgetting somebody is an errand itself.
        await self._queue.add(session, MEMORY_JOB, errand.model_dump(mode="json"), serial_key=_line(errand.user_id))


def _line(user_id: str) -> str:
    """Where the errands for one person stand, one behind the other."""
    return f"{MEMORY_JOB} {user_id}"
