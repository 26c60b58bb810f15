"""Cache, counters and a reliable queue: on a Redis server, or inside this process when there is none.

Both sides keep one contract, `Redis`, and one suite of tests holds them to it. `make_redis` chooses the side;
nothing connects before the first use. What the embedded side keeps is gone when its process ends, and what
the other side keeps is as durable as its server: work that must survive anything belongs to the database.
"""

from famulus.infra.redis.contract import DeadLetter, Delivery, Redis, Window
from famulus.infra.redis.embedded import EmbeddedRedis
from famulus.infra.redis.server import RedisServer

__all__ = ["DeadLetter", "Delivery", "EmbeddedRedis", "Redis", "RedisServer", "Window", "make_redis"]


def make_redis(url: str | None, *, namespace: str = "famulus", max_deliveries: int = 5) -> Redis:
    """The side that `url` asks for; None or an empty text is the embedded one.

    Everything on a server is kept under `namespace`, so that one database may serve several owners.
    """
    if not url:
        return EmbeddedRedis(max_deliveries=max_deliveries)
    return RedisServer(url, namespace=namespace, max_deliveries=max_deliveries)
