"""`famulus db copy`: everything that one database has, in another."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa

from famulus import migrations

# What it imports is every feature, and so every table there is.
from famulus.apps import server as _server  # noqa: F401
from famulus.apps.alone import only_process
from famulus.features.files.repository import write_next_words
from famulus.infra.blobs import Blobs
from famulus.infra.copying import Copied, Copier
from famulus.infra.copying.copier import Phase
from famulus.infra.database import Database
from famulus.infra.postgres import PostgresDatabase
from famulus.infra.schema import metadata
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.addresses import is_postgres
from famulus.kit.errors import Conflict, Invalid, NotFound, Unavailable

_PATIENCE_SECONDS = 3_600
_INDEXED_AT_ONCE = 500
_SQLITE = "sqlite:///"


class DatabaseInUse(Conflict):
    """A server, or another copy, works on the database."""


class NothingToCopy(NotFound):
    """There is no database at the address."""


class AddressUnknown(Invalid):
    """Nothing that Famulus can use is at such an address."""


class SameDatabase(Invalid):
    """A database was to be copied to itself."""


class SchemaOutdated(Conflict):
    """The database's schema is another one than this version's."""


class TargetNotEmpty(Conflict):
    """The target has data of its own."""


_Index = Callable[..., Coroutine[Any, Any, int | None]]
_INDICES: tuple[_Index, ...] = (write_next_words,)
"""What writes the indices that one kind of database keeps beside its tables; they are made again in the copy."""


async def copy(source_url: str, target_url: str, show: Phase) -> list[Copied]:
    """Copy everything, verify it, and say what was copied; after a failure, the same call goes on where it was."""
    source_name, target_name = named(source_url), named(target_url)
    if source_name == target_name:
        raise SameDatabase("The source and the target are the same database.")
    with ExitStack() as held:
        for url in (source_url, target_url):
            await _take(url, held, must_exist=url == source_url)
        _agree_on_schema(source_url, target_url)
        async with _opened(source_url) as source, _opened(target_url) as target:
            copier = Copier(source, target, _copied_tables(), show)
            await _begin(copier, source_name, target_url)
            await copier.copy()
            for write_next in _INDICES:
                await _index(target, write_next)
            copied = await copier.verify()
        migrations.end_copy(target_url)
        return copied


async def copy_blobs(source: Blobs, target: Blobs, show: Phase) -> int:
    """Copy the bytes that rows have keys for; how many blobs were not there yet."""
    there = {blob.key: blob.size async for blob in target.all()}
    missing = [blob async for blob in source.all() if there.get(blob.key) != blob.size]
    with show("Copying blobs of", sum(blob.size for blob in missing)) as advance:
        for blob in missing:
            part = await target.begin(blob.key)
            try:
                async for piece in source.read(blob.key):
                    await part.write(piece)
                    advance(len(piece))
                await part.keep()
            except BaseException:
                await part.discard()
                raise
    return len(missing)


def check_address(url: str) -> None:
    """Raise `Invalid` unless a database of either kind may be at this address."""
    if not is_postgres(url) and not (url.startswith(_SQLITE) and len(url) > len(_SQLITE)):
        raise AddressUnknown("The address of a database begins with sqlite:/// or postgresql://.")


def named(url: str) -> str:
    """The address without what is secret in it."""
    if is_postgres(url):
        return sa.make_url(url).set(query={}).render_as_string(hide_password=True)
    return f"sqlite:///{_file(url).resolve()}"


async def _take(url: str, held: ExitStack, *, must_exist: bool) -> None:
    """Make sure that nobody works on a database, for as long as this lasts where that can be had."""
    if is_postgres(url):
        others = await _others_on(url)
        if others:
            raise DatabaseInUse(f"Something else uses {named(url)} ({others} connections): stop it first.")
        return
    path = _file(url)
    if must_exist and not path.is_file():
        raise NothingToCopy(f"There is no database at {path}.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = only_process(path)
    if lock is None:
        raise DatabaseInUse(f"A server is running on {path}: stop it first.")
    held.enter_context(lock)


async def _others_on(url: str) -> int:
    """How many connections other processes of ours have to a database."""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"{named(url)} cannot be reached: {error or type(error).__name__}.") from error
    try:
        others: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'famulus'"
        )
        return others
    finally:
        await connection.close()


def _agree_on_schema(source_url: str, target_url: str) -> None:
    """Both at this version's revision; a target that has no tables yet gets them."""
    revision, newest = migrations.revision_of(source_url)
    if migrations.copying_from(source_url):
        raise SchemaOutdated("The source is itself a copy that is not finished.")
    if revision != newest:
        raise SchemaOutdated(
            f"The source is at revision {revision or 'nothing'}, and this version is at {newest}: "
            "run famulus db upgrade on it first."
        )
    if migrations.revision_of(target_url)[0] is None:
        migrations.upgrade(target_url)
    revision, _ = migrations.revision_of(target_url)
    if revision != newest:
        raise SchemaOutdated(f"The target is at revision {revision}, and the source at {newest}.")


def _copied_tables() -> list[sa.Table]:
    """Every table but those that follow from others; the copy makes these by itself."""
    return [table for table in metadata.sorted_tables if not table.info.get("derived")]


async def _index(target: Database, write_next: _Index) -> None:
    after: int | None = 0
    while after is not None:
        after = await target.write(partial(write_next, after=after, most=_INDEXED_AT_ONCE))


async def _begin(copier: Copier, source_name: str, target_url: str) -> None:
    begun_from = migrations.copying_from(target_url)
    if begun_from is None:
        there = await copier.rows_in_target()
        if there:
            tables = ", ".join(sorted(there))
            raise TargetNotEmpty(f"The target has data of its own, in {tables}: give an empty database.")
        migrations.begin_copy(target_url, source_name)
    elif begun_from != source_name:
        raise TargetNotEmpty(f"The target is the unfinished copy of {begun_from}: go on with that, or empty it.")


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database: Database
    if is_postgres(url):
        # One connection, and statements that take as long as a large table needs.
        database = PostgresDatabase(url, pool_size=1, timeout_seconds=_PATIENCE_SECONDS)
    else:
        database = SqliteDatabase(url, readers=1)
    try:
        yield database
    finally:
        await database.close()


def _file(url: str) -> Path:
    return Path(sa.make_url(url).database or "")
