"""The shared clients of a process: one of each, opened at first use, closed once at its end.

client = get_openai_client()      any OpenAI-compatible endpoint: chat, streaming, embeddings
store = get_redis_client()        cache and queue; kept in this process where there is no Redis server
async with unit_of_work() as session: ...
"""

from contextlib import AbstractAsyncContextManager

from famulus import migrations
from famulus.infra.blobs import Blobs, FolderBlobs, open_bucket
from famulus.infra.database import Database, Session
from famulus.infra.http import http_session
from famulus.infra.llm import OpenAIClient, Retries, Timeouts
from famulus.infra.outbound import Outbound
from famulus.infra.postgres import PostgresDatabase
from famulus.infra.redis import Redis, make_redis
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.addresses import is_postgres
from famulus.kit.lazy import Lazy
from famulus.settings import DatabaseSettings, get_settings

BLOBS = "blobs"
"""The folder of blobs in the data folder."""
_OPENAI = "https://api.openai.com/v1"


def make_database(url: str, sizes: DatabaseSettings | None = None) -> Database:
    """The database at `url`: on a PostgreSQL server, or in one SQLite file."""
    sizes = sizes or DatabaseSettings()
    if is_postgres(url):
        return PostgresDatabase(url, pool_size=sizes.pool_size)
    return SqliteDatabase(url, readers=sizes.readers)


def _open_openai() -> OpenAIClient:
    model = get_settings().model
    return OpenAIClient(
        base_url=model.base_url or _OPENAI,
        api_key=model.api_key.get_secret_value() if model.api_key else None,
        timeouts=Timeouts(
            connect_seconds=model.connect_timeout_seconds,
            first_byte_seconds=model.first_byte_timeout_seconds,
            idle_seconds=model.idle_timeout_seconds,
        ),
        retries=Retries(attempts=model.attempts, max_delay_seconds=model.max_retry_delay_seconds),
    )


def _open_redis() -> Redis:
    url = get_settings().redis.url
    return make_redis(url.get_secret_value() if url else None)


def _open_outbound() -> Outbound:
    return Outbound(allowed=get_settings().outbound.allowed_hosts)


def _open_database() -> Database:
    settings = get_settings()
    return make_database(settings.database_url, settings.database)


def _open_blobs() -> Blobs:
    settings = get_settings()
    return open_bucket(settings.files) if settings.files.bucket else FolderBlobs(settings.data_dir / BLOBS)


get_openai_client: Lazy[OpenAIClient] = Lazy(_open_openai)
get_redis_client: Lazy[Redis] = Lazy(_open_redis, lambda client: client.close())
get_blobs: Lazy[Blobs] = Lazy(_open_blobs)
get_outbound: Lazy[Outbound] = Lazy(_open_outbound, Outbound.close)
get_database: Lazy[Database] = Lazy(_open_database, lambda database: database.close())


def unit_of_work() -> AbstractAsyncContextManager[Session]:
    """A transaction on the process's database: committed at the end of the block, undone by an exception."""
    return get_database().unit_of_work()


def init_db() -> None:
    """Bring the database's schema up to date; safe to call from many processes at once."""
    migrations.upgrade(get_settings().database_url)


async def close_clients() -> None:
    """Close whatever was opened."""
    await get_redis_client.close()
    await get_openai_client.close()
    await http_session.close()
    await get_outbound.close()
    await get_database.close()
