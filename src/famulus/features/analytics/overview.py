"""What those see who run the server: the figures of a span of days, laid beside each other."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from famulus.features.analytics.errors import SpanNotShown
from famulus.features.analytics.figures import Figures
from famulus.features.analytics.records import CALLED, SENT, Span
from famulus.features.analytics.schemas import (
    AnalyticsView,
    MomentView,
    NameView,
    PercentilesView,
    ToolView,
    TotalsView,
    WaitsView,
)
from famulus.features.analytics.tallies import Tally, ToolTally, percentiles, sum_of
from famulus.features.usage.office import Tokens, tokens_of_everybody
from famulus.infra.database import Session
from famulus.infra.hours import Bucket, beginning_of
from famulus.settings.counting import AnalyticsSettings

_USUAL_DAYS: dict[Bucket, int] = {"hour": 2, "day": 30}
_MOST_DAYS: dict[Bucket, int] = {"hour": 14, "day": 366}
_MOST_NAMES = 50
_NONE, _NOTHING = Tokens(0, 0), Tally()
T = TypeVar("T")


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
    figures = Figures(session)
    found = await figures.of(span)
    tokens = await tokens_of_everybody(session, first=span.first, last=span.last, bucket=span.bucket)
    # Whoever comes on two days is one person.
    total = sum_of(found.values())
    return AnalyticsView(
        since=span.first,
        until=span.last,
        bucket=span.bucket,
        enabled=settings.enabled,
        retention_days=settings.retention_days,
        left_out=await figures.left_out(),
        totals=TotalsView(**_shown(total, _sum(tokens.values()))),
        data=[
            MomentView(
                at=beginning_of(number, span.bucket),
                **_shown(found.get(number, _NOTHING), tokens.get(number, _NONE)),
            )
            for number in sorted(found.keys() | tokens.keys())
        ],
        tools=[_tool(name, tool) for name, tool in _most(total.tools, lambda tool: tool.calls)],
        events=[
            NameView(name=name, many=many, people=len(total.people[name]))
            for name, many in _most(total.many, lambda many: many)
        ],
    )


def _shown(tally: Tally, spent: Tokens) -> dict[str, Any]:
    return {
        "active_people": len(tally.people.get(SENT, ())),
        "messages": tally.many[SENT],
        "runs": dict(tally.ended),
        "tool_calls": tally.many[CALLED],
        "input_tokens": spent.input,
        "output_tokens": spent.output,
        "waits": WaitsView(
            first_words=PercentilesView.of(percentiles(tally.first_ms)),
            whole_turn=PercentilesView.of(percentiles(tally.took_ms)),
        ),
    }


def _tool(name: str, tool: ToolTally) -> ToolView:
    took = PercentilesView.of(percentiles(tool.took_ms))
    return ToolView(name=name, calls=tool.calls, succeeded=tool.succeeded, took=took)


def _most(by_name: Mapping[str, T], many: Callable[[T], int]) -> list[tuple[str, T]]:
    """The most frequent, and of those that are as frequent the first by name."""
    return sorted(by_name.items(), key=lambda named: (-many(named[1]), named[0]))[:_MOST_NAMES]


def _sum(spent: Iterable[Tokens]) -> Tokens:
    """All tokens together."""
    some = list(spent)
    return Tokens(sum(one.input for one in some), sum(one.output for one in some))
