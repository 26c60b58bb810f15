"""Those who have memories, as the indexes know them; and who waits for whom to change what those have of somebody."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.prepared import Prepared, one_of
from famulus.memory.tables import memory_owners

# Two who write for a new person at once make one owner.
_ENTER = sa.text(
    "INSERT INTO memory_owners (user_id, forgotten) VALUES (:user_id, :forgotten) "
    "ON CONFLICT (user_id) DO UPDATE SET forgotten = memory_owners.forgotten + :forgotten RETURNING owner"
)
_COLUMNS = memory_owners.c.user_id, memory_owners.c.owner, memory_owners.c.forgotten
_THE_ONE = sa.select(*_COLUMNS).where(memory_owners.c.user_id == sa.bindparam("user"))
_FIND = Prepared(_THE_ONE)
_FIND_SOME = Prepared(sa.select(*_COLUMNS).where(one_of(memory_owners.c.user_id, "users")))
# Any number of those who remember hold the owner at once; whoever forgets everything waits for them, and they for it.
_HOLD = Prepared(_THE_ONE.with_for_update(read=True, key_share=True))
_SEIZE = Prepared(_THE_ONE.with_for_update())


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who has memories."""

    user_id: str
    owner: int
    forgotten: int
    """How often something of theirs was."""

    @property
    def version(self) -> tuple[int, int]:
        """What is kept in memory of an older version has something that has been forgotten."""
        return self.owner, self.forgotten


async def alone_with(session: Session, user_id: str) -> None:
    """Wait until nobody else changes what the indexes have of a person.

    Who gives something a vector while somebody forgets it would otherwise leave the vector behind.
    """
    await session.alone(f"memories of {user_id}")


async def find(session: Session, user_id: str) -> Owner | None:
    """The person, if they have had memories."""
    row = await session.row(_FIND, {"user": user_id})
    return Owner(*row) if row else None


async def versions(session: Session, user_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """Of these people those who have memories, with their versions."""
    return {row[0]: Owner(*row).version for row in await session.rows(_FIND_SOME, {"users": user_ids})}


async def hold(session: Session, user_id: str) -> int:
    """The person's number, which is theirs until this transaction ends."""
    row = await session.row(_HOLD, {"user": user_id})
    return Owner(*row).owner if row else await enter(session, user_id, forgotten=0)


async def seize(session: Session, user_id: str) -> int | None:
    """The person's number, if they have one, once nobody else remembers anything for them."""
    row = await session.row(_SEIZE, {"user": user_id})
    return Owner(*row).owner if row else None


async def enter(session: Session, user_id: str, *, forgotten: int) -> int:
    """The person's number, with so much more forgotten."""
    number: int = (await session.execute(_ENTER, {"user_id": user_id, "forgotten": forgotten})).scalar_one()
    return number


async def remove(session: Session, owner: int) -> None:
    """Nothing is remembered of the person any more."""
    await session.execute(sa.delete(memory_owners).where(memory_owners.c.owner == owner))
