"""The schema's history: each revision once, in order, in one transaction, by one process at a time."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from famulus.kit.errors import Conflict

_FOLDER = Path(__file__).parent
_BUSY_SECONDS = 60


class NewerSchema(Conflict):
    """The database was used by a version that knows more revisions than this one."""


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest revision.

    Whoever comes second waits for the first, and then finds nothing to do. A process that dies in the middle leaves
    the schema as it was.
    """
    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS}
    )
    try:
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            config = _config(connection)
            _refuse_newer(connection, ScriptDirectory.from_config(config))
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def revision_of(url: str) -> tuple[str | None, str | None]:
    """The revision a database is at, and the newest there is."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            return current, ScriptDirectory.from_config(_config(connection)).get_current_head()
    finally:
        engine.dispose()


def _refuse_newer(connection: sa.Connection, history: ScriptDirectory) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in history.walk_revisions()}
    if current is not None and current not in known:
        raise NewerSchema(
            f"The database is at revision {current}, which a newer version of Famulus has made: use that."
        )


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
