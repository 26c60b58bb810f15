"""What the clock asks for: send a batch of events on to a service that the operator has chosen, and sweep old ones."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import orjson
import structlog

from famulus.features.analytics.errors import ForwardRefused
from famulus.features.analytics.records import IDENTIFIED, Event
from famulus.features.analytics.repository import EventRepository
from famulus.infra.database import Database, Session
from famulus.infra.outbound import Outbound
from famulus.jobs.queue import Claim, JobQueue
from famulus.kit.clock import Clock, iso, utc_now
from famulus.kit.facts import Value
from famulus.kit.ids import number_of
from famulus.settings.counting import AnalyticsSettings

_PATIENCE_SECONDS = 10
_SUCCESS = range(200, 300)
# Of what is refused once because of what it is, nothing is taken the next time either.
_REFUSED_FOR_GOOD = (400, 413, 422)
_SWEPT_TOGETHER = 5_000
_SWEEP_EVERY_SECONDS = 3_600.0
_BETWEEN_SWEEPS_SECONDS = 0.5
_logger = structlog.get_logger()


class Forwarder:
    """Sends events on, as PostHog's `/batch/` takes them."""

    def __init__(self, database: Database, queue: JobQueue, outbound: Outbound, settings: AnalyticsSettings) -> None:
        self._database = database
        self._queue = queue
        self._outbound = outbound
        self._settings = settings

    async def forward(self, claim: Claim) -> None:
        """Send a batch on, unless it has been swept or its people are gone: tried until it is taken, or they are."""
        if self._settings.forward_url:
            batch = await self._database.read(lambda session: self._batch(session, claim.payload["events"]))
            if batch:
                await self._send(batch)
        await self._database.write(lambda session: self._queue.finish(session, claim))

    async def _batch(self, session: Session, event_ids: list[str]) -> list[dict[str, object]]:
        repository = EventRepository(session)
        events = await repository.find(event_ids)
        traits = await repository.traits({event.user_id for event in events if event.name == IDENTIFIED})
        return [_shown(event, traits.get(event.user_id, {})) for event in events]

    async def _send(self, batch: list[dict[str, object]]) -> None:
        key = self._settings.forward_key
        body = {"api_key": key.get_secret_value() if key else "", "batch": batch}
        answer = await self._outbound.request(
            "POST",
            str(self._settings.forward_url),
            headers={"Content-Type": "application/json"},
            body=orjson.dumps(body),
            timeout_seconds=_PATIENCE_SECONDS,
        )
        if answer.status in _REFUSED_FOR_GOOD:
            _logger.warning("analytics.not_taken", status=answer.status, many=len(batch))
        elif answer.status not in _SUCCESS:
            raise ForwardRefused("The analytics service does not take events.", status=answer.status)


class Sweeper:
    """Removes what is older than it is kept."""

    def __init__(self, database: Database, settings: AnalyticsSettings, *, now: Clock = utc_now) -> None:
        self._database = database
        self._keep = timedelta(days=settings.retention_days)
        self._now = now

    async def sweep(self) -> float:
        """Remove some; how many seconds until there may be more."""
        # Of an hour that was counted up everything is there, or nothing.
        before = (self._now() - self._keep).replace(minute=0, second=0, microsecond=0)
        gone = await self._database.write(
            lambda session: EventRepository(session).sweep(before=before, most=_SWEPT_TOGETHER), durable=False
        )
        return _BETWEEN_SWEEPS_SECONDS if gone == _SWEPT_TOGETHER else _SWEEP_EVERY_SECONDS


def _shown(event: Event, traits: Mapping[str, Value]) -> dict[str, object]:
    measured = {
        "subject": event.subject,
        "outcome": event.outcome,
        "took_ms": event.took_ms,
        "first_ms": event.first_ms,
    }
    properties: dict[str, object] = {name: value for name, value in measured.items() if value is not None}
    if event.name == IDENTIFIED:
        properties["$set"] = traits
    return {
        # By this whoever takes it knows what it has taken before.
        "uuid": str(UUID(int=number_of(event.id))),
        "event": "$identify" if event.name == IDENTIFIED else event.name,
        "distinct_id": event.user_id,
        "timestamp": iso(event.at),
        "properties": {**event.properties, **properties},
    }
