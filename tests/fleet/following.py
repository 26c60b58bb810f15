"""A client that comes back: whatever ends its connection, it goes on from the last event that it has."""

import asyncio
import time
from dataclasses import dataclass, field

import aiohttp

from tests.serving import Client, Event, assert_whole


@dataclass
class Stubborn:
    """Follows one run to its end, through every server in turn."""

    clients: list[Client]
    run_id: str
    seen: list[Event] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    """When each event came."""
    connections: int = 0

    async def follow(self) -> list[Event]:
        """Every event, to the last one."""
        while not (self.seen and self.seen[-1].name == "done"):
            client = self.clients[self.connections % len(self.clients)]
            self.connections += 1
            try:
                async for event in client.follow(self.run_id, after=self.seen[-1].id if self.seen else None):
                    self.seen.append(event)
                    self.at.append(time.monotonic())
            except (aiohttp.ClientError, OSError, AssertionError, TimeoutError):
                # A server that cannot look says so with a status, and one that is gone with a broken line.
                await asyncio.sleep(0.1)
        return self.seen

    @property
    def longest_gap(self) -> float:
        """Most seconds between two events."""
        return max(later - earlier for earlier, later in zip(self.at, self.at[1:], strict=False))

    async def assert_sound(self, *, status: str | None = "completed") -> None:
        """What came in pieces is what is there, whole."""
        whole = await self.clients[0].events(self.run_id)
        assert_whole(whole)
        assert self.seen == whole
        assert status is None or whole[-1].data["status"] == status
