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
from famulus.memory.changes import Change, ProposalDraft
from famulus.memory.keeper import Keeper

MEMORY_JOB = "memory"
_logger = structlog.get_logger()


class Learn(BaseModel):
    """Carry these changes out; each has a key, by which it is done once."""

    do: Literal["learn"] = "learn"
    user_id: str
    lessons: list[Change]

    async def tell(self, keeper: Keeper, within: Session | None) -> None:
        await keeper.learn(self.user_id, self.lessons, within=within)


class Propose(BaseModel):
    """Ask the person whether to carry these changes out."""

    do: Literal["propose"] = "propose"
    user_id: str
    proposals: list[ProposalDraft]

    async def tell(self, keeper: Keeper, within: Session | None) -> None:
        await keeper.propose(self.user_id, self.proposals, within=within)


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


Errand = Annotated[Learn | Propose | ForgetSession | ForgetAll, Field(discriminator="do")]
_ERRAND: TypeAdapter[Errand] = TypeAdapter(Errand)


class Errands:
    """Runs errands to the memory."""

    def __init__(self, keeper: Keeper, database: Database, queue: JobQueue, *, learns: bool = False) -> None:
        self.learns = learns
        """Whether turns are looked through for what is worth remembering, once they have ended."""
        self._keeper = keeper
        self._database = database
        self._queue = queue

    async def learn(self, session: Session, user_id: str, lessons: Sequence[Change]) -> None:
        """Carry these changes out; each has a key, by which it is done once."""
        await self._run(session, Learn(user_id=user_id, lessons=list(lessons)))

    async def propose(self, session: Session, user_id: str, proposals: Sequence[ProposalDraft]) -> None:
        """Ask the person whether to carry these changes out."""
        await self._run(session, Propose(user_id=user_id, proposals=list(proposals)))

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
        await self._queue.add(
            session,
            MEMORY_JOB,
            errand.model_dump(mode="json", exclude_unset=True) | {"do": errand.do},
            serial_key=_line(errand.user_id),
        )


def _line(user_id: str) -> str:
    """Where the errands for one person stand, one behind the other."""
    return f"{MEMORY_JOB} {user_id}"
