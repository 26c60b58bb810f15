"""Which requests are counted against which limit, before anything else is done about them."""

import hashlib
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import Scope

from famulus.features.accounts.cookies import PLAIN_NAME, SECURE_NAME
from famulus.features.accounts.origin import address_behind
from famulus.infra.limits import RateLimit
from famulus.infra.redis import Redis
from famulus.kit.errors import TooMany
from famulus.settings import Settings

_FREE = ("/static/", "/health/", "/metrics")
_SIGN_UPS = frozenset(
    {
        "POST /api/v1/auth/join",
        "POST /api/v1/auth/password/forgotten",
        "POST /api/v1/auth/password/reset",
        "POST /api/v1/auth/email/confirm",
    }
)
_ARCHIVES = frozenset({"GET /api/v1/users/me/export", "POST /api/v1/users/me/import"})
_MINUTE, _HOUR = 60, 3_600


class TooManyRequests(TooMany):
    """Asked too often with one key, or from one address."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many requests. Try again later.", retry_after_seconds=retry_after_seconds)


class RequestLimits:
    """Counts requests by API key and by address; over a WebSocket each message is one."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        limits = settings.limits
        self._proxies: Sequence[str] = settings.server.trusted_proxies
        self._by_address = RateLimit(redis, "address", most=limits.per_address_per_minute, window_seconds=_MINUTE)
        self._by_key = RateLimit(redis, "key", most=limits.per_key_per_minute, window_seconds=_MINUTE)
        self._sign_ups = RateLimit(redis, "sign-up", most=limits.sign_ups_per_minute, window_seconds=_MINUTE)
        self._archives = RateLimit(redis, "archive", most=limits.archives_per_hour, window_seconds=_HOUR)

    async def check(self, scope: Scope, headers: Headers) -> None:
        """Count the request; `TooManyRequests` when it is one too many."""
        path: str = scope["path"]
        if path == "/" or path.startswith(_FREE):
            return
        peer = scope["client"][0] if scope.get("client") else ""
        address = address_behind(peer, headers.getlist("x-forwarded-for"), tuple(self._proxies))
        waits = [await self._by_address.admit(address)]
        credential = _credential(headers)
        if credential and headers.get("authorization"):
            waits.append(await self._by_key.admit(credential))
        operation = f"{scope.get('method', 'WEBSOCKET')} {path}"
        if operation in _SIGN_UPS:
            waits.append(await self._sign_ups.admit(address))
        if operation in _ARCHIVES:
            waits.append(await self._archives.admit(credential or address))
        if wait := max(waits):
            raise TooManyRequests(wait)


def _credential(headers: Headers) -> str | None:
    """A name for what the caller has shown, by which nobody could show it."""
    secret = headers.get("authorization") or _session_in(headers.get("cookie", ""))
    return hashlib.blake2b(secret.encode(), digest_size=12).hexdigest() if secret else None


def _session_in(cookies: str) -> str | None:
    for cookie in cookies.split(";"):
        name, _, value = cookie.strip().partition("=")
        if name in (SECURE_NAME, PLAIN_NAME):
            return value
    return None
