"""Usage as clients see it: tokens as numbers, costs in the server's currency."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from famulus.features.usage.office import Spender
from famulus.features.usage.records import MILLION, Metric, Period, Price, Total
from famulus.features.usage.service import Standing
from famulus.kit.pages import Page
from famulus.kit.schemas import Draft

By = Literal["day", "feature", "model"]


class TotalView(BaseModel):
    """What was spent."""

    by: str
    requests: int
    input_tokens: int
    output_tokens: int
    tool_calls: int
    cost: float

    @classmethod
    def of(cls, total: Total) -> Self:
        return cls(
            by=total.by,
            requests=total.requests,
            input_tokens=total.input_tokens,
            output_tokens=total.output_tokens,
            tool_calls=total.tool_calls,
            cost=total.cost / MILLION,
        )


class LimitView(BaseModel):
    """A limit, and how much of it is taken; work under way is counted as it was estimated."""

    feature: str
    metric: Metric
    window: Period
    used: float
    limit: float
    resets_at: datetime

    @classmethod
    def of(cls, standing: Standing) -> Self:
        unit = MILLION if standing.metric == "cost" else 1
        return cls(
            feature=standing.feature,
            metric=standing.metric,
            window=standing.window.period,
            used=standing.used / unit,
            limit=standing.limit / unit,
            resets_at=standing.window.resets_at,
        )


class StorageView(BaseModel):
    """What one's files take."""

    used_bytes: int
    limit_bytes: int


class UsageView(BaseModel):
    """What somebody has spent, and may still spend."""

    plan: str
    currency: str
    limits: list[LimitView]
    today: list[TotalView]
    """By feature."""
    month: list[TotalView]
    """By feature."""
    storage: StorageView


class HistoryView(BaseModel):
    """What was spent from one day to another."""

    since: date
    until: date
    by: By
    currency: str
    data: list[TotalView]


class SpenderView(BaseModel):
    """A person, their plan, and what they spent."""

    user_id: str
    plan: str
    total: TotalView

    @classmethod
    def of(cls, spender: Spender) -> Self:
        return cls(user_id=spender.user_id, plan=spender.plan, total=TotalView.of(spender.total))


class SpenderPage(Page[SpenderView]):
    """One page of what people spent."""

    plans: list[str]
    """Those that somebody may be put on."""


class PlanChoice(Draft):
    """The plan to put somebody on."""

    plan: str = Field(min_length=1, max_length=100)


class PriceDraft(Draft):
    """What a million tokens of a model cost."""

    model: str = Field(min_length=1, max_length=200)
    input: float = Field(ge=0, le=1_000_000, strict=True)
    output: float = Field(ge=0, le=1_000_000, strict=True)

    def price(self) -> Price:
        return Price(round(self.input * MILLION), round(self.output * MILLION))


class PriceView(BaseModel):
    """What a million tokens of a model cost."""

    model: str
    input: float
    output: float

    @classmethod
    def of(cls, model: str, price: Price) -> Self:
        return cls(model=model, input=price.input / MILLION, output=price.output / MILLION)


class PriceTable(BaseModel):
    """Every model that has a price."""

    currency: str
    data: list[PriceView]
