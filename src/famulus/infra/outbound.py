"""Requests to addresses that people name: webhooks, push services, calendars that somebody else serves.

Whoever names an address must not reach, through this server, what only this server can reach. A name is resolved once;
every address that it has is checked, and the connection goes to one of those that were checked. The last check is made
where the socket is, so that no spelling of an address and no answer of a name server gets past it. Redirects are
followed by hand, each like an address of its own, or not at all.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from famulus.kit.errors import Unavailable, Unprocessable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SCHEMES = ("http", "https")
_LONGEST_URL = 2_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Addresses of the one family inside those of the other: a translator on the way would take them out again.
_COMPATIBLE, _TRANSLATED = IPv6Network("::/96"), IPv6Network("64:ff9b::/96")
_LOCALLY_TRANSLATED = IPv6Network("64:ff9b:1::/48")
_name_is_trusted: ContextVar[bool] = ContextVar("name_is_trusted", default=False)


class AddressRefused(Unprocessable):
    """The address is not one that this server may be sent to."""


class TargetFailed(Unavailable):
    """Whoever is at the address did not answer, or not as HTTP asks for."""


class AnswerTooLarge(TargetFailed):
    """The answer has more bytes than were asked for."""


class _RefusedAtTheSocket(OSError):
    """A connection was about to be made to where none may be made."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """Where it came from, after redirects."""


def is_public(address: str) -> bool:
    """Whether an IP address, and every one that is embedded in it, is one of the public internet."""
    found = ip_address(address.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in (found, *_embedded(found)))


def _embedded(address: Address) -> Iterable[Address]:
    if isinstance(address, IPv4Address):
        return ()
    if address in _LOCALLY_TRANSLATED:
        return (IPv4Address(0),)
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    known = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    return [one for one in known if one] + ([low] if address in _COMPATIBLE or address in _TRANSLATED else [])


class Rules:
    """Which addresses may be reached: public ones, and those inside that the operator has named."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower().rstrip("."))

    def trust(self, name: str) -> bool:
        """Whether the operator has named this host, wherever it is."""
        return name.lower().rstrip(".") in self._names

    def allow(self, address: str) -> bool:
        """Whether a connection may go to this IP address."""
        plain = ip_address(address.partition("%")[0])
        return is_public(address) or any(plain in network for network in self._networks)


class _CheckedResolver(AbstractResolver):
    """Resolves names, and gives none of a name's addresses if one of them is not to be reached."""

    def __init__(self, resolver: AbstractResolver, rules: Rules) -> None:
        self._resolver = resolver
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not self._rules.trust(host) and not all(self._rules.allow(one["host"]) for one in found):
            raise _RefusedAtTheSocket
        return found

    async def close(self) -> None:
        await self._resolver.close()


class Outbound:
    """Sends requests to where people say, as far as the rules let it."""

    def __init__(self, *, allowed: Iterable[str] = (), resolver: AbstractResolver | None = None) -> None:
        self._rules = Rules(allowed)
        self._resolver = resolver
        self._session: ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_seconds: float = 10,
        most_bytes: int = 0,
        redirects: int = 0,
    ) -> Answer:
        """The answer of whoever is at `url`, with at most so many bytes of its body; none is read for 0.

        `AddressRefused` where the address may not be reached, `TargetFailed` where nobody answers in time.
        """
        target = self.checked(url)
        try:
            async with asyncio.timeout(timeout_seconds):
                for _ in range(redirects + 1):
                    answer = await self._once(method, target, headers or {}, body, most_bytes)
                    onward = answer.headers.get("Location")
                    if answer.status not in _REDIRECTS or onward is None or not redirects:
                        return answer
                    before, target = target, self.checked(str(target.join(URL(onward))))
                    if before.origin() != target.origin():
                        # What was meant for one is none of the other's business.
                        headers = {}
        except TimeoutError:
            raise TargetFailed("The target did not answer in time.", timeout_seconds=timeout_seconds) from None
        except ValueError:
            raise AddressRefused("The target redirects to something that is no address.") from None
        raise TargetFailed("The target redirects too often.")

    def checked(self, url: str) -> URL:
        """`url`, if by its form alone nothing speaks against it."""
        try:
            target = URL(url)
            host = target.host
            port = target.port
        except ValueError:
            raise AddressRefused("This is no address of the web.") from None
        if target.scheme not in _SCHEMES or not host or port is None or len(url) > _LONGEST_URL:
            raise AddressRefused("An address begins with http:// or https:// and names a host.")
        if target.user is not None or target.password is not None:
            raise AddressRefused("An address must not carry a name or a password.")
        try:
            allowed = self._rules.allow(host)
        except ValueError:
            allowed = True  # a name: its addresses are checked when they are known
        if not allowed:
            raise _refused()
        return target

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def _once(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None, most_bytes: int
    ) -> Answer:
        session = self._opened()
        trusted = _name_is_trusted.set(self._rules.trust(url.host or ""))
        try:
            async with session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await _read(response, most_bytes), str(url))
        except aiohttp.InvalidURL:
            raise AddressRefused("This is no address of the web.") from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            if isinstance(getattr(error, "os_error", error), _RefusedAtTheSocket):
                raise _refused() from None
            if isinstance(error, TimeoutError):
                raise
            raise TargetFailed("The target could not be reached.", reason=type(error).__name__) from None
        finally:
            _name_is_trusted.reset(trusted)

    def _opened(self) -> ClientSession:
        if self._session is None:
            resolver = _CheckedResolver(self._resolver or ThreadedResolver(), self._rules)
            connector = TCPConnector(
                resolver=resolver, use_dns_cache=False, socket_factory=self._socket, limit=0, force_close=True
            )
            self._session = ClientSession(
                connector=connector,
                timeout=ClientTimeout(total=None),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "famulus"},
                auto_decompress=False,
            )
        return self._session

    def _socket(self, address: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        family, kind, protocol, _, where = address
        if not _name_is_trusted.get() and not self._rules.allow(str(where[0])):
            raise _RefusedAtTheSocket
        return socket.socket(family, kind, protocol)


def _refused() -> AddressRefused:
    return AddressRefused(
        "This address is inside this server's own network. Its operator can allow it (`outbound.allowed_hosts`)."
    )


async def _read(response: ClientResponse, most_bytes: int) -> bytes:
    if not most_bytes:
        return b""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            raise AnswerTooLarge("The answer is too large.", most_bytes=most_bytes)
    return body
