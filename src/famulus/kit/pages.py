"""Cursor paging: a page knows whether there is more and where it begins."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel

from famulus.kit.errors import Invalid
from famulus.kit.ids import is_id

T = TypeVar("T")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class InvalidCursor(Invalid):
    """No page can have ended there."""


class Page(BaseModel, Generic[T]):
    """One page of a list, newest first unless the route says otherwise."""

    data: list[T]
    has_more: bool
    next: str | None = None
    """What to pass as `after` for the page that follows."""


def page_of(rows: Sequence[T], *, limit: int, cursor: Callable[[T], str]) -> Page[T]:
    """A page from `limit + 1` rows: the extra one only tells that there is more."""
    data = list(rows[:limit])
    has_more = len(rows) > limit
    return Page(data=data, has_more=has_more, next=cursor(data[-1]) if has_more else None)


def checked_cursor(after: str | None, prefix: str) -> str | None:
    """`after`, if a page of such ids can have ended with it."""
    if after is not None and not is_id(after, prefix):
        raise InvalidCursor("Pass `next` of the page before as `after`, unchanged.")
    return after
