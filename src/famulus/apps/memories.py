"""The memory as the server has it: in its own process, or in another; and who may ask it about whom."""

from starlette.requests import HTTPConnection

from famulus.apps.service_key import service_key
from famulus.features.accounts import errors as accounts
from famulus.features.accounts.caller import caller_of
from famulus.features.accounts.users import zone_of
from famulus.features.conversations.tools import MemoryTools
from famulus.infra.database import Database
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import Handler
from famulus.kit.errors import Invalid
from famulus.memory.client import MEMORY_JOB, Errands, LocalKeeper, Recall, RemoteKeeper, local_keeper
from famulus.memory.errors import UserNotFound
from famulus.settings import Settings


class MemoryNotNamed(Invalid):
    """It is not said where the memory service is."""


def make_keeper(database: Database, settings: Settings) -> LocalKeeper | RemoteKeeper:
    """The memory in this process, or the service at the address that the settings name."""
    memory = settings.memory
    if memory.url is None:
        if settings.memory_database_url != settings.database_url:
            raise MemoryNotNamed("Memories have a database of their own, and no service: set FAMULUS_MEMORY__URL.")
        return local_keeper(database, memory)
    return RemoteKeeper(memory.url, service_key(settings), deadline_seconds=memory.call_seconds)


class MemoryRoom:
    """The memory, and what works on it in this process."""

    def __init__(self, database: Database, queue: JobQueue, settings: Settings) -> None:
        self.keeper = make_keeper(database, settings)
        self.errands = Errands(self.keeper, database, queue, learns=settings.memory.extraction)
        self.recall = Recall(self.keeper, settings.memory)
        self.tools = MemoryTools(self.keeper).all()
        self.handlers: dict[str, Handler] = {MEMORY_JOB: self.errands.make}
        self.erase = self.errands.forget_all


async def admit(connection: HTTPConnection, user_id: str) -> None:
    """Everybody to what is their own; a key made to act for others, to what belongs to anybody with an account."""
    caller = await caller_of(connection)
    if caller.user_id == user_id:
        return
    if not (caller.via == "key" and caller.may("users:act")):
        raise UserNotFound
    database: Database = connection.app.state.database
    try:
        await database.read(lambda session: zone_of(session, user_id))
    except accounts.UserNotFound:
        raise UserNotFound from None
