"""Tools that need nothing but a clock and a head for numbers."""

import ast
import math
import operator
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from famulus.agent.tools import Arguments, ToolContext, tool
from famulus.kit.errors import Invalid

_MAX_EXPRESSION = 500
_MAX_DIGITS = 1_000
_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    name: getattr(math, name) for name in ("sqrt", "sin", "cos", "tan", "log", "log10", "exp", "floor", "ceil")
} | {"abs": abs, "round": round, "min": min, "max": max}
_CONSTANTS = {"pi": math.pi, "e": math.e}


class CannotCalculate(Invalid):
    """The expression is not arithmetic, or its value is not a number."""


class Moment(Arguments):
    """Which clock to look at."""

    zone: str | None = None
    """IANA time zone such as Europe/Berlin; without one, the user's own."""


class Expression(Arguments):
    """Arithmetic."""

    expression: str
    """For example `(3 + 4) * 2 ** 10 / sqrt(2)`; ^ is a power too."""


@tool(idempotent=True)
async def current_time(context: ToolContext, arguments: Moment) -> str:
    """Tell the current date and time, in the user's time zone unless another is named."""
    name = arguments.zone or context.zone
    try:
        local = context.now.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"There is no time zone called {name[:60]!r}.") from None
    return f"{local:%A, %Y-%m-%d %H:%M:%S} ({name}, UTC{local:%z})"


@tool(idempotent=True)
async def calculator(context: ToolContext, arguments: Expression) -> str:  # noqa: ARG001 -- the shape of every tool
    """Calculate an arithmetic expression exactly as written."""
    text = arguments.expression.replace("^", "**")
    if len(text) > _MAX_EXPRESSION:
        raise CannotCalculate(f"An expression has at most {_MAX_EXPRESSION} characters.")
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body)
    except ZeroDivisionError:
        raise CannotCalculate("This divides by zero.") from None
    except (ArithmeticError, ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise CannotCalculate("This is not arithmetic that can be calculated.") from None
    return _shown(value)


def _value(node: ast.AST) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _OPERATORS:
            return _OPERATORS[type(sign)](_value(operand))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _OPERATORS[type(sign)](_value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*map(_value, arguments))
    raise CannotCalculate("Only numbers, + - * / // % ** and common functions can be calculated.")


def _power(base: float, exponent: float) -> float:
    """A power, unless it would take for ever to write down."""
    if abs(base) > 1 and exponent * math.log10(abs(base)) > _MAX_DIGITS:
        raise CannotCalculate("The result is too large.")
    value = base**exponent
    if isinstance(value, complex):
        raise CannotCalculate("The result is not a real number.")
    return float(value) if isinstance(value, float) else value


def _shown(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise CannotCalculate("The result is not a finite number.")
    return f"{value:.12g}" if isinstance(value, float) else str(value)


BUILTIN = (current_time, calculator)
