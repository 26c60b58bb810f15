"""The SQL of people: users, invitations, one-time tokens, and the log of what was done."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from famulus.features.accounts.errors import EmailTaken
from famulus.features.accounts.tables import Invitation, User, audit_log, invitations, one_time_tokens, users
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared
from famulus.kit.ids import new_id

# Asked for with each thing that is said.
_USER = Prepared(sa.select(users).where(users.c.id == sa.bindparam("user")))
_USER_BY_EMAIL = sa.select(users).where(sa.func.lower(users.c.email) == sa.bindparam("address"))
_OWNER = sa.select(users).where(users.c.role == "owner")
_HAS_PASSWORDS = sa.select(
    sa.exists().where(users.c.password_hash.is_not(None), users.c.email.is_not(None), users.c.disabled_at.is_(None))
)
_USE_TOKEN = (
    sa.update(one_time_tokens)
    .where(
        one_time_tokens.c.hash == sa.bindparam("digest"),
        one_time_tokens.c.purpose == sa.bindparam("for"),
        one_time_tokens.c.used_at.is_(None),
        one_time_tokens.c.expires_at > sa.bindparam("now", type_=one_time_tokens.c.expires_at.type),
    )
    .values(used_at=sa.bindparam("now", type_=one_time_tokens.c.used_at.type))
)


class UserRepository:
    """People, each found by something that is theirs alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find(self, user_id: str) -> User | None:
        row = await self._session.row(_USER, {"user": user_id})
        return User(**dict(zip(users.c.keys(), row, strict=True))) if row else None

    async def find_by_email(self, email: str) -> User | None:
        found = await self._session.execute(_USER_BY_EMAIL, {"address": email.lower()})
        return _user(found.one_or_none())

    async def zones(self, user_ids: Collection[str]) -> dict[str, str]:
        """The time zone of each of these who are there."""
        rows = await self._session.execute(sa.select(users.c.id, users.c.zone).where(users.c.id.in_(user_ids)))
        return {row.id: row.zone for row in rows}

    async def owner(self) -> User | None:
        return _user((await self._session.execute(_OWNER)).one_or_none())

    async def everybody(self) -> list[User]:
        rows = await self._session.execute(sa.select(users).order_by(users.c.id))
        return [User(**row._asdict()) for row in rows]

    async def page(self, *, search: str | None, after: str | None, limit: int) -> list[User]:
        """Everybody whose name or address has these characters in it, newest first."""
        query = sa.select(users)
        if search is not None:
            query = query.where(sa.or_(*(_has(column, search) for column in (users.c.name, users.c.email))))
        if after is not None:
            query = query.where(users.c.id < after)
        rows = await self._session.execute(query.order_by(users.c.id.desc()).limit(limit))
        return [User(**row._asdict()) for row in rows]

    async def anybody_with_a_password(self) -> bool:
        return bool((await self._session.execute(_HAS_PASSWORDS)).scalar())

    async def is_anybody_but(self, user_id: str) -> bool:
        others = sa.select(sa.exists().where(users.c.id != user_id))
        return bool((await self._session.execute(others)).scalar())

    async def add(self, user: dict[str, Any]) -> None:
        """Keep a new user; `EmailTaken` when somebody has the address already."""
        try:
            await self._session.execute(sa.insert(users), user)
        except IntegrityError as error:
            raise _clash(error) from error

    async def change(self, user_id: str, changes: dict[str, Any]) -> None:
        """Set columns of one user; `EmailTaken` as in `add`."""
        try:
            await self._session.execute(sa.update(users).where(users.c.id == user_id).values(**changes))
        except IntegrityError as error:
            raise _clash(error) from error

    async def remove(self, user_id: str) -> None:
        """Remove a user, and by their foreign keys the credentials and invitations they made."""
        await self._session.execute(sa.delete(users).where(users.c.id == user_id))


class InvitationRepository:
    """Ways in, each for one person."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, invitation: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(invitations), invitation)

    async def handed_out(self, *, after: str | None, limit: int) -> list[Invitation]:
        """The server's invitations, newest first: they are nobody's own."""
        query = sa.select(invitations)
        if after is not None:
            query = query.where(invitations.c.id < after)
        rows = await self._session.execute(query.order_by(invitations.c.id.desc()).limit(limit))
        return [Invitation(**row._asdict()) for row in rows]

    async def open_for(self, digest: str, *, now: datetime) -> Invitation | None:
        """The invitation with this token, if it can still be accepted."""
        row = (await self._session.execute(sa.select(invitations).where(*_open(digest, now)))).one_or_none()
        return Invitation(**row._asdict()) if row else None

    async def use(self, digest: str, *, now: datetime) -> bool:
        """Accept an invitation; False when it cannot be accepted any more."""
        used = await self._session.execute(sa.update(invitations).where(*_open(digest, now)).values(used_at=now))
        return used.rowcount == 1

    async def remove(self, invitation_id: str) -> bool:
        return (
            await self._session.execute(sa.delete(invitations).where(invitations.c.id == invitation_id))
        ).rowcount == 1

    async def remove_open(self, made_by: str) -> None:
        """Remove what somebody has handed out and nobody has accepted."""
        theirs = (invitations.c.created_by == made_by, invitations.c.used_at.is_(None))
        await self._session.execute(sa.delete(invitations).where(*theirs))

    async def sweep(self, *, before: datetime) -> None:
        """Remove what expired before then."""
        await self._session.execute(sa.delete(invitations).where(invitations.c.expires_at < before))


class TokenRepository:
    """Tokens that work once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(
        self,
        digest: str,
        *,
        purpose: str,
        now: datetime,
        expires_at: datetime,
        user_id: str | None = None,
        about: str | None = None,
    ) -> None:
        row = {
            "hash": digest, "purpose": purpose, "user_id": user_id, "about": about, "created_at": now,
            "expires_at": expires_at,
        }  # fmt: skip
        await self._session.execute(sa.insert(one_time_tokens), row)

    async def is_good(self, digest: str, *, purpose: str, now: datetime) -> bool:
        tokens = one_time_tokens.c
        good = (
            tokens.hash == digest,
            tokens.purpose == purpose,
            tokens.used_at.is_(None),
            tokens.expires_at > now,
        )
        return bool((await self._session.execute(sa.select(sa.exists().where(*good)))).scalar())

    async def holder(self, digest: str, *, purpose: str, now: datetime) -> str | None:
        """For whom a token is that can still be used."""
        tokens = one_time_tokens.c
        good = (tokens.hash == digest, tokens.purpose == purpose, tokens.used_at.is_(None), tokens.expires_at > now)
        user_id: str | None = (await self._session.execute(sa.select(tokens.user_id).where(*good))).scalar()
        return user_id

    async def wish(self, digest: str, *, purpose: str, now: datetime) -> tuple[str, str] | None:
        """For whom a token is that can still be used, and what it is a proof of."""
        tokens = one_time_tokens.c
        good = (tokens.hash == digest, tokens.purpose == purpose, tokens.used_at.is_(None), tokens.expires_at > now)
        row = (await self._session.execute(sa.select(tokens.user_id, tokens.about).where(*good))).one_or_none()
        return (row[0], row[1]) if row else None

    async def remove_of(self, user_id: str, *, purpose: str | None = None) -> None:
        """Remove every token that is for this user, or those for one purpose."""
        tokens = one_time_tokens.c
        theirs = [tokens.user_id == user_id, *([tokens.purpose == purpose] if purpose else [])]
        await self._session.execute(sa.delete(one_time_tokens).where(*theirs))

    async def use(self, digest: str, *, purpose: str, now: datetime) -> bool:
        """Use a token up; False when that was done before, or is too late."""
        used = await self._session.execute(_USE_TOKEN, {"digest": digest, "for": purpose, "now": now})
        return used.rowcount == 1

    async def sweep(self, *, before: datetime) -> None:
        """Remove what expired before then."""
        await self._session.execute(sa.delete(one_time_tokens).where(one_time_tokens.c.expires_at < before))


async def append_to_audit_log(
    session: Session,
    *,
    who: str | None,
    what: str,
    about: str | None,
    address: str,
    outcome: str,
    at: datetime,
) -> None:
    """Add one line; all that ever changes in it is that it names no more who has been erased."""
    entry = {"id": new_id("audit"), "who": who, "what": what, "object": about, "address": address}
    await session.execute(sa.insert(audit_log), entry | {"outcome": outcome, "at": at})


async def forget_in_audit_log(session: Session, user_id: str) -> None:
    """Leave in the log what was done, and take out of whom it speaks and where they were."""
    mine = audit_log.c.who == user_id
    await session.execute(sa.update(audit_log).where(mine).values(who=None, address=""))
    await session.execute(sa.update(audit_log).where(audit_log.c.object == user_id).values(object=None))


def _has(column: "sa.Column[Any]", words: str) -> "sa.ColumnElement[bool]":
    # SQLite knows upper and lower case in ASCII alone: what is written as it stands is found in any script.
    return sa.or_(
        column.contains(words, autoescape=True), sa.func.lower(column).contains(words.lower(), autoescape=True)
    )


def _user(row: "sa.Row[Any] | None") -> User | None:
    return User(**row._asdict()) if row else None


def _open(digest: str, now: datetime) -> tuple["sa.ColumnElement[bool]", ...]:
    return (
        invitations.c.token_hash == digest,
        invitations.c.used_at.is_(None),
        invitations.c.expires_at > now,
    )


def _clash(error: IntegrityError) -> Exception:
    return EmailTaken() if "email" in str(error.orig) else error
