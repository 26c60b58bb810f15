"""Everything an operator may change, in frozen sections.

Read, strongest first, from `FAMULUS_SECTION__NAME` in the environment, the same names in `.env`, the names other tools
agree on (`OPENAI_API_KEY`, `OPENAI_BASE_URL`, `DATABASE_URL`, `REDIS_URL`), `famulus.toml`, and the defaults below.
"""

import ipaddress
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from famulus.kit.addresses import is_postgres
from famulus.settings.conventional import ConventionalNames
from famulus.settings.counting import AnalyticsSettings
from famulus.settings.limits import LimitSettings
from famulus.settings.outward import (
    CalendarSettings,
    MailSettings,
    NotificationSettings,
    OutboundSettings,
    ReminderSettings,
    TelemetrySettings,
)
from famulus.settings.section import Section
from famulus.settings.spending import UsageSettings


def _network(text: str) -> str:
    ipaddress.ip_network(text, strict=False)
    return text


def _database(url: SecretStr) -> SecretStr:
    address = url.get_secret_value()
    if not address.startswith("sqlite:///") and not is_postgres(address):
        raise ValueError("the address begins with sqlite:/// or postgresql://")
    if is_postgres(address) and not _has_whole_port(address):
        raise ValueError("the address is not whole, such as postgresql://famulus:password@127.0.0.1:5432/famulus")
    return url


def _redis(url: SecretStr) -> SecretStr:
    address = url.get_secret_value()
    if not address.startswith(("redis://", "rediss://", "unix://")) or not _has_whole_port(address):
        raise ValueError("the address begins with redis://, rediss:// or unix://, such as redis://127.0.0.1:6379/0")
    return url


def _has_whole_port(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.port is None or bool(parts.hostname)
    except ValueError:
        return False


Network = Annotated[str, AfterValidator(_network)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]


class ServerSettings(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback needs an owner with a password, or a setup token you chose."""
    port: int = Field(8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    public_url: str | None = None
    """What people type to reach this server, such as `https://famulus.example`; https makes cookies Secure."""
    trusted_proxies: tuple[Network, ...] = ()
    """Addresses of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    allowed_origins: tuple[str, ...] = ()
    """Other origins whose pages may use a person's session, such as a front end served elsewhere."""
    max_body_bytes: int = Field(1_048_576, ge=1024)
    """Largest request body, in bytes, on routes that take no files."""
    docs: bool = False
    """Whether `/docs` shows the interactive API pages; `/openapi.json` is always there."""
    drain_seconds: float = Field(20, ge=0)
    """How long a stopping server lets runs finish before it hands them over to the next start."""

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ip_network(proxy, strict=False)
        return proxies


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: DatabaseUrl | None = None
    """Address of the database, `postgresql://…` or `sqlite:///…`; without one, `famulus.db` in the data folder."""
    readers: int = Field(2, ge=1, le=32)
    """Threads that read from SQLite beside the one that writes."""
    pool_size: int = Field(10, ge=1, le=500)
    """Connections to PostgreSQL that one process opens at most."""


class RedisSettings(Section):
    """Word between processes, so that what one does the others show at once."""

    url: RedisUrl | None = None
    """Address of a Redis server; without one, processes find out by looking into the database twice a second."""


class ModelSettings(Section):
    """The language model."""

    base_url: str | None = None
    """Address of an OpenAI-compatible endpoint, up to and including `/v1`."""
    api_key: SecretStr | None = None
    """Key for that endpoint; a local one usually needs none."""
    name: str | None = None
    """Name of the model that assistants use unless they name another; needed with an address."""
    choices: tuple[str, ...] = ()
    """Further models of the endpoint that people may choose."""
    connect_timeout_seconds: float = Field(10, gt=0)
    """How long to wait for a connection to the provider."""
    first_byte_timeout_seconds: float = Field(120, gt=0)
    """How long to wait for the provider's first byte."""
    idle_timeout_seconds: float = Field(60, gt=0)
    """How long the provider may be silent within an answer."""
    attempts: int = Field(4, ge=1, le=10)
    """How often a call is tried when the provider fails in a way that passes, before its first token."""
    max_retry_delay_seconds: float = Field(60, ge=0)
    """Longest pause between two tries, whatever the provider asks for."""
    offline_words_per_second: float = Field(40, ge=0)
    """Pace of the offline stand-in model; 0 is as fast as it can."""


class AgentSettings(Section):
    """How far a run may go."""

    max_steps: int = Field(25, ge=1)
    """Model calls in one run."""
    run_timeout_seconds: float = Field(900, gt=0)
    """How long a run may work before it expires."""
    action_timeout_seconds: float = Field(600, gt=0)
    """How long a run waits for tool outputs from its client before it expires."""
    tool_timeout_seconds: float = Field(60, gt=0)
    """How long one tool call may take, unless the tool says otherwise."""
    max_parallel_tools: int = Field(8, ge=1)
    """Tool calls of one round that run at the same time."""
    max_tool_output_characters: int = Field(65_536, ge=256)
    """What a model reads of one tool's output; the rest is cut with a note."""
    context_tokens: int = Field(16_000, ge=256)
    """How much of a conversation a model is shown, in estimated tokens."""
    max_message_characters: int = Field(40_000, ge=1)
    """Longest message a person may send."""
    tool_modules: tuple[str, ...] = ()
    """Python modules whose tools are added to the built-in ones."""
    max_active_runs_per_user: int = Field(1_000, ge=1)
    """Runs of one person that may be queued or at work at once."""


class StreamSettings(Section):
    """Event streams to clients."""

    flush_seconds: float = Field(0.05, ge=0, le=1)
    """Pause in which events are gathered into one write; the first words of an answer never wait."""
    heartbeat_seconds: float = Field(15, gt=0)
    """How often an idle stream sends a sign of life."""
    max_seconds: float = Field(3_600, gt=0)
    """Longest life of one connection; clients resume where they were."""
    stall_seconds: float = Field(30, gt=0)
    """How long a client may refuse to take bytes before it is cut off; it can resume."""
    per_user: int = Field(1_000, ge=1)
    """Streams one person may hold open on one server."""


class JobSettings(Section):
    """Background work."""

    concurrency: int = Field(1_000, ge=1)
    """Jobs one process works on at once; nearly all of their time is waiting."""
    lease_seconds: float = Field(15, gt=0)
    """How long a silent worker keeps a job before another may take it."""
    poll_seconds: float = Field(1, gt=0)
    """How often to look for due work that nobody announced."""
    max_attempts: int = Field(5, ge=1)
    """Starts of one job before it is given up, visibly."""


class AccountSettings(Section):
    """People and their sign-in."""

    setup_token: SecretStr | None = None
    """The one-time token that makes the first person; without one, each start prints a fresh one."""
    token_minutes: float = Field(15, gt=0)
    """Life of a printed sign-in link."""
    invitation_days: float = Field(7, gt=0)
    """Life of an invitation."""
    session_days: float = Field(30, gt=0)
    """Longest life of a sign-in."""
    session_idle_days: float = Field(7, gt=0)
    """Life of a sign-in that nobody uses."""
    sign_in_attempts_per_minute: int = Field(10, ge=1)
    """Sign-in attempts allowed per account and address."""


class MemorySettings(Section):
    """What the assistant remembers of people."""

    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address of a memory service (`famulus memory`); without one, memories are kept in the server's own process."""
    service_key: SecretStr | None = None
    """The secret by which the server is known to the memory service; without one, both read or make
    `memory-service.key` in their data folder."""
    host: str = "127.0.0.1"
    """Address the memory service listens on."""
    port: int = Field(8001, ge=0, le=65535)
    """Port the memory service listens on; 0 takes a free one."""
    database_url: DatabaseUrl | None = None
    """Database of the memory service, when it is not the server's."""
    deadline_seconds: float = Field(0.3, gt=0)
    """How long a run waits for what is remembered before it goes on without."""
    pause_seconds: float = Field(5, ge=0)
    """How long runs go on without asking a memory that failed three times in a row; then one of them tries again."""
    call_seconds: float = Field(5, gt=0)
    """How long a tool, a person or a job waits for an answer of the memory service."""
    extraction: bool = True
    """Whether a turn is kept word for word and looked through, by the model that has answered, for what is worth
    remembering; what the user asks to be remembered is in any case."""
    recalled: int = Field(8, ge=1, le=50)
    """Most memories that a run is shown when it begins, beside those that are pinned."""
    embeddings: Literal["local", "endpoint", "none"] = "local"
    """How memories are found by meaning: with a model on this machine where it is installed, with an endpoint, or
    not."""
    embedding_base_url: str | None = None
    """Address of an OpenAI-compatible endpoint for embeddings, up to and including `/v1`, when it is not the language
    model's."""
    embedding_api_key: SecretStr | None = None
    """Key for that endpoint; the language model's is sent to the language model's alone."""
    embedding_model: str = "text-embedding-3-small"
    """The endpoint's model for embeddings. When it changes, everything is embedded anew in the background."""
    embedding_seconds: float = Field(0.25, gt=0)
    """How long a search waits for the endpoint before it goes by words alone; a run's search is over at
    `deadline_seconds` in any case."""


class FileSettings(Section):
    """What people upload."""

    max_bytes: int = Field(26_214_400, ge=1)
    """Largest file, in bytes."""
    max_per_request: int = Field(20, ge=1, le=1_000)
    """Most files in one upload."""
    quota_bytes: int = Field(5_368_709_120, ge=0)
    """How much one person's files may take in all, in bytes."""
    archive_bytes: int = Field(8_589_934_592, ge=1)
    """Largest archive that is imported, in bytes; while it is, it is kept in the data folder."""
    bucket: str | None = None
    """Name of an S3 bucket to keep files in, with a prefix if wanted: `bucket/prefix`. Without one, they are in
    the data folder. Needs the extra `s3`, and a prefix of its own: what no row names is removed. Have the bucket abort
    incomplete uploads after a day."""
    bucket_endpoint: str | None = None
    """Address of the bucket's service, where it is not Amazon's."""
    bucket_region: str | None = None
    """Region of the bucket."""
    bucket_key_id: SecretStr | None = None
    """Id of the key for the bucket; without one, what the machine has (environment, role)."""
    bucket_key: SecretStr | None = None
    """The key for the bucket."""
    reading_seconds: float = Field(25, gt=0, le=300)
    """How long the text of one file may take to be read."""
    text_characters: int = Field(4_000_000, ge=1_000)
    """How much text of one file is searched; what comes behind it is left out."""


class MetricsSettings(Section):
    """Figures for Prometheus, at `/metrics`."""

    token: SecretStr | None = None
    """The secret that a scraper sends as `Authorization: Bearer …`; without one there is no `/metrics`."""


class LogSettings(Section):
    """What the server says about itself, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least important level to write."""
    format: Literal["auto", "json", "text"] = "auto"
    """`json` for machines, `text` for people; `auto` is text on a terminal."""


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix="FAMULUS_",
        env_nested_delimiter="__",
        env_file=".env",
        toml_file="famulus.toml",
        frozen=True,
        # A .env file is shared with other programs: what is not ours in it is none of our business.
        extra="ignore",
        use_attribute_docstrings=True,
    )

    data_dir: Path = Path("data")
    """Folder for the SQLite file, secrets and blobs."""
    server: ServerSettings = ServerSettings()
    """The HTTP server."""
    database: DatabaseSettings = DatabaseSettings()
    """Where everything is kept."""
    redis: RedisSettings = RedisSettings()
    """Word between processes, so that what one does the others show at once."""
    model: ModelSettings = ModelSettings()
    """The language model."""
    agent: AgentSettings = AgentSettings()
    """How far a run may go."""
    streams: StreamSettings = StreamSettings()
    """Event streams to clients."""
    jobs: JobSettings = JobSettings()
    """Background work."""
    accounts: AccountSettings = AccountSettings()
    """People and their sign-in."""
    memory: MemorySettings = MemorySettings()
    """What the assistant remembers of people."""
    files: FileSettings = FileSettings()
    """What people upload."""
    limits: LimitSettings = LimitSettings()
    """How often anybody may ask."""
    metrics: MetricsSettings = MetricsSettings()
    """Figures for Prometheus, at `/metrics`."""
    outbound: OutboundSettings = OutboundSettings()
    """Requests to addresses that people name."""
    calendars: CalendarSettings = CalendarSettings()
    """Calendars that are kept elsewhere."""
    mail: MailSettings = MailSettings()
    """The mail server by which e-mail is sent."""
    notifications: NotificationSettings = NotificationSettings()
    """How people are told of what happens."""
    reminders: ReminderSettings = ReminderSettings()
    """What people are reminded of."""
    usage: UsageSettings = UsageSettings()
    """What people may spend."""
    analytics: AnalyticsSettings = AnalyticsSettings()
    """What is counted of how the server is used."""
    telemetry: TelemetrySettings = TelemetrySettings()
    """Traces, for an OpenTelemetry collector."""
    log: LogSettings = LogSettings()
    """What the server says about itself."""

    @property
    def database_url(self) -> str:
        """The database's address, with SQLite in the data folder as the default."""
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'famulus.db'}"

    @property
    def memory_database_url(self) -> str:
        """The memory service's database."""
        own = self.memory.database_url
        return own.get_secret_value() if own is not None else self.database_url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the conventional names below our own, and the TOML file below both."""
        return (
            init_settings,
            env_settings,
            dotenv_settings,
            file_secret_settings,
            ConventionalNames(settings_cls),
            TomlConfigSettingsSource(settings_cls),
        )


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
