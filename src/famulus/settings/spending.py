"""What people may spend."""

from pydantic import Field

from famulus.settings.section import Section


class UsageLimits(Section):
    """How much at most; what is left out has no limit. Days and months are those of UTC."""

    requests_per_day: int | None = Field(None, ge=0)
    """Runs, for instance."""
    requests_per_month: int | None = Field(None, ge=0)
    """Runs, for instance."""
    tokens_per_day: int | None = Field(None, ge=0)
    """Tokens that models read and write."""
    tokens_per_month: int | None = Field(None, ge=0)
    """Tokens that models read and write."""
    cost_per_day: float | None = Field(None, ge=0)
    """Money, in the currency of the price table."""
    cost_per_month: float | None = Field(None, ge=0)
    """Money, in the currency of the price table."""


class UsageSettings(Section):
    """What people may spend."""

    plans: dict[str, dict[str, UsageLimits]] = Field({"free": {}, "pro": {}})
    """Plans by their names: limits by feature (`chat`, `memory` for what is learnt from turns, or `all` for everything
    together), such as `{"free": {"chat": {"requests_per_day": 50}}}`."""
    default_plan: str = "free"
    """The plan of people for whom nobody has chosen one."""
    reserved_tokens: int = Field(2_000, ge=0)
    """What a run is taken to need in tokens until its provider has said what it took."""
    warn_percent: int = Field(80, ge=1, le=99)
    """At which part of a limit a person is warned, once in its window."""
    currency: str = "USD"
    """The currency of the price table and of cost limits."""
