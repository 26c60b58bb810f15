"""A calendar on a CalDAV server (RFC 4791), asked through the one door by which this server goes out.

Only what keeping two calendars in step needs: what is there and in which version, its text, and to write and delete it
if it is still in the version that is known.
"""

import base64
import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from famulus.features.calendar.errors import SourceRefused, SourceUnreadable
from famulus.infra.outbound import Answer, Outbound, TargetFailed

_MOST_BYTES = 20_000_000
_AT_ONCE = 50
_SECONDS = 30.0
_DAV, _CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_LIST = (
    '<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:getcontenttype/><d:resourcetype/></d:prop>'
    "</d:propfind>"
)
_FETCH = (
    '<?xml version="1.0"?><c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:prop><d:getetag/><c:calendar-data/></d:prop>{hrefs}</c:calendar-multiget>"
)
_CHANGED_MEANWHILE = frozenset({404, 409, 412})


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with its changed occurrences, as the server has it."""

    href: str
    etag: str
    text: str


class DavCalendar:
    """One calendar on a server."""

    def __init__(self, outbound: Outbound, url: str, username: str, password: str) -> None:
        self._outbound = outbound
        self._url = url.rstrip("/") + "/"
        signed = base64.b64encode(f"{username}:{password}".encode()).decode()
        # Nothing is unpacked on the way in: what is small outside may be huge inside.
        self._headers = {"Authorization": f"Basic {signed}", "Accept-Encoding": "identity"}

    async def versions(self) -> dict[str, str]:
        """Which version of each event is there, by its place."""
        answer = await self._ask("PROPFIND", self._url, _LIST, {"Depth": "1"})
        found = {}
        for href, props in _responses(answer.body):
            kind = props.findtext(f"{_DAV}getcontenttype") or ""
            is_folder = props.find(f"{_DAV}resourcetype/{_DAV}collection") is not None
            if not is_folder and (kind.startswith("text/calendar") or href.endswith(".ics")):
                found[href] = props.findtext(f"{_DAV}getetag") or ""
        return found

    async def fetch(self, hrefs: Sequence[str]) -> list[Stored]:
        """The events at these places; one that has gone meanwhile is left out."""
        stored = []
        for first in range(0, len(hrefs), _AT_ONCE):
            wanted = "".join(f"<d:href>{_escaped(href)}</d:href>" for href in hrefs[first : first + _AT_ONCE])
            answer = await self._ask("REPORT", self._url, _FETCH.format(hrefs=wanted), {"Depth": "1"})
            for href, props in _responses(answer.body):
                if text := props.findtext(f"{_CAL}calendar-data"):
                    stored.append(Stored(href, props.findtext(f"{_DAV}getetag") or "", text))
        return stored

    def place_of(self, uid: str) -> str:
        """Where a new event goes."""
        return urlsplit(self._url).path + hashlib.sha256(uid.encode()).hexdigest()[:32] + ".ics"

    async def put(self, href: str, text: bytes, *, known: str | None) -> str | None:
        """Write an event where `known` is its version, or where there is none; its new version, None if it is not."""
        condition = {"If-None-Match": "*"} if known is None else {"If-Match": known}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        answer = await self._send("PUT", urljoin(self._url, href), text, headers)
        if answer.status in _CHANGED_MEANWHILE:
            return None
        _check(answer)
        # Without a version the event is read again the next time, and found to be the same.
        return answer.headers.get("ETag", "")

    async def delete(self, href: str, *, known: str) -> bool:
        """Delete an event where `known` is its version; whether it is gone."""
        answer = await self._send("DELETE", urljoin(self._url, href), b"", {"If-Match": known} if known else {})
        if answer.status == 404:  # noqa: PLR2004 -- gone already
            return True
        if answer.status in _CHANGED_MEANWHILE:
            return False
        _check(answer)
        return True

    async def _ask(self, method: str, url: str, body: str, headers: dict[str, str]) -> Answer:
        answer = await self._send(method, url, body.encode(), {"Content-Type": "application/xml", **headers})
        _check(answer)
        return answer

    async def _send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        return await self._outbound.request(
            method, url, headers=self._headers | headers, body=body, timeout_seconds=_SECONDS, most_bytes=_MOST_BYTES
        )


def _check(answer: Answer) -> None:
    if answer.status in (401, 403, 404, 405, 410):
        raise SourceRefused("The calendar's server refuses.", status=answer.status)
    if not 200 <= answer.status < 300:  # noqa: PLR2004 -- what is a success
        raise TargetFailed("The calendar's server failed.", status=answer.status)


def _responses(body: bytes) -> Iterator[tuple[str, ET.Element]]:
    """Each place with its properties."""
    # Without a document type there are no entities, and so no bomb made of them.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise SourceUnreadable("The calendar's server answers with what is not read.")
    try:
        tree = ET.fromstring(body)  # noqa: S314 -- no entities, and bounded
    except ET.ParseError:
        raise SourceUnreadable("The calendar's server answers with what is no XML.") from None
    for response in tree.iter(f"{_DAV}response"):
        href = urlsplit(response.findtext(f"{_DAV}href") or "").path
        for status in response.iter(f"{_DAV}propstat"):
            props = status.find(f"{_DAV}prop")
            if props is not None and " 200" in (status.findtext(f"{_DAV}status") or ""):
                yield href, props


def _escaped(href: str) -> str:
    return href.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
