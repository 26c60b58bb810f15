"""How a step begins."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from famulus.features.conversations.records import Run, Step, StepKind
from famulus.kit.ids import new_id


def new_step(run: Run, position: int, at: datetime, *, kind: StepKind, **values: Any) -> Step:
    """A step of the run that has just begun; `values` are those of its kind."""
    blank = Step(
        id=new_id("step"), user_id=run.user_id, conversation_id=run.conversation_id, run_id=run.id, position=position,
        kind=kind, status="in_progress", message_id=None, calls=None, call_id=None, name=None, arguments=None,
        output=None, show_input=True, error=None, usage=None, created_at=at, began_at=None, ended_at=None,
    )  # fmt: skip
    return replace(blank, **values)
