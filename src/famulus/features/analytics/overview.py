"""What those see who run the server: the figures of a span of days, laid beside each other."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from famulus.features.analytics.errors import SpanNotShown
from famulus.features.analytics.figures import Figures
from famulus.features.analytics.records import Percentiles, Span
from famulus.features.analytics.schemas import (
    AnalyticsView,
    MomentView,
    NameView,
    PercentilesView,
    ToolView,
    TotalsView,
    WaitsView,
)
from famulus.features.usage.office import Tokens, tokens_of_everybody
from famulus.infra.database import Session
from famulus.infra.hours import Bucket, beginning_of
from famulus.settings.counting import AnalyticsSettings

_USUAL_DAYS: dict[Bucket, int] = {"hour": 2, "day": 30}
_MOST_DAYS: dict[Bucket, int] = {"hour": 14, "day": 366}
_NONE = Tokens(0, 0)


def span_of(since: date | None, until: date | None, bucket: Bucket, *, today: date) -> Span:
    """The span that was asked for, where nothing was said the usual one; `SpanNotShown` when it is too long."""
    last = until or today
    first = since or last - min(timedelta(days=_USUAL_DAYS[bucket] - 1), last - date.min)
    most = _MOST_DAYS[bucket]
    if not 0 <= (last - first).days < most:
        raise SpanNotShown(f"By {bucket}, from the first day to the last are 1 to {most} days.")
    begins = datetime.combine(first, time(), UTC)
    ends = datetime.combine(last, time.max, UTC)
    return Span(first, last, begins, ends, bucket)


async def overview(session: Session, span: Span, settings: AnalyticsSettings) -> AnalyticsView:
    """Everything of the span, on one snapshot."""
    figures = Figures(session, span)
    data = await _moments(session, figures, span)
    return AnalyticsView(
        since=span.first,
        until=span.last,
        bucket=span.bucket,
        enabled=settings.enabled,
        retention_days=settings.retention_days,
        left_out=await figures.left_out(),
        totals=await _totals(figures, data),
        data=data,
        tools=[ToolView.of(tool) for tool in await figures.tools()],
        events=[NameView.of(one) for one in await figures.names()],
    )


async def _moments(session: Session, figures: Figures, span: Span) -> list[MomentView]:
    messages, runs, calls = await figures.messages(), await figures.runs(), await figures.calls()
    first = await figures.waits("first_ms", by_bucket=True)
    whole = await figures.waits("took_ms", by_bucket=True)
    tokens = await tokens_of_everybody(session, first=span.first, last=span.last, bucket=span.bucket)
    shown = []
    for number in sorted({*messages, *runs, *calls, *tokens}):
        many, people = messages.get(number, (0, 0))
        spent = tokens.get(number, _NONE)
        shown.append(
            MomentView(
                at=beginning_of(number, span.bucket),
                active_people=people,
                messages=many,
                runs=runs.get(number, {}),
                tool_calls=calls.get(number, 0),
                input_tokens=spent.input,
                output_tokens=spent.output,
                waits=_waits(first, whole, number),
            )
        )
    return shown


async def _totals(figures: Figures, data: list[MomentView]) -> TotalsView:
    runs: dict[str, int] = {}
    for moment in data:
        for outcome, many in moment.runs.items():
            runs[outcome] = runs.get(outcome, 0) + many
    first = await figures.waits("first_ms", by_bucket=False)
    whole = await figures.waits("took_ms", by_bucket=False)
    return TotalsView(
        # Whoever comes on two days is one person.
        active_people=await figures.active_people(),
        messages=sum(moment.messages for moment in data),
        runs=runs,
        tool_calls=sum(moment.tool_calls for moment in data),
        input_tokens=sum(moment.input_tokens for moment in data),
        output_tokens=sum(moment.output_tokens for moment in data),
        waits=_waits(first, whole, 0),
    )


def _waits(first: Mapping[int, Percentiles], whole: Mapping[int, Percentiles], number: int) -> WaitsView:
    return WaitsView(
        first_words=PercentilesView.of(first.get(number)), whole_turn=PercentilesView.of(whole.get(number))
    )
