"""People on a database, a clock that stands still, and somebody at the other end of every channel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from famulus.features.accounts.tables import users
from famulus.features.notifications.carriers import Carrier
from famulus.features.notifications.carriers.apprise import AppriseCarrier
from famulus.features.notifications.carriers.email import EmailCarrier
from famulus.features.notifications.carriers.push import PushCarrier, PushIdentity
from famulus.features.notifications.carriers.webhook import WebhookCarrier
from famulus.features.notifications.channels import Channels
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.jobs import Deliverer
from famulus.features.notifications.records import Channel, ChannelKind, Delivery, Notification
from famulus.features.notifications.schemas import ChannelDraft, Notice
from famulus.features.notifications.service import Notifications
from famulus.infra.database import Database, Session
from famulus.infra.outbound import Outbound
from famulus.jobs.queue import Claim, JobQueue
from famulus.jobs.tables import jobs
from famulus.kit.errors import FamulusError
from famulus.kit.ids import new_id
from famulus.settings.outward import MailSettings, NotificationSettings
from tests.serving import free_port

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FrozenClock:
    """A clock that moves when it is told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Request:
    """What a webhook was sent."""

    headers: dict[str, str]
    body: bytes
    json: Any


class Receiver:
    """A webhook's receiver on loopback, which answers as its path says, or as it is told."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[int] = []
        """Statuses to answer with, one after the other; 200 when there is none left."""
        self.headers: dict[str, str] = {}
        self.at_once = self.most_at_once = 0
        self.hanging = asyncio.Event()
        self._released = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self._released.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._answered(request)
        finally:
            self.at_once -= 1

    async def _answered(self, request: web.Request) -> web.Response:
        body = await request.read()
        said = await request.json() if request.content_type == "application/json" else None
        self.requests.append(Request(dict(request.headers), body, said))
        if request.path == "/hang":
            self.hanging.set()
            await self._released.wait()
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers=self.headers)


class Mailbox:
    """A mail server on loopback that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: list[str] = []
        """What to answer to a message; that it is taken when there is none left."""
        self._port = free_port()
        self._controller: Controller | None = None

    async def handle_DATA(self, _server: SMTP, _session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's
        if self.answers:
            return self.answers.pop(0)
        message = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    @property
    def settings(self) -> MailSettings:
        return MailSettings(host="127.0.0.1", port=self._port, security="none", sender="F <f@example.org>")

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()


@dataclass
class Place:
    """A database with a person in it, and a process that serves it."""

    database: Database
    clock: FrozenClock
    queue: JobQueue
    desk: NotificationDesk
    deliverer: Deliverer
    receiver: Receiver
    user_id: str = field(default_factory=lambda: new_id("user"))

    async def person(self, user_id: str | None = None, *, zone: str = "Europe/Berlin") -> str:
        """Somebody with an account; the first is the one this place is about."""
        user_id = user_id or self.user_id
        row: dict[str, Any] = {
            "id": user_id, "name": "Anna", "role": "member", "zone": zone, "preferences": {},
            "created_at": self.clock(), "updated_at": self.clock(),
        }  # fmt: skip

        async def add(session: Session) -> None:
            await session.execute(sa.insert(users), row)

        await self.database.write(add)
        return user_id

    async def do(self, work: Callable[[Notifications], Any], user_id: str | None = None) -> Any:
        """Something with somebody's notifications, in a transaction."""
        return await self.database.write(
            lambda session: work(Notifications(session, user_id or self.user_id, self.desk))
        )

    async def with_channels(self, work: Callable[[Channels], Any], user_id: str | None = None) -> Any:
        return await self.database.write(lambda session: work(Channels(session, user_id or self.user_id, self.desk)))

    async def notify(self, title: str = "Water the plants", **fields: Any) -> Notification:
        key = fields.pop("key", None)
        told: Notification = await self.do(lambda them: them.notify(Notice(title=title, **fields), key=key))
        return told

    async def webhook(self, path: str = "/", **fields: Any) -> Channel:
        return await self.open_webhook(self.receiver.url + path, **fields)

    async def open_webhook(self, address: str, *, of: str | None = None, **fields: Any) -> Channel:
        draft = ChannelDraft(kind="webhook", name="Hook", target=address, **fields)
        channel: Channel = await self.with_channels(lambda them: them.open(draft), of)
        return channel

    async def delivery(self, notification: Notification, kind: str = "webhook") -> Delivery:
        """How a notification got to the one channel of a kind."""
        found = await self.do(lambda them: them.deliveries_of(notification.id))
        (delivery,) = [one for one in found if one.channel_kind == kind]
        assert isinstance(delivery, Delivery)
        return delivery

    async def deliver(self) -> int:
        """Work on every job that is due; how many there were."""
        claims = await self.claimed()

        async def work(claim: Any) -> None:
            try:
                await self.deliverer.deliver(claim)
            except FamulusError:
                assert claim.is_lost

        await asyncio.gather(*map(work, claims))
        return len(claims)

    async def claimed(self, worker: str = "w") -> list[Claim]:
        """Take every job that is due."""
        return await self.database.write(lambda session: self.queue.claim(session, worker=worker, most=50))

    async def let_expire(self, claim: Claim) -> None:
        """Have somebody else take a job over."""
        values = {"fence": claim.fence + 1, "leased_by": "other"}
        change = sa.update(jobs).where(jobs.c.id == claim.id).values(values)
        await self.database.write(lambda session: session.execute(change))

    async def jobs(self) -> int:
        async def count(session: Session) -> int:
            return int((await session.execute(sa.select(sa.func.count()).select_from(jobs))).scalar() or 0)

        return await self.database.read(count)


@asynccontextmanager
async def a_place(database: Database, mail: MailSettings | None = None) -> AsyncIterator[Place]:
    """A place with one person, whose webhooks may be on loopback."""
    clock, receiver = FrozenClock(), Receiver()
    await receiver.start()
    outbound = Outbound(allowed=["127.0.0.1"])
    queue = JobQueue(now=clock)
    settings = NotificationSettings(
        max_attempts=4, retry_seconds=10, max_channels=3, timeout_seconds=0.5, apprise_schemes=("json", "discord")
    )
    identity = PushIdentity(lambda: b"\7" * 32, contact="mailto:famulus@example.org")
    carriers: dict[ChannelKind, Carrier] = {
        "webhook": WebhookCarrier(outbound, timeout_seconds=0.5),
        "email": EmailCarrier(mail or MailSettings()),
        "apprise": AppriseCarrier(settings),
        "push": PushCarrier(outbound, identity),
    }
    desk = NotificationDesk(queue, None, carriers, settings, now=clock)
    deliverer = Deliverer(database, desk, chance=lambda low, high: (low + high) / 2)
    place = Place(database, clock, queue, desk, deliverer, receiver)
    await place.person()
    yield place
    await outbound.close()
    await receiver.stop()
