"""Finding: what the index and the memory say together, and each hit as it is now."""

import asyncio
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import structlog

from famulus.features.conversations.service import Conversations
from famulus.features.search.errors import InvalidCursor, NothingToFind
from famulus.features.search.gathering import Filter, Gathered, gather
from famulus.features.search.indexing import Indexer
from famulus.features.search.queries import Query, parsed
from famulus.features.search.records import Found
from famulus.features.search.remembered import Remembered, Rememberer
from famulus.features.search.repository import IndexRepository
from famulus.features.search.schemas import HitPage, HitView, Kind, Search
from famulus.features.search.snippets import marks_in, snippet_of
from famulus.features.search.words import MOST_CHARACTERS, composed, folded
from famulus.infra.database import Database, Session
from famulus.kit.errors import FamulusError

_logger = structlog.get_logger()
_MOST_RANKED = 1_000
_MOST_AT_ONCE = 200
# Texts are looked at until there are so many characters of them; a page may then be short, and go on.
_MOST_LOOKED_AT = 4_000_000
# So much of what was just written is taken in before a search; what is more is taken in behind it.
_BATCHES = 8
_CURSOR = re.compile(r"([0-9]{1,9})\.([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a page begins: among what there was when the first was shown."""

    upto: int | None = None
    position: int = 0

    @classmethod
    def read(cls, after: str | None) -> "_Cursor":
        if after is None:
            return cls()
        match = _CURSOR.fullmatch(after)
        if match is None:
            raise InvalidCursor("Pass `next` of the page before as `after`, unchanged.")
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Something that the words fit."""

    score: float
    number: int
    memory: Found | None = None


@dataclass(slots=True)
class _Shown:
    """What is shown of the candidates, and where the next page begins, if there is one."""

    hits: list[Found] = field(default_factory=list)
    next: int | None = None


class Finder:
    """Finds what belongs to a person."""

    def __init__(self, database: Database, indexer: Indexer, memory: Rememberer) -> None:
        self._database = database
        self._indexer = indexer
        self._memory = memory
        self._ranking: Any = None

    async def search(self, user_id: str, search: Search, *, after: str | None = None, limit: int = 20) -> HitPage:
        """A page of what is found, the best first."""
        query, cursor = parsed(search.query), _Cursor.read(after)
        if not query.words:
            raise NothingToFind("There is nothing in the query that could be found.")
        within = Filter(search.kinds, search.since, search.until, search.conversation_id)
        caught_up = await self._catch_up(user_id)
        (gathered, ranked, has_all), remembered = await asyncio.gather(
            self._ranked(user_id, query, within, cursor), self._memory.about(user_id, search, query)
        )
        candidates = _merged(ranked, remembered.hits)

        async def show(session: Session) -> _Shown:
            return await self._shown(session, user_id, gathered, candidates, query, within, cursor.position, limit)

        shown = await self._database.read(show)
        upto = gathered.last_number if gathered else cursor.upto or 0
        degraded = ([] if caught_up else ["index"]) + (["memory"] if remembered.is_silent else [])
        return HitPage(
            data=[_view(one, query) for one in shown.hits],
            has_more=shown.next is not None,
            next=None if shown.next is None else f"{upto}.{shown.next}",
            match=_match(has_all=has_all, ranked=ranked, remembered=remembered),
            semantic=["memory"] if remembered.by_meaning else [],
            degraded=degraded,
        )

    async def _catch_up(self, user_id: str) -> bool:
        """Take in what was just written, if it is not too much; whether the index knows everything."""
        try:
            return await self._indexer.catch_up(user_id, batches=_BATCHES)
        except FamulusError as error:
            # Where nothing can be written, what is known can be found.
            _logger.warning("search.not_caught_up", code=error.code)
            return False

    async def _ranked(
        self, user_id: str, query: Query, within: Filter, cursor: _Cursor
    ) -> tuple[Gathered | None, list[tuple[float, int]], bool]:
        async def look(session: Session) -> Gathered | None:
            if within.conversation_id is not None:
                await Conversations(session, user_id).find(within.conversation_id)
            return await gather(session, user_id, query, within, upto=cursor.upto)

        gathered = await self._database.read(look)
        if gathered is None:
            return None, [], True
        if self._ranking is None:
            self._ranking = await asyncio.to_thread(importlib.import_module, "famulus.features.search.ranking")
        ranked, has_all = await asyncio.to_thread(self._ranking.ranked, gathered, most=_MOST_RANKED)
        return gathered, ranked, has_all

    async def _shown(
        self, session: Session, user_id: str, gathered: Gathered | None, candidates: Sequence[_Candidate],
        query: Query, within: Filter, position: int, limit: int,
    ) -> _Shown:  # fmt: skip
        """What is there of the candidates from a position on, and is as it has to be."""
        shown = _Shown()
        looked_at = 0
        start, many = position, limit + 1
        while some := candidates[start : start + many]:
            found = await self._as_they_are(session, user_id, gathered, some)
            for place, one in enumerate(found, start):
                if one is None:
                    continue
                looked_at += len(one.source.text)
                if len(shown.hits) == limit or looked_at > _MOST_LOOKED_AT:
                    shown.next = place
                    return shown
                if _fits(one, query, within):
                    shown.hits.append(one)
            # Where few of them are as they have to be, more are looked at together.
            start, many = start + many, min(2 * many, _MOST_AT_ONCE)
        return shown

    async def _as_they_are(
        self, session: Session, user_id: str, gathered: Gathered | None, candidates: Sequence[_Candidate]
    ) -> list[Found | None]:
        """The things themselves; None for one that is gone."""
        numbers = [one.number for one in candidates if one.memory is None]
        if gathered is None or not numbers:
            return [one.memory for one in candidates]
        things = await IndexRepository(session, user_id).things(gathered.owner, numbers)
        sources = await self._indexer.sources(session, user_id, [(one.kind, one.object_id) for one in things])
        by_number = {one.number: (one.kind, sources.get((one.kind, one.object_id))) for one in things}
        found: list[Found | None] = []
        for one in candidates:
            kind, source = by_number.get(one.number, ("", None))
            found.append(one.memory or (Found(kind, source, one.score) if source else None))
        return found


def _merged(ranked: Sequence[tuple[float, int]], hits: Sequence[Found]) -> list[_Candidate]:
    """All candidates, the best first; of the same, memories before others, and the newest before the older."""
    candidates = [_Candidate(score, number) for score, number in ranked]
    candidates += [_Candidate(one.score, 0, one) for one in hits]
    candidates.sort(key=lambda one: (-one.score, one.memory is None, -one.number))
    return candidates[:_MOST_RANKED]


def _match(*, has_all: bool, ranked: Sequence[Any], remembered: Remembered) -> Literal["all", "any"]:
    return "all" if (has_all and ranked) or remembered.has_all else "any"


def _fits(one: Found, query: Query, within: Filter) -> bool:
    """Whether it is still as the index knew it, and has what only its text can tell."""
    if not within.admits(one.source.at):
        return False
    if not query.literals:
        return True
    return query.admits(folded(composed(f"{one.source.title}\n{one.source.text[:MOST_CHARACTERS]}")))


def _view(one: Found, query: Query) -> HitView:
    source = one.source
    name = composed(source.name)
    snippet = snippet_of(source.text, query.marked)
    return HitView(
        kind=cast(Kind, one.kind), id=source.id, title=name, title_marks=list(marks_in(name, query.marked)),
        snippet=snippet.text, marks=list(snippet.marks), at=source.at, conversation_id=source.conversation_id,
        part_of=source.part_of, score=one.score,
    )  # fmt: skip
