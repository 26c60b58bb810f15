"""Bytes that nobody names: of uploads that were never finished, and of servers that died in between."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from famulus.features.files.repository import known_keys
from famulus.infra.blobs import Blobs, Stored
from famulus.infra.database import Database
from famulus.kit.errors import FamulusError

_logger = structlog.get_logger()
_AT_ONCE = 500
GRACE = timedelta(hours=2)
"""How old something must be to be an orphan: an upload that is under way is younger."""


async def sweep_orphans(database: Database, blobs: Blobs, *, before: datetime) -> int:
    """Remove parts that were left before then and blobs without a row, and say how many there were."""
    swept = await blobs.sweep_parts(before=before)
    old: list[Stored] = []
    async for stored in blobs.all():
        if stored.changed_at < before:
            old.append(stored)
        if len(old) == _AT_ONCE:
            swept += await _sweep(database, blobs, old)
            old = []
    swept += await _sweep(database, blobs, old)
    if swept:
        _logger.info("files.orphans_swept", count=swept)
    return swept


async def settle(database: Database, blobs: Blobs, keys: Sequence[str]) -> None:
    """After an attempt to name these: remove those that got no row. If nobody can tell now, sweeping will."""
    try:
        known = await database.read(lambda session: known_keys(session, keys))
        await blobs.remove([key for key in keys if key not in known])
    except FamulusError as error:
        _logger.warning("files.left_for_sweeping", code=error.code, count=len(keys))


async def _sweep(database: Database, blobs: Blobs, old: Sequence[Stored]) -> int:
    known = await database.read(lambda session: known_keys(session, [stored.key for stored in old]))
    orphans = [stored.key for stored in old if stored.key not in known]
    await blobs.remove(orphans)
    return len(orphans)
