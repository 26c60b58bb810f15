"""Calendars elsewhere, for tests: a server of files, and a real CalDAV server, both on loopback."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from famulus.features.calendar.jobs import Synchroniser
from famulus.features.calendar.records import Calendar, Event, Source
from famulus.features.calendar.repository import CalendarRepository
from famulus.features.calendar.sources import SourceDesk, Sources
from famulus.infra.database import Database
from famulus.infra.outbound import Outbound
from famulus.infra.sealing import Sealer
from famulus.jobs.queue import JobQueue
from tests.features.calendar.conftest import MARIA
from tests.serving import free_port

KEY = b"k" * 32


def an_event(uid: str, summary: str, day: int = 27, more: str = "") -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//B//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
        f"DTSTAMP:20261101T000000Z\r\nDTSTART:202611{day}T100000Z\r\nDTEND:202611{day}T110000Z\r\n"
        f"SUMMARY:{summary}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@dataclass
class Keeper:
    """Whoever brings Maria's calendars up to date."""

    database: Database
    desk: SourceDesk

    @classmethod
    def of(cls, database: Database) -> "Keeper":
        outbound = Outbound(allowed=["127.0.0.1"])
        return cls(database, SourceDesk(JobQueue(), outbound, Sealer(lambda: KEY)))

    async def sync(self, calendar: Calendar) -> Source:
        """Look once; what came of it."""
        await self.database.write(lambda session: Sources(session, MARIA, self.desk).ask_now(calendar.id))
        claims = await self.database.write(lambda session: self.desk.queue.claim(session, worker="w", most=1))
        for claim in claims:
            await Synchroniser(self.database, self.desk).sync(claim)
        source = await self.database.read(lambda session: Sources(session, MARIA, self.desk).find(calendar.id))
        assert source is not None
        return source

    async def events(self, calendar: Calendar) -> list[Event]:
        return await self.database.read(lambda session: CalendarRepository(session, MARIA).of_calendar(calendar.id))

    async def titles(self, calendar: Calendar) -> list[str]:
        return sorted(event.title for event in await self.events(calendar))


@dataclass
class FileServer:
    """Serves one calendar as a file, with its version."""

    url: str = ""
    text: str = ""
    status: int = 200
    asked: list[str | None] = field(default_factory=list)
    """Which version each request knew."""

    async def answer(self, request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match")
        self.asked.append(known)
        tag = f'"{hash(self.text)}"'
        if known == tag and self.status == 200:
            return web.Response(status=304)
        return web.Response(text=self.text, status=self.status, headers={"ETag": tag})


@asynccontextmanager
async def file_server() -> AsyncIterator[FileServer]:
    server, app, port = FileServer(), web.Application(), free_port()
    app.router.add_get("/calendar.ics", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server.url = f"http://127.0.0.1:{port}/calendar.ics"
    yield server
    await runner.cleanup()


@dataclass
class Dav:
    """A calendar on a real CalDAV server, as another client sees it."""

    url: str
    http: aiohttp.ClientSession

    async def ask(self, method: str, name: str = "", body: str | None = None) -> tuple[int, str]:
        async with self.http.request(method, self.url + name, data=body) as answer:
            return answer.status, await answer.text()

    async def put(self, uid: str, text: str) -> None:
        status, body = await self.ask("PUT", f"{uid}.ics", text)
        assert status in (201, 204), body

    async def texts(self) -> str:
        """Everything that is there."""
        _, text = await self.ask("GET")
        return text


@asynccontextmanager
async def caldav_server(folder: Path) -> AsyncIterator[Dav]:
    """Radicale, with a calendar of Maria's on it."""
    port = free_port()
    users = folder / "users"
    users.write_text("maria:geheim\n")
    command = [
        *(sys.executable, "-m", "radicale", "--config", "", "--server-hosts", f"127.0.0.1:{port}"),
        *("--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users), "--auth-htpasswd-encryption", "plain"),
        *("--auth-delay", "0", "--storage-filesystem-folder", str(folder / "store"), "--logging-level", "critical"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with aiohttp.ClientSession(
            headers={"Authorization": aiohttp.encode_basic_auth("maria", "geheim")}
        ) as http:
            dav = Dav(f"http://127.0.0.1:{port}/maria/work/", http)
            async with asyncio.timeout(60):
                while True:
                    try:
                        status, body = await dav.ask("MKCALENDAR")
                        break
                    except aiohttp.ClientError:
                        assert process.poll() is None, "radicale has ended"
                        await asyncio.sleep(0.1)
            assert status in (201, 204), body
            yield dav
    finally:
        process.terminate()
        process.wait()
