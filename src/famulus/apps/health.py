"""Whether the process lives, and whether it is ready to serve."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from famulus.apps.engine import Engine
from famulus.infra.database import Database
from famulus.infra.standing import Standing, standing
from famulus.kit.errors import Unavailable
from famulus.kit.problems import ErrorBody

_ANSWER_SECONDS = 5

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/ready", responses={503: {"model": ErrorBody}})
async def ready(request: Request) -> dict[str, Any]:
    """The process gets on with its work: its database answers, its event log is written, what is due is claimed.

    What does not is named. What is named as degraded is down, and done without: it comes later.
    """
    engine: Engine = request.app.state.engine
    # A process that has much to do is well all the same.
    with standing(Standing.URGENT):
        await _check(request.app.state.database)
        return {"status": "ready", "degraded": await engine.check_progress()}


async def _check(database: Database) -> None:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await database.ping()
    except TimeoutError:
        raise Unavailable("The database does not answer.", down="database") from None
    except Unavailable as error:
        raise Unavailable(error.message, down="database") from error
