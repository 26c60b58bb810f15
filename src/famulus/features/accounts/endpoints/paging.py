"""The parameters of every list."""

from typing import Annotated

from fastapi import Query

from famulus.kit.pages import MAX_LIMIT

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")]
After = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
