"""Tells what went wrong as one of our errors: from an exception, a refusal, or an error inside an answer."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from famulus.infra.llm.errors import (
    ContextTooLong,
    ProviderBroken,
    ProviderFault,
    ProviderKeyRefused,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimedOut,
    ProviderUnreachable,
)
from famulus.kit.text import shortened, storable

_SAID_CHARACTERS = 300
_TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})
_TOO_LONG_STATUSES = frozenset({400, 413, 422})
_SERVER_ERRORS = 500
_TOO_LONG = re.compile(
    r"context[ _](length|window|size)|maximum context|too many (input )?tokens|prompt is too long|"
    r"input is too long|input token count|reduce the length",
    re.IGNORECASE,
)
_KEY_LIKE = re.compile(r"\b(?:(?:sk|pk|key)[-_]|Bearer\s+)[\w*.-]{6,}")
# A quota that is used up does not come back within the pauses of a retry.
_NO_USE_WAITING = frozenset({"insufficient_quota", "billing_hard_limit_reached"})


# The first that fits is taken. Whether trying again may help comes last.
_BY_EXCEPTION: tuple[tuple[type[Exception], type[ProviderFault], bool], ...] = (
    (aiohttp.ClientSSLError, ProviderUnreachable, False),
    (ValueError, ProviderUnreachable, False),
    (aiohttp.ConnectionTimeoutError, ProviderUnreachable, True),
    (aiohttp.ClientPayloadError, ProviderBroken, True),
    (TimeoutError, ProviderTimedOut, False),
    (aiohttp.ClientConnectionError, ProviderUnreachable, True),
    (OSError, ProviderUnreachable, True),
    (Exception, ProviderBroken, False),
)


def from_exception(error: Exception) -> ProviderFault:
    """A call that got no answer."""
    said = shortened(f"{type(error).__name__}: {error}", _SAID_CHARACTERS)
    if isinstance(error, aiohttp.InvalidURL):
        # An address may carry a password.
        said = "The address is not valid."
    _, kind, transient = next(row for row in _BY_EXCEPTION if isinstance(error, row[0]))
    return kind(said=said, transient=transient)


def from_refusal(status: int, body: bytes, *, retry_after: str | None, now: datetime) -> ProviderFault:
    """An answer with a status other than success."""
    code, said = _read(_json_or_text(body))
    if status in (401, 403):
        return ProviderKeyRefused(said=said)
    if status in _TOO_LONG_STATUSES and _says_too_long(code, said):
        return ContextTooLong(said=said)
    fault = _of_status(status, code, said)
    seconds = seconds_to_wait(retry_after, now)
    if fault.transient and seconds is not None:
        fault.details["retry_after_seconds"] = seconds
    return fault


def _of_status(status: int, code: str, said: str) -> ProviderFault:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ProviderRateLimited(said=said, transient=code not in _NO_USE_WAITING)
    if status >= _SERVER_ERRORS:
        return ProviderBroken(said=said, transient=True, provider_status=status)
    return ProviderRejected(said=said, transient=status in _TRANSIENT_STATUSES, provider_status=status)


def from_inband(error: Any) -> ProviderFault:
    """An error that came inside an answer."""
    code, said = _read(error)
    if _says_too_long(code, said):
        return ContextTooLong(said=said)
    if code.isdecimal() and int(code) < _SERVER_ERRORS and int(code) not in _TRANSIENT_STATUSES:
        return ProviderRejected(said=said, provider_status=int(code))
    return ProviderBroken(said=said, transient=True)


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for: seconds, or an HTTP date."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after)) if retry_after[0].isdecimal() else _seconds_until(retry_after, now)
    except ValueError:
        return None


def without_keys(said: str, key: str | None) -> str:
    """`said` without the key, or anything that looks like one."""
    if key:
        said = said.replace(key, "[key]")
    return _KEY_LIKE.sub("[key]", said)


def _seconds_until(date: str, now: datetime) -> float:
    moment = parsedate_to_datetime(date)
    if moment.tzinfo is None:
        raise ValueError(date)
    return max(0.0, (moment - now).total_seconds())


def _says_too_long(code: str, said: str) -> bool:
    return code == "context_length_exceeded" or bool(_TOO_LONG.search(said))


def _json_or_text(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _read(error: Any) -> tuple[str, str]:
    """Code and message, wherever this provider puts them."""
    if isinstance(error, Mapping) and error.get("error"):
        error = error["error"]
    if isinstance(error, list) and error:
        return _read(error[0])
    if not isinstance(error, Mapping):
        return "", _cleaned(error)
    code = error.get("code") or error.get("type") or ""
    return str(code), _cleaned(error.get("message") or error.get("detail") or "")


def _cleaned(message: Any) -> str:
    return shortened(" ".join(storable(str(message)).split()), _SAID_CHARACTERS)
