"""Requests that may be sent twice and act once: the answer to the first is kept, in the transaction that acted."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from pydantic import BaseModel

from famulus.infra.database import Session
from famulus.infra.schema import Moment, metadata
from famulus.kit.clock import utc_now
from famulus.kit.errors import Conflict

V = TypeVar("V", bound=BaseModel)

idempotent_answers = sa.Table(
    "idempotent_answers",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    # Of what was sent: the same key for something else is a mistake, and not a repetition.
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

_FIND = sa.select(idempotent_answers.c.fingerprint, idempotent_answers.c.answer).where(
    idempotent_answers.c.user_id == sa.bindparam("owner"), idempotent_answers.c.key == sa.bindparam("name")
)
_KEEP = sa.insert(idempotent_answers)


class KeyReused(Conflict):
    """The idempotency key was used before, for something else."""


async def once(
    session: Session,
    user_id: str,
    *,
    key: str | None,
    content: Any,
    view: type[V],
    act: Callable[[], Awaitable[V]],
) -> V:
    """What `act` answers; or what it answered when the same person sent the same `content` under this `key` before."""
    if key is None:
        return await act()
    await session.alone(f"once {user_id} {key}")
    fingerprint = hashlib.sha256(orjson.dumps([view.__name__, content], default=str)).hexdigest()
    known = (await session.execute(_FIND, {"owner": user_id, "name": key})).one_or_none()
    if known is not None:
        if known.fingerprint != fingerprint:
            raise KeyReused("This idempotency key was used before, for something else.")
        return view.model_validate(known.answer)
    answered = await act()
    row = {
        "user_id": user_id, "key": key, "fingerprint": fingerprint, "answer": answered.model_dump(mode="json"),
        "created_at": utc_now(),
    }  # fmt: skip
    await session.execute(_KEEP, row)
    return answered


async def forget_mention(session: Session, user_id: str, thing_id: str) -> None:
    """Remove the person's kept answers that show something which is being deleted."""
    mentions = sa.cast(idempotent_answers.c.answer, sa.Text).contains(thing_id, autoescape=True)
    await session.execute(sa.delete(idempotent_answers).where(idempotent_answers.c.user_id == user_id, mentions))
