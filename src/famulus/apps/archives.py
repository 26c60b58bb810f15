"""What archives are made of in this process, by feature."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from famulus.apps.calendars import make_sealer
from famulus.apps.memories import make_keeper
from famulus.features.accounts import portable as accounts
from famulus.features.accounts.portable import AccountPart
from famulus.features.analytics import portable as analytics
from famulus.features.archives import memories
from famulus.features.archives.memories import MemoryPart
from famulus.features.archives.service import Archives
from famulus.features.calendar import portable as calendar
from famulus.features.calendar.portable import CalendarPart
from famulus.features.conversations import portable as conversations
from famulus.features.conversations.portable import conversations_part
from famulus.features.files import portable as files
from famulus.features.files.desk import FileDesk
from famulus.features.files.portable import FilePart
from famulus.features.goals import portable as goals
from famulus.features.goals.portable import goals_part
from famulus.features.notifications import portable as notifications
from famulus.features.notifications.portable import notifications_part
from famulus.features.onboarding import portable as onboarding
from famulus.features.reminders import portable as reminders
from famulus.features.reminders.portable import reminders_part
from famulus.features.usage import portable as usage
from famulus.features.usage.portable import usage_part
from famulus.infra.archives import Portion
from famulus.infra.clients import close_clients, get_blobs
from famulus.infra.database import Database
from famulus.jobs.queue import JobQueue
from famulus.memory.client import Keeper
from famulus.settings import Settings

PORTIONS: tuple[Portion, ...] = (
    *files.PORTIONS,
    *conversations.PORTIONS,
    *goals.PORTIONS,
    *calendar.PORTIONS,
    *reminders.PORTIONS,
    *notifications.PORTIONS,
    *usage.PORTIONS,
)
STAYS: dict[str, str] = {
    **accounts.STAYS,
    **analytics.STAYS,
    **files.STAYS,
    **calendar.STAYS,
    **notifications.STAYS,
    **onboarding.STAYS,
    **usage.STAYS,
    **memories.STAYS,
    "idempotent_answers": "answers for requests that are sent again",
    "jobs": "what is still to be done here",
}
"""Tables of which an archive has nothing, and why."""
TOLD_OF = {**calendar.TOLD_OF, **memories.KEPT_ELSEWHERE}
"""Tables of which it has entries that are no rows."""
_CREDENTIALS = "passwords, sessions, API keys and links: what lets somebody in"
LEFT_BEHIND = {"credentials": _CREDENTIALS, **notifications.LEFT_BEHIND, **calendar.LEFT_BEHIND}
"""What somebody may miss who takes an archive elsewhere."""


@asynccontextmanager
async def open_archives(database: Database, settings: Settings) -> AsyncIterator[Archives]:
    """Archives for a command, whether a server is running or not."""
    keeper = make_keeper(database, settings)
    desk = FileDesk(database, get_blobs(), JobQueue(), settings.files)
    try:
        yield make_archives(database, desk, keeper, settings)
    finally:
        await keeper.stop()
        await close_clients()


def make_archives(database: Database, desk: FileDesk, keeper: Keeper, settings: Settings) -> Archives:
    """Everything that a person has, in the order in which it comes back."""
    parts = (
        FilePart(desk),
        AccountPart(database),
        conversations_part(database),
        goals_part(database),
        CalendarPart(database, make_sealer(settings)),
        reminders_part(database),
        notifications_part(database),
        usage_part(database),
        MemoryPart(keeper),
    )
    return Archives(parts, settings.data_dir, LEFT_BEHIND)
