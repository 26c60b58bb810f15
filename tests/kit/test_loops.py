"""A loop goes on, whatever its steps come to."""

import asyncio
import contextlib

import pytest

from famulus.kit.errors import Unavailable
from famulus.kit.loops import forever

pytestmark = pytest.mark.anyio


async def test_a_loop_outlives_every_failure_and_rests_as_long_as_it_is_told() -> None:
    outcomes: list[Exception | float] = [0.0, Unavailable("The database is away."), KeyError("a bug"), 0.0, 3_600.0]
    taken: list[Exception | float] = []
    all_taken = asyncio.Event()

    async def step() -> float:
        outcome = outcomes[len(taken)]
        taken.append(outcome)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome:
            all_taken.set()
        return outcome

    looping = asyncio.create_task(forever("test", step, after_failure_seconds=0))
    async with asyncio.timeout(60):
        await all_taken.wait()
    looping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looping

    assert taken == outcomes
