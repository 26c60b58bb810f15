"""What Alembic runs: the revisions, on the connection it was given, within that connection's transaction."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context


def _plainly(kind: str, item: Any, _autogenerating: object) -> str | Literal[False]:
    """History is written in SQLAlchemy's own types: ours may change, and what happened may not."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=True,
    render_item=_plainly,
)
context.run_migrations()
