"""What those see who run the server: how it stands, its jobs, and those that were given up."""

import platform
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import BaseModel

from famulus import __version__
from famulus.apps.engine import Engine
from famulus.features.accounts.caller import AccountsDep, AdminDep, ClientDep
from famulus.features.accounts.parameters import After, Limit
from famulus.features.accounts.unit import Unit
from famulus.features.conversations.run_repository import count_active_by_status
from famulus.infra.database import Session
from famulus.jobs.census import Census, census
from famulus.jobs.office import DeadJob, JobOffice, KindFigures
from famulus.kit.clock import utc_now
from famulus.kit.errors import Unavailable
from famulus.kit.pages import DEFAULT_LIMIT, Page, checked_cursor, page_of
from famulus.kit.problems import errors
from famulus.kit.schemas import Time
from famulus.settings import Settings

router = APIRouter(prefix="/api/v1/admin", responses=errors(), tags=["operations"])


class KindView(BaseModel):
    """The jobs of one kind, by how they stand; what is done is gone."""

    kind: str
    due: int
    at_work: int
    later: int
    dead: int


class JobsView(BaseModel):
    """All the jobs there are."""

    data: list[KindView]


class DeadJobView(BaseModel):
    """A job that was given up, and why; not what it was to do."""

    id: str
    kind: str
    user_id: str | None
    attempts: int
    last_error: str | None
    created_at: Time
    due_at: Time


class QueueView(BaseModel):
    """How the queue stands."""

    due: int
    oldest_due_seconds: float
    dead: int


class HealthView(BaseModel):
    """How the process that answers stands, and what it stands on."""

    status: Literal["ready", "stuck"]
    problem: str | None
    """What does not get on."""
    degraded: list[str]
    """What is down, and done without."""
    version: str
    python: str
    database: Literal["sqlite", "postgresql"]
    redis: Literal["none", "connected", "away"]
    memory: Literal["within", "elsewhere"]
    works: bool
    """Whether this process does background work."""
    queue: QueueView
    runs: dict[str, int]
    """How many have not ended, by their status."""
    followers: int
    connections_in_use: int


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


EngineDep = Annotated[Engine, Depends(_engine)]


@router.get("/jobs")
async def list_job_kinds(_admin: AdminDep, accounts: AccountsDep) -> JobsView:
    """How many jobs there are of each kind: due, at work, later, given up."""
    kinds = await accounts.read(lambda unit: JobOffice(unit.session).kinds())
    return JobsView(data=[_kind(one) for one in kinds])


@router.get("/jobs/dead")
async def list_dead_jobs(
    _admin: AdminDep, accounts: AccountsDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[DeadJobView]:
    """Jobs that were given up, newest first, with what went wrong the last time."""
    before = checked_cursor(after, "job")
    found = await accounts.read(lambda unit: JobOffice(unit.session).dead(before=before, limit=limit + 1))
    return page_of([_dead(one) for one in found], limit=limit, cursor=lambda one: one.id)


@router.post("/jobs/{job_id}/retry", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def retry_job(
    job_id: str, admin: AdminDep, accounts: AccountsDep, client: ClientDep, engine: EngineDep
) -> Response:
    """Have a job that was given up tried again at once."""

    async def retry(unit: Unit) -> None:
        await JobOffice(unit.session).retry(job_id, engine.queue)
        await unit.note("job.retried", who=admin.user_id, about=job_id)

    await accounts.write(retry, client)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/jobs/{job_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def discard_job(job_id: str, admin: AdminDep, accounts: AccountsDep, client: ClientDep) -> Response:
    """Take away a job that was given up: what it was to do is not done."""

    async def discard(unit: Unit) -> None:
        await JobOffice(unit.session).discard(job_id)
        await unit.note("job.discarded", who=admin.user_id, about=job_id)

    await accounts.write(discard, client)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/health")
async def show_health(_admin: AdminDep, request: Request, engine: EngineDep) -> HealthView:
    """How this process stands: what is stuck, what is done without, and how much there is to do."""
    settings: Settings = request.app.state.settings
    database = request.app.state.database
    problem, degraded = None, []
    try:
        degraded = await engine.check_progress()
    except Unavailable as error:
        problem = error.message
    queue, runs = await database.read(_load)
    redis: Literal["connected", "away"] = "connected" if engine.relay.is_live else "away"
    return HealthView(
        status="stuck" if problem else "ready",
        problem=problem,
        degraded=degraded,
        version=__version__,
        python=platform.python_version(),
        database="sqlite" if database.path else "postgresql",
        redis=redis if settings.redis.url else "none",
        memory="elsewhere" if settings.memory.url else "within",
        works=engine.works,
        queue=QueueView(due=queue.due, oldest_due_seconds=queue.oldest_due_seconds, dead=queue.dead),
        runs=runs,
        followers=engine.log.followers,
        connections_in_use=database.connections_in_use,
    )


async def _load(session: Session) -> tuple[Census, dict[str, int]]:
    return await census(session, at=utc_now()), await count_active_by_status(session)


def _kind(figures: KindFigures) -> KindView:
    return KindView(kind=figures.kind, due=figures.due, at_work=figures.at_work, later=figures.later, dead=figures.dead)


def _dead(job: DeadJob) -> DeadJobView:
    return DeadJobView(
        id=job.id, kind=job.kind, user_id=job.user_id, attempts=job.attempts, last_error=job.last_error,
        created_at=job.created_at, due_at=job.due_at,
    )  # fmt: skip
