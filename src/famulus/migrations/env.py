"""What Alembic runs: the revisions, on the connection it was given, within that connection's transaction."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context


def _plainly(kind: str, item: Any, _autogenerating: object) -> str | Literal[False]:
    """History is written in SQLAlchemy's own types: ours may change, and what happened may not."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _is_in_this_history(_item: Any, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Whether a table belongs to this history: what the memory has is in its own."""
    is_memorys = kind == "table" and name is not None and name.startswith(("memories", "memory_"))
    return kind != "table" or is_memorys == (_attributes["version_table"] == "memory_version")


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a name belongs to what the tables say: the index of words makes tables of its own."""
    others = "memory_words", "file_words", "memory_version", "alembic_version"
    return not (kind == "table" and name is not None and name.startswith(others))


_attributes = context.config.attributes
context.configure(
    connection=_attributes["connection"],
    target_metadata=_attributes.get("metadata"),
    version_table=_attributes["version_table"],
    include_object=_is_in_this_history,
    render_as_batch=True,
    render_item=_plainly,
    include_name=_ours,
)
context.run_migrations()
