"""How this server reaches people and places outside."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from famulus.settings.section import Section


class OutboundSettings(Section):
    """Requests to addresses that people name: webhooks, push services, calendars elsewhere."""

    allowed_hosts: tuple[str, ...] = ()
    """Hosts and networks inside your own network that people may name all the same, such as `hooks.lan` or
    `192.168.1.0/24`; everything else inside is refused."""


class TelemetrySettings(Section):
    """Traces, for an OpenTelemetry collector."""

    otlp_endpoint: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address of a collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`; without one nothing is traced.
    Needs the extra `otel`."""
    service_name: str = Field("famulus", min_length=1)
    """What traces call the server; workers and the memory service have `-worker` and `-memory` added to it."""


class MailSettings(Section):
    """The mail server by which e-mail is sent."""

    host: str | None = None
    """Its name; without one, no e-mail is sent."""
    port: int = Field(587, ge=1, le=65535)
    """Its port: 587 with `starttls`, 465 with `tls`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; `none` is for a mail server on the same machine."""
    username: str | None = None
    """Name to sign in with, if it asks for one."""
    password: SecretStr | None = None
    """Password to sign in with."""
    sender: str = "Famulus <famulus@localhost>"
    """From whom messages come."""
    timeout_seconds: float = Field(20, gt=0)
    """How long the mail server may take."""


class NotificationSettings(Section):
    """How people are told of what happens."""

    max_attempts: int = Field(8, ge=1, le=50)
    """Tries of one delivery before it is given up, visibly."""
    retry_seconds: float = Field(10, gt=0)
    """Pause before a delivery's second try; each further pause is three times as long."""
    max_retry_seconds: float = Field(21_600, gt=0)
    """Longest pause between two tries."""
    timeout_seconds: float = Field(10, gt=0)
    """How long a webhook or a push service may take to answer."""
    max_channels: int = Field(20, ge=1)
    """Channels one person may have."""
    tests_per_minute: int = Field(5, ge=1)
    """Test messages one person may have sent."""
    keep_days: int = Field(180, ge=1)
    """After how many days a notification is removed, read or not, with what is known of its deliveries."""
    push_key: SecretStr | None = Field(None, min_length=32)
    """A long random text from which the key is made that push services know this server by. Without one, it is made in
    the data folder; several servers on one database need the same. With another, browsers subscribe anew."""
    push_contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://[^/\s]+)$")] = (
        "mailto:famulus@localhost"
    )
    """Whom push services may write to about this server: `mailto:` and an address, or `https://` and a host. Some want
    one that exists."""
    apprise_schemes: tuple[str, ...] = ("discord", "pbul", "pover", "slack", "tgram")
    """The services that people may be reached by with the extra `apprise`, by the scheme of their addresses. Each of
    the default goes to a host of its own. With others, such as `ntfys`, `gotifys`, `jsons` or `mailto`, an address
    names its host: whoever has an account can then make this server connect to any, also inside its network."""


class CalendarSettings(Section):
    """Calendars that are kept elsewhere."""

    refresh_minutes: float = Field(60, gt=0)
    """Pause between two looks at a calendar elsewhere; it is doubled with each failure, up to a day."""
    key: SecretStr | None = Field(None, min_length=32)
    """A long random text that seals the addresses and passwords of calendars elsewhere. Without one, a key is made in
    the data folder; several servers on one database need the same."""


class ReminderSettings(Section):
    """What people are reminded of."""

    max_active: int = Field(1_000, ge=1)
    """Reminders one person may have that are not over."""
    default_expiry_days: int = Field(180, ge=1)
    """When a reminder ends that repeats and was given no end; its person is told."""
    max_lateness_seconds: int = Field(86_400, ge=0)
    """How late something may be said that was due while nothing ran, unless the reminder says otherwise."""
    shortest_interval_seconds: float = Field(60, ge=60)
    """How often a reminder may be due at most."""
    poll_seconds: float = Field(0.5, gt=0)
    """How often to look whether something has become due sooner than was known."""
    most_at_once: int = Field(200, ge=1, le=1_000)
    """Reminders that are said in one transaction."""
