"""Whether the process lives, and whether it is ready to serve."""

from typing import Any

from fastapi import APIRouter, Request

from famulus.kit.problems import ErrorBody

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/ready", responses={503: {"model": ErrorBody}})
async def ready(request: Request) -> dict[str, Any]:
    """The process can do its work: its database answers and its worker gets on."""
    await request.app.state.database.ping()
    request.app.state.engine.worker.check_progress()
    return {"status": "ready"}
