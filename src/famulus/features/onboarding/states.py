"""The questions, and which comes after which."""

from typing import Literal

State = Literal["initial", "preferences", "model", "memories", "reminder", "done"]
Step = Literal["preferences", "model", "memories", "reminder"]
Outcome = Literal["answered", "skipped"]

STATES: tuple[State, ...] = ("initial", "preferences", "model", "memories", "reminder", "done")
STEPS: tuple[Step, ...] = ("preferences", "model", "memories", "reminder")


def after(state: State) -> State:
    """The state that follows; the last one is followed by itself."""
    return STATES[min(STATES.index(state) + 1, len(STATES) - 1)]


def is_behind(step: Step, state: State) -> bool:
    """Whether the step has been taken or skipped by somebody who is in this state."""
    return STATES.index(step) < STATES.index(state)
