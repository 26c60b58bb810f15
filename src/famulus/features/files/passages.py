"""The SQL of passages: of one person's at a time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from famulus.features.files.records import FileKind, Passage
from famulus.features.files.repository import words
from famulus.features.files.tables import file_contents, file_passages, files
from famulus.infra import full_text
from famulus.infra.database import Session

_passage = file_passages.c
_COLUMNS = (_passage.unit, _passage.first, _passage.last, _passage.sheet, _passage.overlap, _passage.text)
_RANK = sa.func.bm25(sa.literal_column("file_words"), 0.0, 1.0)
_LINE_BY_LINE = frozenset({"line"})


class PassageRepository:
    """The passages of one person's files."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def kind_of(self, content_id: str) -> FileKind | None:
        """Of what kind a content is; None when it is gone."""
        mine = file_contents.c.id == content_id, file_contents.c.user_id == self._user_id
        query = sa.select(file_contents.c.kind).where(*mine)
        kind: FileKind | None = (await self._session.execute(query)).scalar_one_or_none()
        return kind

    async def settle(self, content_id: str, values: dict[str, Any]) -> None:
        """Say how far the reading of a content is."""
        mine = file_contents.c.id == content_id, file_contents.c.user_id == self._user_id
        await self._session.execute(sa.update(file_contents).where(*mine).values(values))

    async def add(self, content_id: str, passages: Sequence[Passage], *, position: int) -> None:
        """Add passages, and index their words."""
        rows = [
            {
                "user_id": self._user_id, "content_id": content_id, "position": position + index,
                "unit": one.unit, "first": one.first, "last": one.last, "sheet": one.sheet, "overlap": one.overlap,
                "text": one.text,
            }
            for index, one in enumerate(passages)
        ]  # fmt: skip
        await self._session.execute(sa.insert(file_passages), rows)
        if self._session.speaks == "sqlite":
            here = _passage.content_id == content_id, _passage.position >= position
            owner = sa.literal(full_text.owner_token(self._user_id)).label("owner")
            added = sa.select(_passage.number, owner, _passage.text).where(*here)
            await self._session.execute(sa.insert(words).from_select(["rowid", "owner", "text"], added))

    async def search(
        self, wanted: Sequence[str], *, file_ids: Sequence[str], limit: int
    ) -> list[tuple[str, Passage, float]]:
        """Content, passage and fit, the best first."""
        query = sa.select(_passage.content_id, *_COLUMNS)
        parameters: dict[str, Any] = {}
        if self._session.speaks == "sqlite":
            query = query.add_columns((-_RANK).label("fit")).join(words, words.c.rowid == _passage.number)
            query = query.where(sa.text("file_words MATCH :match"))
            parameters["match"] = full_text.match_expression(self._user_id, wanted)
        else:
            fit, fits = full_text.fit_of_text(_passage.text, wanted)
            query = query.add_columns(fit.label("fit")).where(fits)
        query = query.join(file_contents, file_contents.c.id == _passage.content_id)
        query = query.where(_passage.user_id == self._user_id, file_contents.c.status == "ready")
        if file_ids:
            mine = files.c.id.in_(file_ids), files.c.user_id == self._user_id
            query = query.where(_passage.content_id.in_(sa.select(files.c.content_id).where(*mine)))
        rows = await self._session.execute(query.order_by(sa.desc("fit"), _passage.number).limit(limit), parameters)
        return [(row[0], Passage(*row[1:7]), float(row[7])) for row in rows]

    async def between(self, content_id: str, *, first: int, last: int, most_characters: int) -> list[Passage]:
        """The passages that have something of what stands there, in order, without what they repeat."""
        here = _passage.content_id == content_id, _passage.user_id == self._user_id
        query = sa.select(*_COLUMNS).where(*here, _passage.first <= last, _passage.last >= first)
        # A passage has a thousand characters, more or less.
        rows = await self._session.execute(query.order_by(_passage.position).limit(most_characters // 500 + 2))
        found: list[Passage] = []
        for row in rows:
            passage = _within(Passage(*row), first, last)
            most_characters -= len(passage.text)
            if most_characters < 0 and found:
                break
            found.append(passage)
        return found

    async def position_of(self, content_id: str, *, first: int, sheet: str | None) -> int:
        """Where something stands: the number of the first passage that reaches that far; 0 where none does."""
        here = _passage.content_id == content_id, _passage.user_id == self._user_id, _passage.last >= first
        on = () if sheet is None else (_passage.sheet == sheet,)
        position = (await self._session.execute(sa.select(sa.func.min(_passage.position)).where(*here, *on))).scalar()
        return int(position or 0)

    async def onward(self, content_id: str, *, position: int, limit: int) -> list[Passage]:
        """The passages from a position on, without what they repeat."""
        here = _passage.content_id == content_id, _passage.user_id == self._user_id, _passage.position >= position
        rows = await self._session.execute(sa.select(*_COLUMNS).where(*here).order_by(_passage.position).limit(limit))
        passages = (Passage(*row) for row in rows)
        return [replace(one, overlap=0, text=one.text[one.overlap :]) for one in passages]

    async def first_texts(self, content_ids: Sequence[str]) -> dict[str, str]:
        """The first passage of each content that has any."""
        here = _passage.content_id.in_(content_ids), _passage.user_id == self._user_id, _passage.position == 0
        rows = await self._session.execute(sa.select(_passage.content_id, _passage.text).where(*here))
        return {row[0]: row[1] for row in rows}


def _within(passage: Passage, first: int, last: int) -> Passage:
    """The part of a passage that stands there; of what is not told line by line, all of it."""
    text = passage.text[passage.overlap :]
    lines = text.split("\n")
    start, end = max(first, passage.first), min(last, passage.last)
    if passage.unit in _LINE_BY_LINE and len(lines) == passage.last - passage.first + 1:
        text = "\n".join(lines[start - passage.first : end - passage.first + 1])
        return Passage(passage.unit, start, end, passage.sheet, 0, text)
    return Passage(passage.unit, passage.first, passage.last, passage.sheet, 0, text)
