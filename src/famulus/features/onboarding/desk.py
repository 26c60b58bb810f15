"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.onboarding.trial import ModelNamed
from famulus.features.reminders.desk import ReminderDesk
from famulus.kit.limits import SlidingLimit
from famulus.memory.client import Errands


@dataclass(frozen=True, slots=True)
class OnboardingDesk:
    """Where the first questions are asked."""

    reminders: ReminderDesk
    errands: Errands
    model_named: ModelNamed
    models: dict[str, bool]
    """Which may be chosen, and whether each is the stand-in."""
    trials: SlidingLimit
    """How often one person may try models: each try is a request to the provider."""


async def _desk(connection: HTTPConnection) -> OnboardingDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: OnboardingDesk = connection.app.state.onboarding
    return desk


OnboardingDeskDep = Annotated[OnboardingDesk, Depends(_desk)]
