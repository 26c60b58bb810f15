"""`/metrics`: what this process counts, and how the queue and the runs stand, for Prometheus and its like.

Without a token in the settings there is no such path: a reverse proxy on the same machine makes everybody look local,
so an address proves nothing.
"""

import hmac

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from famulus.features.conversations.run_repository import count_active_by_status
from famulus.infra import metrics
from famulus.infra.database import Database, Session
from famulus.jobs.census import census
from famulus.kit.clock import utc_now
from famulus.kit.errors import Unauthenticated
from famulus.settings import MetricsSettings

_STATUSES = ("queued", "in_progress", "requires_action")


class MetricsTokenRefused(Unauthenticated):
    """Whoever asks for the figures does not hold their token."""


def metrics_router(settings: MetricsSettings) -> APIRouter:
    """A router with `/metrics`, for any process's application; an empty one unless there is a token.

    A process without an engine says nothing of the queue and the runs, which others do.
    """
    router = APIRouter()
    if settings.token is None:
        return router
    expected = f"Bearer {settings.token.get_secret_value()}".encode()

    async def figures(request: Request) -> Response:
        """Everything that is counted."""
        given = request.headers.get("authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, expected):
            raise MetricsTokenRefused("Send the token of the metrics: Authorization: Bearer ….")
        state = request.app.state
        metrics.connections.set(state.database.connections_in_use)
        if engine := getattr(state, "engine", None):
            metrics.followers.set(engine.log.followers)
            await _look(state.database)
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    router.add_api_route("/metrics", figures, include_in_schema=False)
    return router


async def _look(database: Database) -> None:
    """Take down how the queue and the runs of the whole database stand."""
    now = utc_now()

    async def ask(session: Session) -> None:
        queue = await census(session, at=now)
        metrics.due_jobs.set(queue.due)
        metrics.oldest_due.set(queue.oldest_due_seconds)
        metrics.dead_jobs.set(queue.dead)
        active = await count_active_by_status(session)
        for status in _STATUSES:
            metrics.runs.labels(status).set(active.get(status, 0))

    await database.read(ask)
