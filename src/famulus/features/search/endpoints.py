"""Search, under `/api/v1`."""

from typing import Annotated

from fastapi import APIRouter, Query

from famulus.features.accounts.parameters import After, ChatterDep, Limit
from famulus.features.search.desk import FinderDep
from famulus.features.search.errors import UnknownKind
from famulus.features.search.schemas import KINDS, MOST_CHARACTERS, HitPage, Kind, Search
from famulus.kit.pages import DEFAULT_LIMIT
from famulus.kit.problems import errors
from famulus.kit.schemas import Instant, Text

router = APIRouter(prefix="/api/v1", responses=errors(), tags=["search"])

Typed = Annotated[
    Text,
    Query(min_length=1, max_length=MOST_CHARACTERS, description="Words; “phrases” in quotation marks; any signs."),
]
Kinds = Annotated[str | None, Query(max_length=200, description=f"Any of {', '.join(KINDS)}, with commas between.")]
Since = Annotated[Instant | None, Query(alias="from", description="Nothing from before this moment.")]
Until = Annotated[Instant | None, Query(alias="to", description="Nothing from this moment on.")]
Within = Annotated[str | None, Query(min_length=1, max_length=100, description="Only what is in this conversation.")]


@router.get("/search", responses=errors(404))
async def search(
    caller: ChatterDep,
    finder: FinderDep,
    q: Typed,
    kinds: Kinds = None,
    since: Since = None,
    until: Until = None,
    conversation_id: Within = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> HitPage:
    """Everything of one's own that has these words, the best first."""
    wanted = Search(q, _known(kinds), since, until, conversation_id)
    return await finder.search(caller.user_id, wanted, after=after, limit=limit)


def _known(kinds: str | None) -> tuple[Kind, ...]:
    asked = [name for name in (kinds or "").split(",") if name]
    found = tuple(kind for kind in KINDS if kind in asked)
    if unknown := sorted(set(asked) - set(KINDS)):
        raise UnknownKind("There are no such things.", kinds=unknown, known=list(KINDS))
    return found
