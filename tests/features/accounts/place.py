"""A small server with nothing but accounts, and the browsers and programs that visit it."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
import uvicorn
from aiohttp import ClientSession, DummyCookieJar
from fastapi import Depends, FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from famulus.apps.http import listen
from famulus.features.accounts.caller import Caller, CallerDep, ClientDep, OwnerDep, requires
from famulus.features.accounts.endpoints import router
from famulus.features.accounts.links import issue_link_token
from famulus.features.accounts.passwords import Passwords
from famulus.features.accounts.service import Accounts, OnErase, OnForgotten, OnNewAddress
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.errors import FamulusError
from famulus.kit.problems import problem_of
from famulus.settings import Settings

MARIA = {"name": "Maria", "email": "maria@example.com", "password": "seven green bicycles"}
OTTO = {"name": "Otto", "email": "otto@example.com", "password": "nine purple umbrellas"}


class FrozenClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


class CountingScheme(PasswordHash):
    """Real Argon2id at its smallest; remembers what was verified against what."""

    def __init__(self) -> None:
        super().__init__((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        self.verified_against: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 -- named by pwdlib
        self.verified_against.append(str(hash))
        return super().verify(password, hash)


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any
    set_cookies: list[str]

    @property
    def code(self) -> str:
        code: str = self.body["error"]["code"]
        return code


@dataclass
class Place:
    """One server, as its operator sees it."""

    app: FastAPI
    database: SqliteDatabase
    accounts: Accounts
    settings: Settings
    clock: FrozenClock
    scheme: CountingScheme
    port: int
    http: ClientSession

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self) -> "Browser":
        return Browser(self, {"Origin": self.base_url})

    def program(self, secret: str) -> "Browser":
        return Browser(self, {"Authorization": f"Bearer {secret}"})

    async def link_token(self) -> str:
        return await self.database.write(
            lambda session: issue_link_token(session, settings=self.settings.accounts, now=self.clock)
        )

    async def owner(self, **person: str) -> "Browser":
        """A browser in which the owner is signed in: Maria, unless there is one."""
        browser = self.browser()
        answer = await browser.post("/auth/token", {"token": await self.link_token(), **MARIA, **person})
        assert answer.status == 200, answer.body
        browser.user = answer.body
        return browser

    async def member(self, owner: "Browser", person: dict[str, str] = OTTO) -> "Browser":
        """A browser in which somebody is signed in who was invited by the owner."""
        link = (await owner.post("/invitations", {})).body["link"]
        browser = self.browser()
        answer = await browser.post("/auth/join", {"token": link.partition("token=")[2], **person})
        assert answer.status == 201, answer.body
        browser.user = answer.body
        return browser

    async def sql(self, statement: str) -> list[dict[str, Any]]:
        """Look behind the scenes."""

        async def run(session: Any) -> list[dict[str, Any]]:
            result = await session.execute(sa.text(statement))
            return [row._asdict() for row in result] if result.returns_rows else []

        return await self.database.write(run)


@dataclass
class Browser:
    """Something that keeps cookies and says what it is told to say."""

    place: Place
    headers: dict[str, str]
    cookies: dict[str, str] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)

    async def request(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send JSON, or bytes as they are; a header that is empty is left out."""
        raw = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        sent = self.cookie_header() | kind | self.headers | (headers or {})
        url = self.place.base_url + (path if path.startswith("/_") else f"/api/v1{path}")
        async with self.place.http.request(
            method,
            url,
            data=raw,
            headers={name: value for name, value in sent.items() if value},
            # What the client would add by itself, a test must be able to leave out.
            skip_auto_headers=("Content-Type",),
        ) as response:
            content = await response.read()
            set_cookies = response.headers.getall("Set-Cookie", [])
            for cookie in set_cookies:
                self._keep(SimpleCookie(cookie))
            is_json = response.content_type == "application/json"
            body = orjson.loads(content) if is_json and content else content
            return Answer(response.status, body, response.headers, set_cookies)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.request("GET", path, headers=headers)

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.request("POST", path, body, headers=headers)

    async def patch(self, path: str, body: Any) -> Answer:
        return await self.request("PATCH", path, body)

    async def delete(self, path: str, body: Any = None) -> Answer:
        return await self.request("DELETE", path, body)

    async def sign_in(self, person: dict[str, str]) -> Answer:
        return await self.post("/auth/sign-in", {"email": person["email"], "password": person["password"]})

    def cookie_header(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _keep(self, cookies: SimpleCookie) -> None:
        for name, morsel in cookies.items():
            if morsel.value:
                self.cookies[name] = morsel.value
            else:
                self.cookies.pop(name, None)


@asynccontextmanager
async def open_place(
    database: SqliteDatabase,
    settings: Settings | None = None,
    on_erase: tuple[OnErase, ...] = (),
    on_forgotten: OnForgotten | None = None,
    on_new_address: OnNewAddress | None = None,
) -> AsyncIterator[Place]:
    """Serve accounts over a real socket."""
    settings = settings or Settings()
    clock, scheme = FrozenClock(), CountingScheme()
    accounts = Accounts(
        database,
        settings.accounts,
        on_erase=on_erase,
        on_forgotten=on_forgotten,
        on_new_address=on_new_address,
        passwords=Passwords(scheme),
        now=clock,
    )
    app = _app()
    app.state.database, app.state.settings, app.state.accounts = database, settings, accounts
    with listen("127.0.0.1", 0) as listening:
        config = uvicorn.Config(app, log_level="critical", proxy_headers=False, lifespan="off", ws="websockets-sansio")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        # Its own main loop and its own end wait a tenth of a second: for every test.
        await server.startup(sockets=[listening])
        async with ClientSession(cookie_jar=DummyCookieJar()) as http:
            port = listening.getsockname()[1]
            yield Place(app, database, accounts, settings, clock, scheme, port, http)
        for serving in server.servers:
            serving.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
    accounts.close()


@functools.cache
def _app() -> FastAPI:
    """The routes, put together once: a test brings its own database, settings and clock."""
    app = FastAPI()
    app.include_router(router)
    app.add_exception_handler(FamulusError, _render)

    @app.get("/_client")
    async def client(client: ClientDep) -> dict[str, str]:
        return {"address": client.address, "agent": client.agent}

    @app.post("/_chat")
    async def chat(caller: Annotated[Caller, Depends(requires("chat"))]) -> str:
        return caller.user_id

    @app.post("/_admin")
    async def admin(owner: OwnerDep) -> str:
        return owner.user_id

    @app.websocket("/_ws")
    async def chat_socket(websocket: WebSocket, caller: CallerDep) -> None:
        await websocket.accept()
        await websocket.send_json({"user_id": caller.user_id, "zone": caller.zone})
        await websocket.close()

    return app


async def _render(connection: Request | WebSocket, error: Exception) -> Response:
    assert isinstance(error, FamulusError)
    retry = error.details.get("retry_after_seconds")
    headers = {"Retry-After": str(retry)} if retry else {}
    response = JSONResponse(problem_of(error, "test"), error.status, headers)
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(response)
    return response
