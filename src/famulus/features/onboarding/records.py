"""The noun, as its row has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from famulus.features.onboarding.states import State


@dataclass(frozen=True, slots=True)
class Onboarding:
    """How far somebody is."""

    user_id: str
    state: State
    steps: dict[str, dict[str, str]]
    changes: dict[str, dict[str, Any]]
    dismissed: bool
    created_at: datetime
    updated_at: datetime
