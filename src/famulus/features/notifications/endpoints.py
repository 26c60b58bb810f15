"""Notifications under `/api/v1/notifications`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from famulus.features.accounts.caller import still_valid
from famulus.features.accounts.parameters import After, ChatterDep, Cursor, IdempotencyKey, LastEventId, Limit
from famulus.features.notifications import channel_endpoints, inbox
from famulus.features.notifications.counter import CounterDep
from famulus.features.notifications.records import DeliveryState
from famulus.features.notifications.repository import Which
from famulus.features.notifications.schemas import (
    ActionResult,
    Bulk,
    BulkView,
    Choice,
    DeliveryView,
    Notice,
    NotificationDetail,
    NotificationPatch,
    NotificationView,
    UnreadCount,
)
from famulus.features.notifications.service import Notifications
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors
from famulus.streams.cursors import cursor_of
from famulus.streams.responses import STREAMED, Streamed
from famulus.streams.sse import EventStream, frame
from famulus.streams.store import Entry

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

Kind = Annotated[str | None, Query(max_length=40, description="Only of this kind.")]


@router.get("", responses=errors())
async def list_notifications(
    caller: ChatterDep,
    counter: CounterDep,
    which: Which = "all",
    kind: Kind = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[NotificationView]:
    """One's notifications, latest first."""
    found = await counter.database.read(
        lambda session: Notifications(session, caller.user_id, counter.desk).page(
            which, kind=kind, after=after, limit=limit + 1
        )
    )
    return page_of([NotificationView.of(one) for one in found], limit=limit, cursor=lambda one: one.id)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def notify(
    notice: Notice, caller: ChatterDep, counter: CounterDep, key: IdempotencyKey = None
) -> NotificationView:
    """Tell oneself something, on every channel that takes its kind: for programs that have something to say."""

    async def work(session: Session) -> NotificationView:
        async def act() -> NotificationView:
            return NotificationView.of(await Notifications(session, caller.user_id, counter.desk).notify(notice))

        return await once(session, caller.user_id, key=key, content=notice.model_dump(), view=NotificationView, act=act)

    return await counter.database.write(work)


@router.get("/unread", responses=errors())
async def count_unread(caller: ChatterDep, counter: CounterDep) -> UnreadCount:
    """How many are neither read nor archived."""
    unread = await counter.database.read(lambda session: Notifications(session, caller.user_id, counter.desk).unread())
    return UnreadCount(unread=unread)


@router.post("/read", responses=errors())
async def read_all(caller: ChatterDep, counter: CounterDep) -> UnreadCount:
    """Note all of them as read."""
    await counter.database.write(lambda session: Notifications(session, caller.user_id, counter.desk).read_all())
    return UnreadCount(unread=0)


@router.post("/bulk", responses=errors())
async def do_to_many(bulk: Bulk, caller: ChatterDep, counter: CounterDep) -> BulkView:
    """Read, archive or delete many at once; one that is not there does not keep the others from it."""
    results = await counter.database.write(
        lambda session: Notifications(session, caller.user_id, counter.desk).do_to_many(bulk)
    )
    return BulkView(data=results)


@router.get("/events", response_class=Response, responses=errors() | STREAMED)
async def follow(
    request: Request,
    caller: ChatterDep,
    counter: CounterDep,
    after: Cursor = None,
    last_event_id: LastEventId = None,
) -> Response:
    """What happens to one's notifications, live, from any position.

    Without a position, or with one that never was, it begins with what is unread now.
    """
    counter.seats.check(caller.user_id)
    start = await inbox.place(counter.database, caller.user_id, last_event_id or after)

    async def may_go_on() -> bool:
        return await still_valid(request, caller)

    stream = EventStream(
        inbox.follow(counter.database, counter.log, caller.user_id, start.after),
        _frame,
        opening=[frame(*start.opening, cursor=start.cursor)] if start.opening else [],
        may_go_on=may_go_on,
        seat=counter.seats.taken(caller.user_id),
        max_seconds=counter.streams.max_seconds,
        stall_seconds=counter.streams.stall_seconds,
    )
    return Streamed(stream)


router.include_router(channel_endpoints.router)


@router.get("/deliveries", responses=errors())
async def list_deliveries(
    caller: ChatterDep,
    counter: CounterDep,
    state: DeliveryState | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[DeliveryView]:
    """How one's notifications got where, latest first; `state=dead` are those that were given up."""
    found = await counter.database.read(
        lambda session: Notifications(session, caller.user_id, counter.desk).deliveries(
            state, after=after, limit=limit + 1
        )
    )
    return page_of([DeliveryView.of(one) for one in found], limit=limit, cursor=lambda one: one.id)


@router.post("/deliveries/{delivery_id}/retry", responses=errors(404, 409))
async def try_anew(delivery_id: str, caller: ChatterDep, counter: CounterDep) -> DeliveryView:
    """Try a delivery anew that was given up."""
    delivery = await counter.database.write(
        lambda session: Notifications(session, caller.user_id, counter.desk).try_anew(delivery_id)
    )
    return DeliveryView.of(delivery)


@router.get("/{notification_id}", responses=errors(404))
async def show(notification_id: str, caller: ChatterDep, counter: CounterDep) -> NotificationDetail:
    """One notification, and how it got where."""

    async def look(session: Session) -> NotificationDetail:
        notifications = Notifications(session, caller.user_id, counter.desk)
        found = await notifications.find(notification_id)
        return NotificationDetail.with_deliveries(found, await notifications.deliveries_of(found.id))

    return await counter.database.read(look)


@router.patch("/{notification_id}", responses=errors(404))
async def change(
    notification_id: str, patch: NotificationPatch, caller: ChatterDep, counter: CounterDep
) -> NotificationView:
    """Note that it was read, or put it away; or the reverse."""
    changed = await counter.database.write(
        lambda session: Notifications(session, caller.user_id, counter.desk).change(notification_id, patch)
    )
    return NotificationView.of(changed)


@router.delete("/{notification_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def delete(notification_id: str, caller: ChatterDep, counter: CounterDep) -> None:
    """Remove it, and stop what is under way for it."""

    async def work(session: Session) -> None:
        notifications = Notifications(session, caller.user_id, counter.desk)
        await notifications.delete((await notifications.find(notification_id)).id)

    await counter.database.write(work)


@router.post("/{notification_id}/actions", responses=errors(404))
async def act(notification_id: str, choice: Choice, caller: ChatterDep, counter: CounterDep) -> ActionResult:
    """Do what one of its actions says, once; asked again, it answers the same and does nothing."""
    return await counter.database.write(
        lambda session: Notifications(session, caller.user_id, counter.desk).act(notification_id, choice.action)
    )


def _frame(entry: Entry) -> bytes:
    return frame(entry.kind, entry.data, cursor=cursor_of(entry))
