"""How a model provider fails.

ProviderFailed
└── ProviderFault
    ├── ProviderUnreachable   502  no connection, or it was lost before an answer
    ├── ProviderTimedOut      502  it was silent for too long
    ├── ProviderRateLimited   502  it asks to wait
    ├── ProviderRejected      502  it does not accept the request
    │   └── ContextTooLong    413  the conversation is longer than the model can read
    ├── ProviderKeyRefused    502  the key is not good
    └── ProviderBroken        502  it answers with garbage, with an error, or with half of an answer
"""

from typing import ClassVar

from famulus.kit.errors import ProviderFailed


class ProviderFault(ProviderFailed):
    """A failure of the provider; what it said itself is for operators, never for users."""

    advice: ClassVar[str] = "The model provider failed."

    def __init__(
        self,
        message: str | None = None,
        *,
        transient: bool = False,
        said: str | None = None,
        **details: object,
    ) -> None:
        super().__init__(message or self.advice, **details)
        self.transient = transient
        """Whether trying again may help."""
        self.said = said
        """The provider's own words, cleaned and shortened."""


class ProviderUnreachable(ProviderFault):
    """There is no connection to the provider."""

    advice = "The model provider cannot be reached."


class ProviderTimedOut(ProviderFault):
    """The provider was silent for too long."""

    advice = "The model provider took too long to answer."


class ProviderRateLimited(ProviderFault):
    """The provider asks to wait; `retry_after_seconds` in the details says for how long, if it told."""

    advice = "The model provider is asked too much at the moment. Try again later."


class ProviderRejected(ProviderFault):
    """The provider does not accept the request; `provider_status` in the details is its HTTP status."""

    advice = "The model provider does not accept the request."


class ContextTooLong(ProviderRejected):
    """The conversation is longer than the model can read."""

    status = 413
    advice = "The conversation is too long for the model."


class ProviderKeyRefused(ProviderFault):
    """The provider does not accept the configured key."""

    advice = "The model provider does not accept the configured key."


class ProviderBroken(ProviderFault):
    """The provider answers with garbage, with an error inside an answer, or with half of an answer."""

    advice = "The model provider's answer broke off or made no sense."
