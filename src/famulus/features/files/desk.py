"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import Caller, requires
from famulus.infra.blobs import Blobs
from famulus.infra.database import Database
from famulus.jobs.queue import JobQueue
from famulus.settings import FileSettings


@dataclass(frozen=True, slots=True)
class FileDesk:
    """Where requests about files are dealt with."""

    database: Database
    blobs: Blobs
    queue: JobQueue
    settings: FileSettings


async def _desk(connection: HTTPConnection) -> FileDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: FileDesk = connection.app.state.files
    return desk


FileDeskDep = Annotated[FileDesk, Depends(_desk)]
FilerDep = Annotated[Caller, Depends(requires("chat"))]
"""Somebody whose credential may have files."""
