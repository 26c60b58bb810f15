"""What is counted of how the server is used."""

from typing import Annotated

from pydantic import Field, SecretStr

from famulus.settings.section import Section


class AnalyticsSettings(Section):
    """What is counted of how the server is used, for those who run it; never what anybody says."""

    enabled: bool = True
    """Whether anything is noted. Each person can have themselves left out besides."""
    retention_days: int = Field(90, ge=1, le=3_650)
    """For how many days it is kept."""
    flush_seconds: float = Field(5, gt=0)
    """Pause between two writes of what has happened meanwhile; what is not written is lost with its process."""
    buffer: int = Field(10_000, ge=1)
    """Events that wait to be written at most, as when the database is away; what comes after that is left out."""
    requests_per_minute: int = Field(120, ge=1)
    """Requests with events of its own that a person's page or program may send."""
    forward_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address to which everything noted is sent as well, in the form of PostHog's `/batch/`, such as
    `https://eu.i.posthog.com/batch/`. What was sent there is not deleted there when somebody leaves this server."""
    forward_key: SecretStr | None = None
    """The key of the project there."""
