"""The one error body of every route, and its declaration for the API's description."""

from typing import Any

from pydantic import BaseModel

from famulus.kit.errors import FamulusError


class Problem(BaseModel):
    """What went wrong, for programs and for people."""

    code: str
    message: str
    details: dict[str, Any] | None = None
    correlation_id: str


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: Problem


def problem_of(error: FamulusError, correlation_id: str) -> dict[str, Any]:
    """The body that shows `error` to its caller."""
    problem = Problem(
        code=error.code, message=error.message, details=error.details or None, correlation_id=correlation_id
    )
    return ErrorBody(error=problem).model_dump(mode="json", exclude_none=True)


# One status brings the model into the description, and the others point there: for each mention of the class itself the
# framework makes a validator of its own, and of two thousand of them a start takes a good part of its time.
_DESCRIBING = 500
_SAME = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can answer with these statuses besides its success."""
    always = {400, 401, 403, 408, 413, 415, 422, 429, _DESCRIBING, 503, 507}
    return {
        status: {"model": ErrorBody} if status == _DESCRIBING else {"content": _SAME}
        for status in sorted(always | set(statuses))
    }
