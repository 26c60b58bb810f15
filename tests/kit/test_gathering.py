"""Many who ask at about the same time are answered in one go."""

import asyncio

import pytest

from famulus.kit.errors import Unavailable
from famulus.kit.gathering import Gathered

pytestmark = pytest.mark.anyio


class Squares:
    """Squares numbers, and knows in what company it was asked; there is no square of 13."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []

    async def __call__(self, numbers: list[int]) -> list[int]:
        self.rounds.append(numbers)
        await asyncio.sleep(0)
        if 13 in numbers:
            raise ValueError("13")
        if 0 in numbers:
            raise Unavailable("Nobody is there.")
        return [number * number for number in numbers]


async def test_whoever_asks_together_is_answered_together() -> None:
    squares = Squares()
    square = Gathered(squares, most=4)

    answers = await asyncio.gather(*(square(number) for number in range(1, 11)))

    assert answers == [number * number for number in range(1, 11)]
    assert [len(numbers) for numbers in squares.rounds] == [4, 4, 2]


async def test_one_that_breaks_it_is_told_alone() -> None:
    square = Gathered(Squares(), most=10)

    answers = await asyncio.gather(*(square(number) for number in (2, 13, 3)), return_exceptions=True)

    assert [answers[0], answers[2]] == [4, 9]
    assert isinstance(answers[1], ValueError)


async def test_when_nobody_can_answer_all_are_told_at_once() -> None:
    squares = Squares()
    square = Gathered(squares, most=10)

    answers = await asyncio.gather(*(square(number) for number in (2, 0, 3)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert len(squares.rounds) == 1
    assert await square(5) == 25


async def test_one_who_does_not_wait_any_more_disturbs_nobody() -> None:
    square = Gathered(Squares(), most=10)
    asking = [asyncio.ensure_future(square(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    asking[0].cancel()

    assert await asking[1] == 9
