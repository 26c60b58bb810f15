"""Webhooks: a signed POST, which counts as received when it is answered with 2xx."""

import orjson

from famulus.features.notifications.carriers import Outcome, Parcel
from famulus.features.notifications.signing import signed_headers
from famulus.infra.outbound import AddressRefused, Answer, Outbound, TargetFailed

_GONE = frozenset({410})
_WAIT_AND_SEE = frozenset({429, 503})


class WebhookCarrier:
    """Posts parcels to their channel's address."""

    needs_proof = False

    def __init__(self, outbound: Outbound, *, timeout_seconds: float = 10) -> None:
        self._outbound = outbound
        self._timeout_seconds = timeout_seconds

    def check(self, target: str) -> None:
        self._outbound.checked(target)

    async def carry(self, parcel: Parcel) -> Outcome:
        body = orjson.dumps({"id": parcel.id, "type": parcel.kind, **parcel.data})
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": parcel.id,
            **signed_headers(parcel.channel.secret or "", parcel.id, int(parcel.at.timestamp()), body),
        }
        return await posted(
            self._outbound, parcel.channel.target, headers=headers, body=body, timeout_seconds=self._timeout_seconds
        )


async def posted(
    outbound: Outbound,
    url: str,
    *,
    headers: dict[str, str],
    body: bytes,
    timeout_seconds: float,
    gone: frozenset[int] = _GONE,
) -> Outcome:
    """What came of a POST to somebody's address; a status of `gone` says that nobody is there any more."""
    try:
        answer = await outbound.request("POST", url, headers=headers, body=body, timeout_seconds=timeout_seconds)
    except AddressRefused as refused:
        return Outcome(is_final=True, error=refused.code)
    except TargetFailed as failed:
        return Outcome(error=failed.code)
    if 200 <= answer.status < 300:  # noqa: PLR2004 -- as HTTP has it
        return Outcome(accepted=True, status=answer.status)
    return Outcome(
        is_final=answer.status in gone,
        is_gone=answer.status in gone,
        status=answer.status,
        error=f"http_{answer.status}",
        retry_after_seconds=_retry_after(answer),
    )


def _retry_after(answer: Answer) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return float(said) if answer.status in _WAIT_AND_SEE and said.isascii() and said.isdigit() else None
