"""A change to what is remembered, as a model asks for it: carried out, or kept until the person has said yes."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from famulus.memory.schemas import MOST_AT_ONCE, MemoryDraft, MemoryPatch, MemoryView, Name, Sent, Time


class _Change(Sent):
    @model_validator(mode="after")
    def _say_which(self) -> Self:
        # What a change leaves unsaid is not written down with it; which change it is always is.
        self.model_fields_set.add("do")
        return self


class Remembering(_Change):
    """Remember something."""

    do: Literal["remember"] = "remember"
    draft: MemoryDraft


class Correcting(_Change):
    """Replace a memory by a better version."""

    do: Literal["correct"] = "correct"
    memory_id: Name
    patch: MemoryPatch


class Forgetting(_Change):
    """Forget a memory."""

    do: Literal["forget"] = "forget"
    memory_id: Name


Change = Annotated[Remembering | Correcting | Forgetting, Field(discriminator="do")]


class ProposalDraft(Sent):
    """A change that the person has to agree to."""

    key: Name
    """The sender's name for it: under the same key it is proposed once."""
    change: Change
    session: Name | None = None
    """What it came up in."""
    source_id: Name | None = None
    """The run that asks for it."""


class ManyProposals(Sent):
    """Several changes that the person has to agree to."""

    proposals: Annotated[list[ProposalDraft], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ManyLessons(Sent):
    """What was learnt out of what was said."""

    lessons: Annotated[list[Change], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ProposalView(BaseModel):
    """A change that waits for the person to agree."""

    id: str
    change: Change
    session: str | None = None
    """What it came up in."""
    source_id: str | None
    created_at: Time


class Proposals(BaseModel):
    """What waits for the person to agree, oldest first."""

    data: list[ProposalView]
    has_more: bool
    next: str | None = None


class Accepted(BaseModel):
    """What an accepted change came to."""

    memory: MemoryView | None
    """The memory as it is now; nothing where it was forgotten."""


class Proposal(BaseModel):
    """A change that waits, once it is read."""

    id: str
    user_id: str
    key: str
    change: Change
    session: str | None
    source_id: str | None
    created_at: datetime
