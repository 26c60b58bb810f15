"""Calendars in this process: whom they ask elsewhere, and when."""

from famulus.features.calendar.jobs import Synchroniser
from famulus.features.calendar.sources import SYNC_JOB, SourceDesk
from famulus.infra.clients import get_outbound
from famulus.infra.database import Database
from famulus.infra.sealing import Sealer, kept_key, key_of
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import Handler
from famulus.settings import Settings

_KEY_FILE = "calendars.key"


def make_sealer(settings: Settings) -> Sealer:
    """What opens the addresses and passwords of calendars elsewhere."""
    key = settings.calendars.key
    return Sealer(lambda: key_of(key.get_secret_value()) if key else kept_key(settings.data_dir / _KEY_FILE))


class CalendarRoom:
    """Keeps calendars in step with others, in this process."""

    def __init__(self, database: Database, queue: JobQueue, settings: Settings) -> None:
        self.desk = SourceDesk(queue, get_outbound(), make_sealer(settings), settings.calendars.refresh_minutes)
        self.handlers: dict[str, Handler] = {SYNC_JOB: Synchroniser(database, self.desk).sync}
