"""Who may ask the memory about whom, where it is served beside everything else."""

from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import caller_of
from famulus.features.accounts.errors import UserNotFound
from famulus.features.accounts.users import zone_of
from famulus.infra.database import Session


async def may_ask_about(connection: HTTPConnection, user_id: str) -> bool:
    """Everybody about themselves; a key made to act for others, about them too."""
    caller = await caller_of(connection)
    return caller.user_id == user_id or (caller.via == "key" and caller.may("users:act"))


async def is_known(session: Session, user_id: str) -> bool:
    """Whether the person has an account."""
    try:
        await zone_of(session, user_id)
    except UserNotFound:
        return False
    return True
