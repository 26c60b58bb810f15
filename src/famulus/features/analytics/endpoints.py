"""What pages and programs note, how one is counted oneself, and for those who run the server the figures."""

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Depends, Query, status

from famulus.features.accounts.caller import AdminDep, Caller, CallerDep, requires
from famulus.features.analytics.desk import AnalyticsDesk, AnalyticsDeskDep
from famulus.features.analytics.errors import TooManyEvents
from famulus.features.analytics.overview import overview, span_of
from famulus.features.analytics.records import IDENTIFIED
from famulus.features.analytics.schemas import (
    AnalyticsView,
    Capture,
    Captured,
    CountingChoice,
    StandingView,
    Traits,
)
from famulus.features.analytics.service import Counting
from famulus.infra.hours import Bucket
from famulus.kit.clock import utc_now
from famulus.kit.facts import Fact
from famulus.kit.problems import errors
from famulus.kit.schemas import Day

router = APIRouter(prefix="/api/v1", responses=errors(), tags=["analytics"])

CountedDep = Annotated[Caller, Depends(requires("account"))]
Since = Annotated[Day | None, Query(alias="from", description="First day, in UTC; if left out, 30 days ago, or 2.")]
Until = Annotated[Day | None, Query(alias="to", description="Last day, in UTC; today if left out.")]


@router.post("/analytics/events", status_code=status.HTTP_202_ACCEPTED)
async def capture(sent: Capture, caller: CallerDep, desk: AnalyticsDeskDep) -> Captured:
    """Note what the caller did in a page or a program: names, words and numbers, never what anybody says.

    It is written later, and may be lost; sent again, it counts again. Of callers who are left out nothing is kept.
    """
    _refuse_many(caller, desk)
    for event in sent.events:
        desk.tell(Fact(caller.user_id, event.name, properties=event.properties))
    return Captured(accepted=len(sent.events) if desk.settings.enabled else 0)


@router.post("/analytics/identify")
async def identify(sent: Traits, caller: CallerDep, desk: AnalyticsDeskDep) -> StandingView:
    """Say what is known of the caller, such as the kind of client; nothing is kept of callers who are left out."""
    _refuse_many(caller, desk)
    if not desk.settings.enabled:
        return await show_standing(caller, desk)
    standing = await desk.database.write(lambda session: Counting(session, caller.user_id).identify(sent.traits))
    desk.tell(Fact(caller.user_id, IDENTIFIED))
    return StandingView.of(standing, enabled=True)


@router.get("/analytics/preferences")
async def show_standing(caller: CountedDep, desk: AnalyticsDeskDep) -> StandingView:
    """Whether the caller is left out, and what is known of them."""
    standing = await desk.database.read(lambda session: Counting(session, caller.user_id).standing())
    return StandingView.of(standing, enabled=desk.settings.enabled)


@router.patch("/analytics/preferences")
async def choose_standing(choice: CountingChoice, caller: CountedDep, desk: AnalyticsDeskDep) -> StandingView:
    """Be left out from now on, by which what was noted is removed; or be counted."""
    standing = await desk.database.write(lambda session: Counting(session, caller.user_id).opt(out=choice.opted_out))
    return StandingView.of(standing, enabled=desk.settings.enabled)


@router.get("/admin/analytics")
async def show_analytics(
    _admin: AdminDep, desk: AnalyticsDeskDep, since: Since = None, until: Until = None, bucket: Bucket = "day"
) -> AnalyticsView:
    """How the server was used from one day to another, by day or by hour: people, messages, runs, tokens, waits, tools.

    What people did who are left out is not in it, but for their tokens, which the books have.
    """
    span = span_of(since, until, bucket, today=utc_now().astimezone(UTC).date())
    return await desk.database.read(lambda session: overview(session, span, desk.settings))


def _refuse_many(caller: Caller, desk: AnalyticsDesk) -> None:
    if seconds := desk.limit.hit(caller.user_id):
        raise TooManyEvents("You send too many events.", retry_after_seconds=seconds)
