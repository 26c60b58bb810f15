"""Connections to what Famulus stands on: opened at first use, pooled, closed once.

The shared clients of a process are handed out here; `clients` makes them.
"""

from famulus.infra.clients import (
    close_clients,
    get_blobs,
    get_database,
    get_openai_client,
    get_redis_client,
    init_db,
    unit_of_work,
)

__all__ = [
    "close_clients",
    "get_blobs",
    "get_database",
    "get_openai_client",
    "get_redis_client",
    "init_db",
    "unit_of_work",
]
