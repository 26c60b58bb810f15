"""Web Push: to a browser that is closed, by way of its maker, who cannot read what is carried (RFC 8030, 8188, 8291).

This server shows who it is with a key of its own (VAPID, RFC 8292), which every browser asks for when it subscribes.
"""

import asyncio
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any

import orjson
from yarl import URL

from famulus.features.notifications.carriers import Outcome, Parcel
from famulus.features.notifications.carriers.webhook import posted
from famulus.infra.outbound import Outbound

# Of the 4,096 bytes that a push service has to take, encryption needs about a hundred.
_MOST_BYTES = 3_800
_LONGEST_LINK = 1_000
_DAY_SECONDS = 86_400
# Of the curve P-256: how many keys there are, and one more.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_NO_LONGER_SUBSCRIBED = frozenset({404, 410})
_TOO_LARGE = 413


class PushIdentity:
    """Who this server is to push services: a key of the curve P-256 that is derived from 32 secret bytes."""

    def __init__(self, seed: Callable[[], bytes], *, contact: str) -> None:
        self._seed = seed
        self._contact = contact

    @cached_property
    def public_key(self) -> str:
        """What browsers subscribe with."""
        return self.headers("https://example.org", at=0)["Authorization"].rpartition("k=")[2]

    def headers(self, endpoint: str, *, at: int) -> dict[str, str]:
        """What shows a push service who asks it, for half a day."""
        claims = {"aud": str(URL(endpoint).origin()), "sub": self._contact, "exp": at + _DAY_SECONDS // 2}
        signed: dict[str, str] = self._vapid.sign(claims)
        return signed

    @cached_property
    def _vapid(self) -> Any:
        scalar = int.from_bytes(self._seed()) % (_ORDER - 1) + 1
        vapid = import_module("py_vapid")
        return vapid.Vapid02.from_raw(vapid.b64urlencode(scalar.to_bytes(32)).encode())


class PushCarrier:
    """Encrypts parcels for their browser, and hands them to its push service."""

    needs_proof = False

    def __init__(self, outbound: Outbound, identity: PushIdentity, *, timeout_seconds: float = 10) -> None:
        self._outbound = outbound
        self._identity = identity
        self._timeout_seconds = timeout_seconds

    def check(self, target: str) -> None:
        self._outbound.checked(target)

    async def carry(self, parcel: Parcel) -> Outcome:
        try:
            # The first time, it loads the ciphers.
            headers, body = await asyncio.to_thread(self._sealed, parcel)
        except ValueError:
            return Outcome(is_final=True, error="subscription_invalid")
        outcome = await posted(
            self._outbound,
            parcel.channel.target,
            headers=headers,
            body=body,
            timeout_seconds=self._timeout_seconds,
            gone=_NO_LONGER_SUBSCRIBED,
        )
        return (
            Outcome(is_final=True, status=_TOO_LARGE, error=outcome.error) if outcome.status == _TOO_LARGE else outcome
        )

    def _sealed(self, parcel: Parcel) -> tuple[dict[str, str], bytes]:
        target = parcel.channel.target
        pusher = import_module("pywebpush").WebPusher(
            {"endpoint": target, "keys": orjson.loads(parcel.channel.secret or "{}")}
        )
        body: bytes = pusher.encode(_message(parcel))["body"]
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(_DAY_SECONDS),
            "Urgency": "high" if parcel.urgent else "normal",
            **self._identity.headers(target, at=int(parcel.at.timestamp())),
        }
        return headers, body


def _message(parcel: Parcel) -> bytes:
    """What the page's worker shows, shortened until it fits."""
    link = parcel.link if parcel.link and len(parcel.link.encode()) <= _LONGEST_LINK else None
    said = {"id": parcel.id, "type": parcel.kind, "title": parcel.title, "link": link, "urgent": parcel.urgent}
    body = parcel.body
    while len(message := orjson.dumps(said | {"body": body})) > _MOST_BYTES:
        body = body[: len(body) * 3 // 4]
    return message
