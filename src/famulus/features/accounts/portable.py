"""What an archive has of an account: who somebody is here, and nothing of what lets them in."""

from collections.abc import AsyncIterator

import orjson

from famulus.features.accounts.repository import UserRepository
from famulus.features.accounts.schemas import AccountRecord
from famulus.features.accounts.tables import api_keys, one_time_tokens, sessions
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.infra.archives import Archive, ArchiveNotUnderstood, Arrival, Entry
from famulus.infra.database import Database, Session

STAYS = {
    sessions.name: "where somebody is signed in, which is a credential",
    api_keys.name: "credentials",
    one_time_tokens.name: "credentials",
}
_ENTRY = "account.json"
_MOST_BYTES = 1_048_576


class AccountPart:
    """The profile: read by people, and taken over where the new account says nothing of its own yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """The account without its credentials."""
        yield Entry(_ENTRY, self._pieces(user_id))

    def check(self, archive: Archive) -> None:
        """Raise unless it is one that may be."""
        record_in(archive)

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Take over what is not said here; the address, the name and the role are the new account's."""
        archive.begin_again()
        record = record_in(archive)

        async def take(session: Session) -> None:
            users = Users(Unit(session, now=lambda: arrival.at))
            user = await users.find(arrival.user_id)
            changes: dict[str, object] = {}
            if user.zone == "UTC":
                changes["zone"] = record.zone
            if user.selected_model is None and record.selected_model is not None:
                changes["selected_model"] = record.selected_model
            await users.change_profile(arrival.user_id, changes)
            if not user.preferences:
                await users.change_preferences(arrival.user_id, record.preferences.model_dump(exclude_defaults=True))

        await self._database.write(take)

    async def _pieces(self, user_id: str) -> AsyncIterator[bytes]:
        user = await self._database.read(lambda session: UserRepository(session).find(user_id))
        yield orjson.dumps(AccountRecord.model_validate(user).model_dump(mode="json"), option=orjson.OPT_INDENT_2)


def record_in(archive: Archive) -> AccountRecord:
    """Whose an archive says that it is."""
    try:
        return AccountRecord.model_validate_json(archive.whole(_ENTRY, most_bytes=_MOST_BYTES))
    except ValueError:
        raise ArchiveNotUnderstood("The account in the archive is none.", entry=_ENTRY) from None
