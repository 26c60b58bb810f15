"""The memory service: what is remembered of people, in a process of its own, for other services alone."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.requests import HTTPConnection

from famulus import __version__
from famulus.apps import rendering
from famulus.apps.edge import Edge
from famulus.apps.metrics import metrics_router
from famulus.apps.service_key import service_key
from famulus.infra.clients import close_clients, make_database
from famulus.infra.database import Database
from famulus.kit.errors import Unauthenticated
from famulus.kit.problems import ErrorBody
from famulus.memory import endpoints
from famulus.memory.client import local_keeper
from famulus.memory.endpoints import MemoryCounter
from famulus.settings import Settings

_DESCRIPTION = (
    "What an assistant remembers of people. Whoever calls is a service that holds the key, "
    "and names the person it acts for in the path."
)
_router = APIRouter()


class ServiceKeyRefused(Unauthenticated):
    """The caller does not hold this service's key."""

    def __init__(self) -> None:
        super().__init__("Send this service's key: Authorization: Bearer ….")


def create_app(settings: Settings) -> Edge:
    """The application, ready to be served."""
    admit = _door(service_key(settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = make_database(settings.memory_database_url, settings.database)
        keeper = local_keeper(database, settings.memory)
        app.state.database = database
        app.state.memories = MemoryCounter(keeper, admit, knows_people=False)
        keeper.start()
        yield
        await keeper.stop()
        await database.close()
        await close_clients()

    app = FastAPI(
        title="Famulus memory", version=__version__, description=_DESCRIPTION, lifespan=lifespan, docs_url=None,
        redoc_url=None,
    )  # fmt: skip
    rendering.install(app)
    app.include_router(endpoints.router)
    app.include_router(endpoints.services)
    app.include_router(_router)
    app.include_router(metrics_router(settings.metrics))
    return Edge(app, max_body_bytes=settings.server.max_body_bytes)


@_router.get("/health/live", tags=["health"])
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@_router.get("/health/ready", responses={503: {"model": ErrorBody}}, tags=["health"])
async def ready(request: Request) -> dict[str, str]:
    """The process can do its work: its database answers."""
    database: Database = request.app.state.database
    await database.ping()
    return {"status": "ready"}


@_router.get("/", include_in_schema=False)
async def home() -> dict[str, Any]:
    """A welcome."""
    links = {"openapi": "/openapi.json", "health": "/health/live"}
    return {"message": "Welcome to Famulus' memory.", "version": __version__, "links": links}


def _door(key: str) -> Callable[[HTTPConnection, str], Awaitable[None]]:
    """Lets in whoever holds the key, whomever they ask about."""
    expected = f"Bearer {key}".encode()

    async def admit(connection: HTTPConnection, _user_id: str) -> None:
        given = connection.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), expected):
            raise ServiceKeyRefused

    return admit
