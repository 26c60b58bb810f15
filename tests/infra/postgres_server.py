"""A real PostgreSQL server for tests: FAMULUS_TEST_POSTGRES_URL, the system's, or the one in a wheel."""

import os
from collections.abc import Iterator

import pytest

from tests.infra.postgres_process import PostgresServer, postgres_programs
from tests.storage import new_database, told


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server for the whole session."""
    given = os.environ.get("FAMULUS_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with private_postgres() as server:
        yield server.url


@pytest.fixture(scope="session")
def kept_postgres_database(postgres_url: str) -> str:
    """The address of a database that tests use one after the other, each emptying it first."""
    return new_database(postgres_url)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of an empty database on that server."""
    url = new_database(postgres_url)
    yield url
    told(postgres_url, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


def private_postgres() -> PostgresServer:
    """A server to be stopped at will; skips the test where there is none to start."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("There is no PostgreSQL here.")
    return PostgresServer(programs)
