"""How errors look over HTTP: one handler for each kind, one body for all."""

import re
from collections.abc import Sequence
from typing import Any, cast

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from famulus.kit.errors import FamulusError, Invalid, Unprocessable
from famulus.kit.problems import problem_of

_logger = structlog.get_logger()
_MOST_PROBLEMS = 20
# Where nothing is known of when it will be better.
_PAUSE_SECONDS = 5


class MalformedJson(Invalid):
    """The body is not JSON."""


class ValidationFailed(Unprocessable):
    """Some fields do not fit."""


class RouteRefused(FamulusError):
    """There is no such route, or not with this method."""


def install(app: FastAPI) -> None:
    """Render every error that can come out of a route."""
    app.add_exception_handler(FamulusError, _ours)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _bug)


def answer(request: Request, error: FamulusError) -> Response:
    """The error as an answer."""
    headers = {}
    seconds = error.details.get("retry_after_seconds", _PAUSE_SECONDS if error.status == 429 else None)  # noqa: PLR2004
    if seconds is not None:
        headers["Retry-After"] = str(max(1, round(float(cast("float", seconds)))))
    if error.status == 401:  # noqa: PLR2004 -- the status that must name a scheme
        headers["WWW-Authenticate"] = "Bearer"
    body = orjson.dumps(problem_of(error, request.state.correlation_id), default=str)
    return Response(body, status_code=error.status, media_type="application/json", headers=headers)


async def _ours(request: Request, error: Exception) -> Response:
    known = cast("FamulusError", error)
    if known.status >= 500:  # noqa: PLR2004 -- what is not the caller's doing
        _logger.warning("request.failed", code=known.code, path=request.url.path, **known.for_logs)
    return answer(request, known)


async def _validation(request: Request, error: Exception) -> Response:
    problems = cast("RequestValidationError", error).errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return answer(request, MalformedJson("The body is not JSON."))
    return answer(request, ValidationFailed("Some fields do not fit.", fields=_fields(problems)))


def _fields(problems: Sequence[Any]) -> list[dict[str, str]]:
    """Where and why; never what was sent, which may be a secret."""
    return [
        {"field": ".".join(str(part) for part in problem["loc"]), "problem": problem["msg"]}
        for problem in problems[:_MOST_PROBLEMS]
    ]


async def _framework(request: Request, error: Exception) -> Response:
    known = cast("HTTPException", error)
    refused = RouteRefused({404: "There is nothing here."}.get(known.status_code, str(known.detail)))
    refused.status = known.status_code
    refused.code = {404: "not_found", 405: "method_not_allowed", 400: "malformed_request"}.get(
        known.status_code, "request_refused"
    )
    response = answer(request, refused)
    response.headers.update(known.headers or {})
    if known.status_code == 405:  # noqa: PLR2004 -- the status that must name the methods there are
        response.headers["Allow"] = ", ".join(_methods_of(request))
    return response


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _methods_of(request: Request) -> list[str]:
    """The methods of the most particular path that fits; the framework itself names those of the first route."""
    paths = request.app.openapi()["paths"]
    fitting = [path for path in paths if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", path), request.url.path)]
    if fitting:
        described = paths[min(fitting, key=lambda path: path.count("{"))]
        return [method for method in _METHODS if method.lower() in described]
    routes = request.app.routes
    return [
        m for m in _METHODS if any(route.matches({**request.scope, "method": m})[0] is Match.FULL for route in routes)
    ]


async def _left(_request: Request, _error: Exception) -> Response:
    """For nobody: the client went away in the middle of its request."""
    return Response(status_code=400)


async def _bug(request: Request, error: Exception) -> Response:
    _logger.error("request.broken", path=request.url.path, exc_info=error)
    return answer(request, FamulusError("Something went wrong on the server."))
