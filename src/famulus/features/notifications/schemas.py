"""What clients and other features say about notifications, and what they get to see."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StringConstraints, TypeAdapter, model_validator

from famulus.features.accounts.schemas import Email
from famulus.features.notifications.records import Channel, ChannelKind, Delivery, DeliveryState, Notification
from famulus.kit.records import columns_of
from famulus.kit.schemas import Draft, Text, Time, View

_MOST_ACTIONS = 5
_MOST_DATA_CHARACTERS = 4_000


def _small(data: dict[str, Any]) -> dict[str, Any]:
    if len(str(data)) > _MOST_DATA_CHARACTERS:
        raise ValueError(f"at most {_MOST_DATA_CHARACTERS} characters")
    return data


def _link(url: str) -> str:
    # A page opens it: nothing there may run.
    if not url.startswith(("https://", "http://", "/")) or url.startswith(("//", "/\\")):
        raise ValueError("a link begins with https://, http:// or /")
    return url


_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_LINE = StringConstraints(strip_whitespace=True, min_length=1)
Title = Annotated[Text, _LINE, Field(max_length=200)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,39}$")]
"""A short name for programs, such as `reminder`."""
Link = Annotated[Text, Field(max_length=2_000), AfterValidator(_link)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A local time of day such as 22:00."""
Kinds = Annotated[list[Word], Field(max_length=50)]
Id = Annotated[str, Field(max_length=100)]


class Action(Draft):
    """Something a person can do about a notification, once."""

    id: Word
    label: Annotated[Text, _LINE, Field(max_length=60)]
    kind: Literal["open", "callback", "dismiss"]
    """`open` a link; `callback`: tell one of one's webhooks; `dismiss`: archive the notification."""
    url: Link | None = None
    """What `open` opens."""
    channel_id: Id | None = None
    """The webhook that `callback` tells."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind == "open") != (self.url is not None):
            raise ValueError("`url` belongs to `open`, which needs it")
        if (self.kind == "callback") != (self.channel_id is not None):
            raise ValueError("`channel_id` belongs to `callback`, which needs it")
        return self


class Notice(Draft):
    """Something to tell a person."""

    title: Title
    body: Annotated[Text, Field(max_length=10_000)] = ""
    kind: Word = "note"
    """What it is about: channels choose by it."""
    urgent: StrictBool = False
    """Whether it may disturb in quiet hours."""
    data: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict)
    """Anything that programs need to know about it."""
    actions: Annotated[list[Action], Field(max_length=_MOST_ACTIONS)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_distinct_actions(self) -> Self:
        if len({action.id for action in self.actions}) < len(self.actions):
            raise ValueError("two actions have the same id")
        return self


class NotificationPatch(Draft):
    """What to note of a notification."""

    read: StrictBool | None = None
    archived: StrictBool | None = None


class Bulk(Draft):
    """What to do with many notifications."""

    action: Literal["read", "unread", "archive", "unarchive", "delete"]
    ids: Annotated[list[Id], Field(min_length=1, max_length=100)]


class BulkResult(View):
    """What came of it for one of them."""

    id: str
    done: bool
    error: str | None = None
    """The code of what went wrong."""


class BulkView(BaseModel):
    """What came of it for each."""

    data: list[BulkResult]


class DeliveryView(View):
    """How far a notification has come on its way to one channel."""

    id: str
    notification_id: str
    channel_id: str
    channel_kind: ChannelKind
    action: str | None
    """The action that calls back; none for the notification itself."""
    state: DeliveryState
    attempts: int
    next_try_at: Time | None
    status: int | None
    """What the target answered to the last try."""
    error: str | None
    created_at: Time
    delivered_at: Time | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """The delivery, as its owner sees it."""
        return cls.model_validate(columns_of(delivery) | {"action": delivery.action_id or None})


class NotificationView(BaseModel):
    """A notification."""

    id: str
    kind: str
    title: str
    body: str
    urgent: bool
    data: dict[str, Any]
    actions: list[Action]
    created_at: Time
    read_at: Time | None
    archived_at: Time | None

    @classmethod
    def of(cls, notification: Notification) -> "NotificationView":
        """The notification, as its owner sees it."""
        return cls.model_validate(columns_of(notification))

    def shown(self) -> dict[str, Any]:
        """As it goes into an event or out to a channel."""
        return self.model_dump(mode="json")


class NotificationDetail(NotificationView):
    """A notification, and how it got where."""

    deliveries: list[DeliveryView]

    @classmethod
    def with_deliveries(cls, notification: Notification, deliveries: Sequence[Delivery]) -> "NotificationDetail":
        """The notification and its deliveries."""
        shown = [DeliveryView.of(delivery) for delivery in deliveries]
        return cls.model_validate(columns_of(notification) | {"deliveries": shown})


class UnreadCount(View):
    """How many notifications nobody has read or archived."""

    unread: int


class Choice(Draft):
    """What a person wants done about a notification."""

    action: Word
    """The id of one of its actions."""


class ActionResult(View):
    """What an action came to; the same each time it is asked for."""

    notification_id: str
    action: str
    kind: Literal["open", "callback", "dismiss"]
    url: str | None
    delivery_id: str | None
    """How the callback gets on: `GET /api/v1/notifications/{id}`."""
    done_at: Time


class SubscriptionKeys(Draft):
    """What is encrypted for a browser with."""

    p256dh: Annotated[str, StringConstraints(pattern=r"^B[A-Za-z0-9_-]{86}=?$")]
    """A point of the curve P-256 in 65 bytes, from base64url."""
    auth: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}(==)?$")]
    """16 bytes, from base64url."""


class Subscription(Draft):
    """What a browser says when it subscribes, as its `PushSubscription` has it."""

    endpoint: Annotated[Text, _LINE, Field(max_length=2_000)]
    keys: SubscriptionKeys
    expirationTime: float | None = None  # noqa: N815 -- the name is the browsers'
    """Not looked at: a push service says when a subscription is over."""


class ChannelDraft(Draft):
    """A way out to oneself."""

    kind: Literal["email", "webhook", "push", "apprise"]
    name: Annotated[Text, _LINE, Field(max_length=100)]
    target: Annotated[Text, Field(max_length=2_000), StringConstraints(strip_whitespace=True)] = ""
    """An e-mail address, an address to post to, or one in the words of Apprise."""
    subscription: Subscription | None = None
    """What a browser said; for `push`, in place of a target."""
    kinds: Kinds | None = None
    """The kinds of notification that go there; all of them for none."""

    @model_validator(mode="after")
    def _is_address(self) -> Self:
        if (self.kind == "push") != (self.subscription is not None) or (self.kind == "push") == bool(self.target):
            raise ValueError("`push` has a `subscription`, and every other kind a `target`")
        if self.kind == "email":
            _EMAIL.validate_python(self.target)
        return self


class ChannelPatch(Draft):
    """What to change about a channel."""

    name: Annotated[Text, _LINE, Field(max_length=100)] | None = None
    kinds: Kinds | None = None
    enabled: StrictBool | None = None


class Code(Draft):
    """What a test message said."""

    code: Annotated[Text, _LINE, Field(max_length=20)]


class ChannelView(View):
    """A channel."""

    id: str
    kind: ChannelKind
    name: str
    target: str
    """Its address; of one that is a secret in itself, no more than its beginning."""
    kinds: list[str] | None
    enabled: bool
    verified: bool
    failures: int
    paused_until: Time | None
    last_error: str | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, channel: Channel) -> "ChannelView":
        """The channel, without its secret."""
        return cls.model_validate(_shown(channel))


class NewChannelView(ChannelView):
    """A channel, and what its webhooks are signed with."""

    secret: str | None
    """Shown this once."""

    @classmethod
    def once(cls, channel: Channel) -> "NewChannelView":
        """The channel with its secret, if that is one that its owner needs to know."""
        shown = channel.secret if channel.kind == "webhook" else None
        return cls.model_validate(_shown(channel) | {"secret": shown})


def _shown(channel: Channel) -> dict[str, Any]:
    return columns_of(channel) | {"target": channel.shown_target}


class PushKey(View):
    """What a browser subscribes with."""

    public_key: str
    """`applicationServerKey`, in base64url."""


class TestResult(View):
    """What came of a test message."""

    delivered: bool
    status: int | None
    error: str | None


class PreferencesDraft(Draft):
    """When to be left in peace: notifications are shown, and go out to channels only afterwards, unless urgent."""

    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours have a beginning and an end")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quiet hours end at another time than they begin")
        return self


class PreferencesView(View):
    """When a person wants to be left in peace."""

    quiet_from: str | None
    quiet_until: str | None
    zone: str
    """The person's own time zone, by which these are."""
    quiet_now_until: Time | None
    """When the quiet hours that it is now end."""
