"""One's own usage, and for those who run the server everybody's, the plans and the prices, under `/api/v1`."""

from datetime import UTC, date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from famulus.features.accounts.caller import AdminDep, Caller, OwnerDep, requires
from famulus.features.accounts.parameters import After, Limit
from famulus.features.usage.desk import UsageDesk, UsageDeskDep
from famulus.features.usage.errors import SpanTooLong
from famulus.features.usage.office import UsageOffice
from famulus.features.usage.records import windows_at
from famulus.features.usage.schemas import (
    By,
    HistoryView,
    LimitView,
    PlanChoice,
    PriceDraft,
    PriceTable,
    PriceView,
    SpenderPage,
    SpenderView,
    StorageView,
    TotalView,
    UsageView,
)
from famulus.features.usage.service import Usage
from famulus.infra.database import Session
from famulus.kit.clock import utc_now
from famulus.kit.pages import DEFAULT_LIMIT, page_of
from famulus.kit.problems import errors
from famulus.kit.schemas import Day

router = APIRouter(prefix="/api/v1", responses=errors(), tags=["usage"])

SpenderDep = Annotated[Caller, Depends(requires("account"))]
Since = Annotated[Day | None, Query(description="First day, in UTC; 30 days ago if left out.")]
Until = Annotated[Day | None, Query(description="Last day, in UTC; today if left out.")]

_USUAL_DAYS = 30
_MOST_DAYS = 366


@router.get("/usage")
async def show_usage(caller: SpenderDep, desk: UsageDeskDep) -> UsageView:
    """One's plan, how much of its limits is taken, and what was spent today and this month."""

    async def look(session: Session) -> UsageView:
        usage = Usage(session, caller.user_id, desk.plans)
        day, month = windows_at(utc_now().astimezone(UTC).date())
        today = await usage.totals("feature", first=day.starts_on, last=day.starts_on)
        this_month = await usage.totals("feature", first=month.starts_on, last=day.starts_on)
        used, limit = await desk.storage(session, caller.user_id)
        return UsageView(
            plan=await usage.plan(),
            currency=desk.plans.settings.currency,
            limits=[LimitView.of(standing) for standing in await usage.standings()],
            today=[TotalView.of(total) for total in today],
            month=[TotalView.of(total) for total in this_month],
            storage=StorageView(used_bytes=used, limit_bytes=limit),
        )

    return await desk.database.read(look)


@router.get("/usage/history")
async def show_history(
    caller: SpenderDep, desk: UsageDeskDep, since: Since = None, until: Until = None, by: By = "day"
) -> HistoryView:
    """What one spent from one day to another, by day, feature or model; days without anything are left out."""
    first, last = _span(since, until)
    totals = await desk.database.read(
        lambda session: Usage(session, caller.user_id, desk.plans).totals(by, first=first, last=last)
    )
    currency = desk.plans.settings.currency
    return HistoryView(since=first, until=last, by=by, currency=currency, data=[TotalView.of(t) for t in totals])


@router.get("/admin/usage")
async def list_spenders(
    _admin: AdminDep,
    desk: UsageDeskDep,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> SpenderPage:
    """What everybody spent from one day to another, with their plans."""
    first, last = _span(since, until)
    found = await desk.database.read(
        lambda session: _office(session, desk).spenders(first=first, last=last, after=after, limit=limit + 1)
    )
    page = page_of([SpenderView.of(one) for one in found], limit=limit, cursor=lambda one: one.user_id)
    return SpenderPage(data=page.data, has_more=page.has_more, next=page.next, plans=desk.plans.names)


@router.put("/admin/users/{user_id}/plan", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def choose_plan(user_id: str, choice: PlanChoice, admin: AdminDep, desk: UsageDeskDep) -> Response:
    """Put somebody on a plan; what they have spent already counts in it. Nobody but the owner chooses the owner's."""
    await desk.database.write(
        lambda session: _office(session, desk).put_on_plan(user_id, choice.plan, by_owner=admin.is_owner)
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/admin/prices")
async def list_prices(_admin: AdminDep, desk: UsageDeskDep) -> PriceTable:
    """What a million tokens of each model cost."""
    prices = await desk.database.read(lambda session: _office(session, desk).prices())
    return PriceTable(
        currency=desk.plans.settings.currency, data=[PriceView.of(model, price) for model, price in prices.items()]
    )


@router.put("/admin/prices")
async def set_price(draft: PriceDraft, _owner: OwnerDep, desk: UsageDeskDep) -> PriceView:
    """Say what a model costs from now on; what was spent before keeps its cost."""
    await desk.database.write(lambda session: _office(session, desk).set_price(draft.model, draft.price()))
    return PriceView.of(draft.model, draft.price())


@router.delete("/admin/prices", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def drop_price(
    model: Annotated[str, Query(min_length=1, max_length=200)], _owner: OwnerDep, desk: UsageDeskDep
) -> Response:
    """Take a model out of the price table: it costs nothing from now on."""
    await desk.database.write(lambda session: _office(session, desk).drop_price(model))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _span(since: date | None, until: date | None) -> tuple[date, date]:
    last = until or utc_now().astimezone(UTC).date()
    first = since or last - min(timedelta(days=_USUAL_DAYS - 1), last - date.min)
    if not 0 <= (last - first).days < _MOST_DAYS:
        raise SpanTooLong(f"From the first day to the last are 1 to {_MOST_DAYS} days.")
    return first, last


def _office(session: Session, desk: UsageDesk) -> UsageOffice:
    return UsageOffice(session, desk.plans)
