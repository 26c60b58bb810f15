"""Maria's and Otto's things."""

import pytest

from famulus.infra.database import Database
from tests.features.search.place import Place, add_people


@pytest.fixture
async def place(database: Database) -> Place:
    await database.write(add_people)
    return Place(database)
