"""everything can be found."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0024"

# Of each table: what its rows are called, their key, and the columns that are watched.
_WATCHED = {
    "messages": ("message", "id", ("text", "superseded_by")),
    "conversations": ("conversation", "id", ("title", "title_source")),
    "files": ("file", "id", ("name",)),
    "file_passages": ("passage", "number", ("text",)),
    "goals": ("goal", "id", ("title", "description")),
    "goal_steps": ("step", "id", ("title", "details")),
    "events": ("event", "id", ("title", "place", "description", "first_at")),
    "reminders": ("reminder", "id", ("title", "note")),
    "notifications": ("notification", "id", ("title", "body")),
}
_NOTE = "INSERT INTO search_changes (user_id, kind, object_id)"


def upgrade() -> None:
    """Apply this revision."""
    _create_tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, (kind, key, watched) in _WATCHED.items():
        for statement in (
            _on_sqlite(table, kind, key, watched) if is_sqlite else _on_postgres(table, kind, key, watched)
        ):
            op.execute(statement)
        # What is there already is taken in by the server, behind its other work.
        op.execute(f"{_NOTE} SELECT user_id, '{kind}', CAST({key} AS TEXT) FROM {table} ORDER BY {key}")  # noqa: S608


def _on_sqlite(table: str, kind: str, key: str, watched: tuple[str, ...]) -> list[str]:
    note = f"{_NOTE} VALUES ({{row}}.user_id, '{kind}', CAST({{row}}.{key} AS TEXT));"
    new, old = note.format(row="NEW"), note.format(row="OLD")
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watched)
    events = {
        "insert": (f"INSERT ON {table} ", new),
        "update": (f"UPDATE OF {', '.join(watched)} ON {table} WHEN ({changed})", new),
        "delete": (f"DELETE ON {table} ", old),
    }
    return [
        f"CREATE TRIGGER search_{table}_{name} AFTER {event} BEGIN {said} END" for name, (event, said) in events.items()
    ]


def _on_postgres(table: str, kind: str, key: str, watched: tuple[str, ...]) -> list[str]:
    note = f"{_NOTE} VALUES ({{row}}.user_id, '{kind}', CAST({{row}}.{key} AS TEXT));"
    new, old = note.format(row="NEW"), note.format(row="OLD")
    body = f"IF TG_OP = 'DELETE' THEN {old} ELSE {new} END IF; RETURN NULL;"
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in watched)
    columns = ", ".join(watched)
    each = f"ON {table} FOR EACH ROW"
    call = f"EXECUTE FUNCTION search_{table}()"
    return [
        f"CREATE FUNCTION search_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE TRIGGER search_{table}_insert AFTER INSERT OR DELETE {each} {call}",
        f"CREATE TRIGGER search_{table}_update AFTER UPDATE OF {columns} {each} WHEN ({changed}) {call}",
    ]


def _create_tables() -> None:
    op.create_table(
        "search_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_search_changes_user_id", "search_changes", ["user_id", "number"], unique=False)
    op.create_table(
        "search_owners",
        sa.Column("owner", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("things", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_search_owners")),
        sa.UniqueConstraint("user_id", name=op.f("uq_search_owners_user_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_things",
        sa.Column("owner", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "number", name=op.f("pk_search_things")),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_search_things_object_id", "search_things", ["owner", "object_id", "kind"], unique=True)
    op.create_table(
        "search_words",
        sa.Column("owner", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uses", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "word", "block", name=op.f("pk_search_words")),
        sqlite_with_rowid=False,
    )
