"""The channels by which a person is reached, and when: `/api/v1/notifications/channels` and `/preferences`."""

import asyncio

from fastapi import APIRouter, Response, status

from famulus.features.accounts.parameters import ChatterDep
from famulus.features.notifications.carriers import Outcome, Parcel
from famulus.features.notifications.channels import Channels
from famulus.features.notifications.counter import CounterDep, NotificationCounter
from famulus.features.notifications.errors import ChannelUnavailable, TooManyTests, WrongCode
from famulus.features.notifications.records import Channel
from famulus.features.notifications.schemas import (
    ChannelDraft,
    ChannelPatch,
    ChannelView,
    Code,
    NewChannelView,
    PreferencesDraft,
    PreferencesView,
    PushKey,
    TestResult,
)
from famulus.features.notifications.service import Notifications
from famulus.infra.database import Session
from famulus.kit.clock import iso
from famulus.kit.ids import new_id
from famulus.kit.pages import Page
from famulus.kit.problems import errors

router = APIRouter()

_TEST_TITLE = "A test from Famulus"


@router.get("/channels", responses=errors())
async def list_channels(caller: ChatterDep, counter: CounterDep) -> Page[ChannelView]:
    """One's channels, in the order in which they were made; there are never many."""
    found = await counter.database.read(lambda session: Channels(session, caller.user_id, counter.desk).all())
    return Page(data=[ChannelView.of(one) for one in found], has_more=False)


@router.post("/channels", status_code=status.HTTP_201_CREATED, responses=errors(409))
async def open_channel(
    draft: ChannelDraft, caller: ChatterDep, counter: CounterDep, response: Response
) -> NewChannelView:
    """Make a channel. What its webhooks are signed with is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    channel = await counter.database.write(lambda session: Channels(session, caller.user_id, counter.desk).open(draft))
    return NewChannelView.once(channel)


@router.get("/channels/{channel_id}", responses=errors(404))
async def show_channel(channel_id: str, caller: ChatterDep, counter: CounterDep) -> ChannelView:
    """One channel, and how it has been doing."""
    channel = await counter.database.read(
        lambda session: Channels(session, caller.user_id, counter.desk).find(channel_id)
    )
    return ChannelView.of(channel)


@router.patch("/channels/{channel_id}", responses=errors(404))
async def change_channel(channel_id: str, patch: ChannelPatch, caller: ChatterDep, counter: CounterDep) -> ChannelView:
    """Rename it, choose what goes there, or use it no more."""
    channel = await counter.database.write(
        lambda session: Channels(session, caller.user_id, counter.desk).change(channel_id, patch)
    )
    return ChannelView.of(channel)


@router.delete("/channels/{channel_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def remove_channel(channel_id: str, caller: ChatterDep, counter: CounterDep) -> None:
    """Remove it; what is under way to it is given up."""
    await counter.database.write(lambda session: Channels(session, caller.user_id, counter.desk).remove(channel_id))


@router.post("/channels/{channel_id}/test", responses=errors(404))
async def test_channel(channel_id: str, caller: ChatterDep, counter: CounterDep) -> TestResult:
    """Send a test there now, and say what came of it.

    To an e-mail address that is new, it brings the code by which that is verified.
    """
    if wait := counter.tests.hit(caller.user_id):
        raise TooManyTests("That was a lot of tests. Wait a little.", retry_after_seconds=wait)
    channel, code = await counter.database.write(
        lambda session: Channels(session, caller.user_id, counter.desk).new_code(channel_id)
    )
    outcome = await _tried(counter, channel, code)
    return TestResult(delivered=outcome.accepted, status=outcome.status, error=outcome.error)


@router.post("/channels/{channel_id}/verify", responses=errors(404, 409))
async def verify_channel(channel_id: str, said: Code, caller: ChatterDep, counter: CounterDep) -> ChannelView:
    """Say the code that a test message brought; from then on notifications go there."""

    async def work(session: Session) -> tuple[bool, Channel]:
        channels = Channels(session, caller.user_id, counter.desk)
        return await channels.verify(channel_id, said.code), await channels.find(channel_id)

    is_right, channel = await counter.database.write(work)
    if not is_right:
        raise WrongCode("This is not the code that was sent.")
    return ChannelView.of(channel)


@router.post("/channels/{channel_id}/secret", responses=errors(404))
async def change_secret(channel_id: str, caller: ChatterDep, counter: CounterDep, response: Response) -> NewChannelView:
    """Sign its webhooks with a new secret from now on, which is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    channel = await counter.database.write(
        lambda session: Channels(session, caller.user_id, counter.desk).change_secret(channel_id)
    )
    return NewChannelView.once(channel)


@router.get("/push-key", responses=errors())
async def show_push_key(caller: ChatterDep, counter: CounterDep) -> PushKey:  # noqa: ARG001 -- whoever may have channels
    """What a browser subscribes with, before its subscription is made a channel of the kind `push`."""
    identity = counter.push
    if identity is None:
        raise ChannelUnavailable("Channels of the kind push are not available here.")
    return PushKey(public_key=await asyncio.to_thread(lambda: identity.public_key))


@router.get("/preferences", responses=errors())
async def show_preferences(caller: ChatterDep, counter: CounterDep) -> PreferencesView:
    """When one wants to be left in peace."""
    return await counter.database.read(lambda session: _preferences(session, caller.user_id, counter))


@router.put("/preferences", responses=errors())
async def prefer(draft: PreferencesDraft, caller: ChatterDep, counter: CounterDep) -> PreferencesView:
    """Choose quiet hours, in one's own time zone; what they hold back is looked at again at once."""

    async def work(session: Session) -> PreferencesView:
        await Channels(session, caller.user_id, counter.desk).prefer(draft)
        await Notifications(session, caller.user_id, counter.desk).release_held()
        return await _preferences(session, caller.user_id, counter)

    return await counter.database.write(work)


async def _preferences(session: Session, user_id: str, counter: NotificationCounter) -> PreferencesView:
    wanted, zone, until = await Channels(session, user_id, counter.desk).preferences()
    return PreferencesView(
        quiet_from=wanted.quiet_from, quiet_until=wanted.quiet_until, zone=zone, quiet_now_until=until
    )


async def _tried(counter: NotificationCounter, channel: Channel, code: str | None) -> Outcome:
    carrier = counter.desk.carriers.get(channel.kind)
    if carrier is None:
        return Outcome(error="channel_unavailable")
    now = counter.desk.now()
    said = f"Your code is {code}." if code else "This channel works."
    data = {"notification": {"kind": "test", "title": _TEST_TITLE, "body": said, "created_at": iso(now)}}
    parcel = Parcel(
        id=new_id("test"), kind="test", channel=channel, title=_TEST_TITLE, body=said, urgent=False, data=data,
        link=None, at=now,
    )  # fmt: skip
    return await carrier.carry(parcel)
