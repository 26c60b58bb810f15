"""Analytics in this process: where facts are told, what writes them down, sends them on and sweeps them."""

import asyncio
from urllib.parse import urlsplit

from famulus.features.analytics.desk import AnalyticsDesk
from famulus.features.analytics.jobs import Forwarder, Sweeper
from famulus.features.analytics.recording import FORWARD_JOB, Recorder
from famulus.features.analytics.tallying import Tallier
from famulus.infra.database import Database
from famulus.infra.outbound import Outbound
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import Handler
from famulus.kit.limits import SlidingLimit
from famulus.kit.loops import forever
from famulus.settings import Settings

_AFTER_FAILURE_SECONDS = 60.0


class AnalyticsRoom:
    """Counts what happens."""

    def __init__(self, database: Database, queue: JobQueue, settings: Settings) -> None:
        own = settings.analytics
        self._recorder = Recorder(database, queue, own)
        self._sweeper = Sweeper(database, own)
        # The operator has named the service, wherever it is.
        hosts = [host] if own.forward_url and (host := urlsplit(own.forward_url).hostname) else []
        self._outbound = Outbound(allowed=[*settings.outbound.allowed_hosts, *hosts])
        self._tallier = Tallier(database)
        self._clocks: list[asyncio.Task[None]] = []
        self.tell = self._recorder.tell
        self.desk = AnalyticsDesk(database, own, self.tell, SlidingLimit(own.requests_per_minute))
        self.handlers: dict[str, Handler] = {
            FORWARD_JOB: Forwarder(database, queue, self._outbound, own).forward,
        }

    def start(self, *, works: bool) -> None:
        """Begin to write, in every process; and, where work is done, to sweep and to count up."""
        self._recorder.start()
        if works:
            clocks = ("analytics.sweep", self._sweeper.sweep), ("analytics.tally", self._tallier.tally)
            self._clocks = [
                asyncio.create_task(forever(name, clock, after_failure_seconds=_AFTER_FAILURE_SECONDS))
                for name, clock in clocks
            ]

    async def stop(self) -> None:
        """Write what is left."""
        for clock in self._clocks:
            clock.cancel()
        await asyncio.gather(*self._clocks, return_exceptions=True)
        await self._recorder.stop()
        await self._outbound.close()
