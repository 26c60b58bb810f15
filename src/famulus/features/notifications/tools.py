"""What an assistant can do with a person's notifications."""

from typing import Annotated

from pydantic import Field

from famulus.agent.tools import Arguments, ToolContext, tool
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.records import Notification
from famulus.features.notifications.schemas import Bulk, Notice
from famulus.features.notifications.service import Notifications

_MOST_SHOWN = 20


class Told(Arguments):
    """What to tell."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    """One line."""
    body: Annotated[str, Field(max_length=4_000)] = ""
    """What else there is to say."""


class Chosen(Arguments):
    """Which notifications to look at."""

    unread_only: bool = True
    """Whether to leave out what was read already."""


class Named(Arguments):
    """Which notifications."""

    ids: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=100)]
    """Their ids, as `list_notifications` shows them."""


@tool(transactional=True)
async def notify_user(context: ToolContext, arguments: Told) -> str:
    """Send the user a notification now, on the channels they chose; for something they asked to be told of."""
    notice = Notice(title=arguments.title, body=arguments.body, kind="assistant")
    await _notifications(context).notify(notice, key=context.idempotency_key)
    return f"The user is notified: {notice.title}"


@tool(transactional=True)
async def list_notifications(context: ToolContext, arguments: Chosen) -> str:
    """Look at the user's notifications, latest first."""
    notifications = _notifications(context)
    found = await notifications.page(
        "unread" if arguments.unread_only else "all", kind=None, after=None, limit=_MOST_SHOWN
    )
    if not found:
        return "There are no unread notifications." if arguments.unread_only else "There are no notifications."
    return "\n".join([f"{await notifications.unread()} unread.", *map(_line, found)])


@tool(transactional=True)
async def dismiss_notifications(context: ToolContext, arguments: Named) -> str:
    """Put notifications of the user away, which marks them as dealt with; only when the user asks for it."""
    results = await _notifications(context).do_to_many(Bulk(action="archive", ids=arguments.ids))
    unknown = [one.id for one in results if not one.done]
    done = f"Put away {len(results) - len(unknown)}."
    return f"{done} There is no such notification: {', '.join(unknown)}." if unknown else done


def _notifications(context: ToolContext) -> Notifications:
    return Notifications(context.transaction, context.user_id, NotificationDesk(now=lambda: context.now))


def _line(one: Notification) -> str:
    return f"{one.created_at:%Y-%m-%d %H:%M}Z ({one.id}): {one.title}" + (f": {one.body}" if one.body else "")


TOOLS = (notify_user, list_notifications, dismiss_notifications)
