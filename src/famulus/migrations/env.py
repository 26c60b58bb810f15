"""What Alembic runs: the revisions, on the connection it was given, within that connection's transaction."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context


def _plainly(kind: str, item: Any, _autogenerating: object) -> str | Literal[False]:
    """History is written in SQLAlchemy's own types: ours may change, and what happened may not."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a name belongs to what the tables say: the index of words makes tables of its own."""
    return not (kind == "table" and name is not None and name.startswith(("memory_words", "file_words")))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=True,
    render_item=_plainly,
    include_name=_ours,
)
context.run_migrations()
