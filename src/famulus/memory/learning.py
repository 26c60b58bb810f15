"""What was learnt out of what was said: kept, unless it is known already; what does not fit any more is left out."""

import re
from collections.abc import Sequence

import structlog

from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import FamulusError
from famulus.memory.changes import Change, Correcting, Remembering
from famulus.memory.proposals import carry_out
from famulus.memory.records import Kind
from famulus.memory.repository import MemoryRepository
from famulus.memory.schemas import Filters
from famulus.memory.service import Memories
from famulus.memory.words import words_of

_CANDIDATES = 10
# Of all the words of two texts, how many they must share to say the same.
_SAME = 0.9
_KNOWLEDGE: list[Kind] = ["fact", "preference", "event"]
_logger = structlog.get_logger()


async def learn(session: Session, user_id: str, lessons: Sequence[Change], *, now: Clock = utc_now) -> None:
    """Carry these out, each by itself: one that is known, or about something that is gone, changes nothing."""
    memories = Memories(session, user_id, now=now)
    repository = MemoryRepository(session, user_id)
    for lesson in lessons:
        if isinstance(lesson, Remembering) and await _is_known(repository, lesson, now):
            continue
        if isinstance(lesson, Correcting):
            current = await repository.find(lesson.memory_id)
            if current is None or current.superseded_by is not None:
                continue
        try:
            await carry_out(memories, lesson)
        except FamulusError as error:
            _logger.info("memory.lesson_left_out", code=error.code)


async def _is_known(repository: MemoryRepository, lesson: Remembering, now: Clock) -> bool:
    """Whether a current memory says this already; what was said or done is kept as often as it was."""
    draft = lesson.draft
    if draft.kind not in _KNOWLEDGE:
        return False
    filters = Filters(kinds=_KNOWLEDGE)
    near = await repository.with_words(words_of(draft.text), filters, limit=_CANDIDATES, at=now())
    return any(_alike(memory.text, draft.text) for memory in near)


def _alike(one: str, other: str) -> bool:
    """Whether two texts say the same in nearly the same words; numbers count, since they are what differs."""
    first, second = _words(one), _words(other)
    if {word for word in first ^ second if word.isdigit()}:
        return False
    return bool(first) and len(first & second) >= _SAME * len(first | second)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
