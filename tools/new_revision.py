"""Writes the next revision of the schema from what the tables say now: `python tools/new_revision.py "what changed"`.

With `--memory`, of the memory's tables, which have a history of their own.

Read what it has written before you commit it: a renamed column looks like one dropped and one added.
"""

import argparse
import tempfile

import sqlalchemy as sa
from alembic import command

from famulus import migrations
from famulus.apps import server  # noqa: F401 -- declares every table
from famulus.infra.schema import metadata


def main(message: str, history: migrations.History) -> None:
    """Compare the newest schema with the tables, and write down the difference."""
    prefix = "memory_" if history is migrations.MEMORY else ""
    number = f"{prefix}{len(list(history.folder.glob('*[0-9]*.py'))) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/schema.db"
        migrations.upgrade(url)
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            config = history.config(connection)
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            config.attributes["metadata"] = metadata
            command.revision(config, message=message, rev_id=number, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what changed, as it stands in the history")
    parser.add_argument("--memory", action="store_true", help="of the memory's tables")
    given = parser.parse_args()
    main(given.message, migrations.MEMORY if given.memory else migrations.SERVER)
