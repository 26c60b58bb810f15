"""What clients send about the first questions, and what they get to see."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints

from famulus.features.accounts.schemas import ResponseStyle
from famulus.features.onboarding.records import Onboarding
from famulus.features.onboarding.states import STEPS, Outcome, State, Step
from famulus.kit.schemas import Draft, Text, View, Zone, not_a_number

MOST_MEMORIES = 10

Line = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Wishes(Draft):
    """Who somebody is, and how they want to be answered; what is left out stays as it is."""

    name: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    profession: Annotated[Text, StringConstraints(strip_whitespace=True, max_length=100)] | None = None
    response_style: ResponseStyle | None = None
    custom_instructions: Annotated[Text, StringConstraints(strip_whitespace=True, max_length=4_000)] | None = None
    zone: Zone | None = None
    """Where they are, as their browser knows it."""


class ChosenModel(Draft):
    """Which model answers."""

    model: Annotated[str, Field(min_length=1, max_length=200)]


class FirstMemories(Draft):
    """What is worth knowing about somebody."""

    memories: Annotated[list[Line], Field(min_length=1, max_length=MOST_MEMORIES)]


class FirstReminder(Draft):
    """Something not to forget."""

    title: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    at: Annotated[datetime, BeforeValidator(not_a_number)]
    """With an offset, or by the clock where the person is."""


class LeftOut(Draft):
    """A question that stays without an answer."""

    step: Step


Answer = Wishes | ChosenModel | FirstMemories | FirstReminder


class OnboardingView(View):
    """How far somebody is."""

    state: State
    steps: dict[Step, Outcome | None]
    """What has become of each step; null for one that is still to come."""
    dismissed: bool
    """Whether they do not want to be asked."""

    @classmethod
    def of(cls, onboarding: Onboarding) -> Self:
        taken = {step: onboarding.steps.get(step, {}).get("outcome") for step in STEPS}
        return cls.model_validate({"state": onboarding.state, "steps": taken, "dismissed": onboarding.dismissed})


class TrialRequest(Draft):
    """Which model to try."""

    model: Annotated[str, Field(min_length=1, max_length=200)]


class Trial(View):
    """Whether a model answers."""

    ok: bool
    model: str
    offline: bool
    """Whether it is the stand-in, which is no language model."""
    milliseconds: int
    code: str | None = None
    """What went wrong, for programs."""
    message: str
    """What came of it, for people."""
