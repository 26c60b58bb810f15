"""The server process: HTTP, SSE, WebSocket and the page, and, embedded, the worker beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from famulus import __version__, web
from famulus.apps import health, models, operations, rendering
from famulus.apps.archives import make_archives
from famulus.apps.assets import Assets, file_of
from famulus.apps.edge import Edge
from famulus.apps.engine import Engine
from famulus.apps.files import uploads
from famulus.apps.goals import Errands
from famulus.apps.limits import RequestLimits
from famulus.apps.memories import admit
from famulus.apps.metrics import metrics_router
from famulus.apps.plugins import all_tools
from famulus.features.accounts import endpoints as accounts_endpoints
from famulus.features.accounts.caller import requires
from famulus.features.accounts.service import Accounts
from famulus.features.analytics import endpoints as analytics_endpoints
from famulus.features.analytics.service import erase_analytics
from famulus.features.archives import endpoints as archive_endpoints
from famulus.features.calendar import endpoints as calendar_endpoints
from famulus.features.calendar.desk import CalendarDesk
from famulus.features.calendar.repository import erase_calendars
from famulus.features.conversations import endpoints, native, socket
from famulus.features.conversations.desk import Counter
from famulus.features.conversations.erasure import erase_conversations
from famulus.features.files import endpoints as files_endpoints
from famulus.features.files import portraits
from famulus.features.goals import endpoints as goals_endpoints
from famulus.features.goals.desk import GoalDesk
from famulus.features.goals.repository import erase_goals
from famulus.features.notifications import endpoints as notification_endpoints
from famulus.features.notifications.erasure import erase_notifications
from famulus.features.onboarding import endpoints as onboarding_endpoints
from famulus.features.onboarding.desk import OnboardingDesk
from famulus.features.onboarding.repository import erase_onboarding
from famulus.features.reminders import endpoints as reminder_endpoints
from famulus.features.search import endpoints as search_endpoints
from famulus.features.search.repository import erase_search
from famulus.features.usage import endpoints as usage_endpoints
from famulus.features.usage.desk import UsageDesk
from famulus.features.usage.office import erase_usage
from famulus.infra.clients import close_clients, get_database, get_redis_client
from famulus.infra.database import Database
from famulus.kit.limits import SlidingLimit
from famulus.kit.loops import forever
from famulus.memory import endpoints as memory_endpoints
from famulus.memory.endpoints import MemoryCounter
from famulus.settings import Settings
from famulus.streams.seats import Seats

_SWEEP_SECONDS = 24 * 3_600.0
_DESCRIPTION = (
    "A self-hosted AI assistant: conversations whose answers survive anything, and their events from any position."
)
_ON_ERASE = (
    erase_conversations,
    erase_goals,
    erase_calendars,
    erase_notifications,
    erase_usage,
    erase_onboarding,
    erase_analytics,
)
_TRIALS_PER_MINUTE = 10
_ROUTERS = (
    # What is asked most often first: they are tried in this order.
    native.router,
    socket.router,
    endpoints.router,
    accounts_endpoints.router,
    goals_endpoints.router,
    files_endpoints.router,
    calendar_endpoints.router,
    notification_endpoints.router,
    reminder_endpoints.router,
    usage_endpoints.router,
    search_endpoints.router,
    analytics_endpoints.router,
    portraits.router,
    archive_endpoints.router,
    onboarding_endpoints.router,
    operations.router,
    health.router,
)


def create_app(settings: Settings, *, works: bool = True) -> "Served":
    """The application, ready to be served; `works` says whether it also does the work that it accepts."""
    tools = all_tools(settings)
    choices = models.choices(settings.model)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = get_database()
        engine = Engine(database, settings, tools, default_model=choices[0].id, works=works)
        accounts = _make_accounts(database, settings, engine)
        app.state.database, app.state.settings, app.state.accounts = database, settings, accounts
        app.state.engine = engine
        app.state.conversations = Counter(
            database, engine.desk, engine.toolset, choices, Seats(settings.streams.per_user), settings
        )
        _set_up_desks(app, database, engine, settings)
        app.state.memories = MemoryCounter(engine.memory.keeper, admit, knows_people=True)
        await engine.start()
        sweeping = asyncio.create_task(
            forever("accounts", partial(_sweep, accounts), after_failure_seconds=_SWEEP_SECONDS)
        )
        yield
        sweeping.cancel()
        await engine.stop()
        accounts.close()
        await close_clients()

    app = FastAPI(
        title="Famulus", version=__version__, description=_DESCRIPTION, lifespan=lifespan,
        docs_url="/docs" if settings.server.docs else None,
        redoc_url=None,
    )  # fmt: skip
    rendering.install(app)
    for router in _ROUTERS:
        app.include_router(router)
    app.include_router(memory_endpoints.router, dependencies=[Depends(requires("chat"))])
    app.include_router(metrics_router(settings.metrics))
    app.add_api_route("/", _home, include_in_schema=False)
    app.mount("/static", Assets(directory=web.STATIC), name="static")
    return Served(app, settings)


def _make_accounts(database: Database, settings: Settings, engine: Engine) -> Accounts:
    """People, with what follows elsewhere when they go or move."""
    return Accounts(
        database,
        settings.accounts,
        # Last, since whatever the others remove is noted for the index.
        on_erase=[*_ON_ERASE, engine.memory.erase, engine.files.erase, erase_search],
        on_move=engine.reminders.moved,
        on_forgotten=engine.resets.ask if settings.mail.host else None,
        on_new_address=engine.addresses.ask if settings.mail.host else None,
        relay=engine.relay,
    )


def _set_up_desks(app: FastAPI, database: Database, engine: Engine, settings: Settings) -> None:
    """Where the requests of each feature are dealt with."""
    app.state.files = engine.files.desk
    app.state.goals = GoalDesk(database, Errands(engine.desk).send, settings.reminders)
    app.state.calendars = CalendarDesk(database, engine.calendars.desk, settings.server.public_url)
    app.state.reminders = engine.reminders.desk
    app.state.notifications = engine.notifications.counter(app.state.conversations.seats)
    app.state.search = engine.search.finder
    app.state.analytics = engine.analytics.desk
    app.state.onboarding = OnboardingDesk(
        engine.reminders.desk,
        engine.memory.errands,
        models.finder(settings.model),
        {choice.id: choice.offline for choice in models.choices(settings.model)},
        SlidingLimit(_TRIALS_PER_MINUTE),
    )
    app.state.archives = make_archives(database, engine.files.desk, engine.memory.keeper, settings)
    app.state.usage = UsageDesk(database, engine.desk.plans, engine.files.storage)


class Served(Edge):
    """The application behind its edge."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        server = settings.server
        super().__init__(
            app,
            max_body_bytes=server.max_body_bytes,
            docs=server.docs,
            uploads=uploads(settings),
            limits=RequestLimits(settings, get_redis_client()),
        )
        self._state = app.state

    def let_go(self) -> None:
        """Begin to stop: claim nothing more, and end every stream where it stands."""
        if engine := self._engine:
            engine.let_go()

    def hurry(self) -> None:
        """Stop at once."""
        if engine := self._engine:
            engine.hurry()

    @property
    def _engine(self) -> Engine | None:
        engine: Engine | None = getattr(self._state, "engine", None)
        return engine


async def _home(request: Request) -> Response:
    """The page for browsers, a welcome for programs."""
    if "text/html" in request.headers.get("accept", ""):
        return file_of(web.PAGE, web.PAGE.stat(), request.headers, vary="Accept")
    links = {"openapi": "/openapi.json", "health": "/health/live", "chat": "/chat", "start": "/start"}
    return JSONResponse(
        {"message": "Welcome to Famulus.", "version": __version__, "links": links}, headers={"Vary": "Accept"}
    )


async def _sweep(accounts: Accounts) -> float:
    await accounts.sweep()
    return _SWEEP_SECONDS
