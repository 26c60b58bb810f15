"""Writes the next revision of the schema from what the tables say now: `python tools/new_revision.py "what changed"`.

Read what it has written before you commit it: a renamed column looks like one dropped and one added.
"""

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from famulus import migrations
from famulus.apps import server  # noqa: F401 -- declares every table
from famulus.infra.schema import metadata

VERSIONS = Path(migrations.__file__).parent / "versions"


def main() -> None:
    """Compare the newest schema with the tables, and write down the difference."""
    number = f"{len(list(VERSIONS.glob('[0-9]*.py'))) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/schema.db"
        migrations.upgrade(url)
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(VERSIONS.parent))
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            config.attributes.update(connection=connection, metadata=metadata)
            command.revision(config, message=sys.argv[1], rev_id=number, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    main()
