"""The clock and the calculator, and what nobody makes of them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from famulus.agent import tools
from famulus.agent.builtin import Expression, Moment, calculator, current_time
from tests.agent.test_tools import CONTEXT

pytestmark = pytest.mark.anyio


async def calculated(expression: str) -> tools.Output:
    return await tools.call(calculator, CONTEXT, Expression(expression=expression), timeout_seconds=5, limit=2_000)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("2 ^ 10", "1024"),
        ("-3 ** 2", "-9"),
        ("7 // 2 + 7 % 2", "4"),
        ("sqrt(2)", "1.41421356237"),
        ("max(1, 2.5)", "2.5"),
        ("round(pi, 2)", "3.14"),
        ("0.1 + 0.2", "0.3"),
        ("10 ** 50", "1" + "0" * 50),
    ],
)
async def test_arithmetic(expression: str, value: str) -> None:
    assert await calculated(expression) == tools.Output(value)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1 / 0",
        "1 +",
        "x",
        "True",
        "'a' * 3",
        "[1] * 9",
        "__import__('os').system('id')",
        "(1).__class__",
        "open('x')",
        "9 ** 9 ** 9 ** 9",
        "2 ** 1000000",
        "(-1) ** 0.5",
        "1e308 * 10",
        "log(0)",
        "sqrt(-1)",
        "round(1, ndigits=2)",
        "min()",
        "1 if 1 else 2",
        "lambda: 1",
        "-" * 400 + "1" * 200,
        "1" * 501,
    ],
    ids=lambda expression: expression[:20],
)
async def test_what_is_not_arithmetic_is_refused(expression: str) -> None:
    assert (await calculated(expression)).error_code == "cannot_calculate"


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet="0123456789.+-*/%^() episqrtlogmaxround,", max_size=60))
async def test_any_text_gives_a_number_or_a_refusal(expression: str) -> None:
    output = await calculated(expression)

    assert output.error_code in (None, "cannot_calculate")


async def test_the_time_where_the_person_is() -> None:
    output = await tools.call(current_time, CONTEXT, Moment(), timeout_seconds=5, limit=2_000)

    assert output.text == "Tuesday, 2026-10-20 14:00:00 (Europe/Berlin, UTC+0200)"


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "", "x" * 5_000, "Europe", "\x00", "a//b"])
async def test_a_zone_that_there_is_not(zone: str) -> None:
    context = replace(CONTEXT, zone="UTC")

    output = await tools.call(current_time, context, Moment(zone=zone), timeout_seconds=5, limit=2_000)

    assert output.error_code == "invalid" or (zone == "" and output.error_code is None)
