"""The worker process: claims runs and due jobs, and answers nothing but health checks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from famulus.apps import health, models, rendering
from famulus.apps.engine import Engine
from famulus.apps.metrics import metrics_router
from famulus.apps.plugins import all_tools
from famulus.apps.server import Served
from famulus.infra.clients import close_clients, get_database
from famulus.settings import Settings


def create_app(settings: Settings) -> Served:
    """The worker, and its health for whoever looks after it."""
    tools = all_tools(settings)
    choices = models.choices(settings.model)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = get_database()
        app.state.engine = Engine(app.state.database, settings, tools, default_model=choices[0].id)
        await app.state.engine.start()
        yield
        await app.state.engine.stop()
        await close_clients()

    app = FastAPI(title="Famulus worker", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    rendering.install(app)
    app.include_router(health.router)
    app.include_router(metrics_router(settings.metrics))
    return Served(app, settings)
