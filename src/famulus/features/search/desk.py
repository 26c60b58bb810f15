"""What the doors of this feature need from their process, and how they reach it."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.search.finding import Finder


async def _finder(connection: HTTPConnection) -> Finder:
    # A coroutine, since the framework gives everything else a thread.
    finder: Finder = connection.app.state.search
    return finder


FinderDep = Annotated[Finder, Depends(_finder)]
