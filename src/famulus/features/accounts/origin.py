"""Where a request comes from: the address behind it, its scheme, and the page that sent it."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from starlette.requests import HTTPConnection

from famulus.features.accounts.errors import CrossSiteRequest
from famulus.features.accounts.identity import Client
from famulus.kit.text import shortened, storable
from famulus.settings import ServerSettings

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_AGENT_CHARACTERS = 200
_ADDRESS_CHARACTERS = 45

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_of(connection: HTTPConnection) -> Client:
    """Who is at the other end. Only proxies that the operator named are believed about others."""
    agent = shortened(storable(connection.headers.get("user-agent", "")), _AGENT_CHARACTERS)
    peer = connection.client.host if connection.client else ""
    proxies = _settings(connection).trusted_proxies
    return Client(address=address_behind(peer, connection.headers.getlist("x-forwarded-for"), proxies), agent=agent)


def address_behind(peer: str, forwarded_for: Sequence[str], proxies: tuple[str, ...]) -> str:
    """Who is asking through proxies that are believed; the peer itself where it is none."""
    address, networks = peer, _networks(proxies)
    forwarded = ",".join(forwarded_for).split(",")
    # Each proxy adds on the right whom it heard; left of the first stranger is what the stranger says.
    while forwarded and _is_in(address, networks):
        nearest = forwarded.pop().strip()
        if not nearest:
            break
        address = nearest
    return storable(address)[:_ADDRESS_CHARACTERS]


def is_https(connection: HTTPConnection) -> bool:
    """Whether people reach this server over https."""
    settings = _settings(connection)
    if (settings.public_url or "").lower().startswith("https://"):
        return True
    return _scheme(connection) in ("https", "wss")


def base_url(connection: HTTPConnection) -> str:
    """What people type to reach this server."""
    public_url = _settings(connection).public_url
    if public_url is not None:
        return public_url.rstrip("/")
    scheme = "https" if is_https(connection) else "http"
    return f"{scheme}://{connection.headers.get('host', 'localhost')}"


def refuse_cross_site(connection: HTTPConnection, *, has_cookie: bool) -> None:
    """Raise `CrossSiteRequest` when a page of another site may be behind a request that does something.

    A browser says which page is asking, and no page can change what it says. Programs say nothing; without a
    cookie they carry nothing that another site could abuse.
    """
    is_handshake = connection.scope["type"] == "websocket"
    if not is_handshake and connection.scope["method"] in _SAFE_METHODS:
        return
    origin = connection.headers.get("origin")
    if origin is not None:
        same_site = _is_ours(connection, origin)
    elif (fetch_site := connection.headers.get("sec-fetch-site")) is not None:
        same_site = fetch_site == "same-origin"
    else:
        same_site = not has_cookie
    if not same_site:
        raise CrossSiteRequest(
            "This request does not come from a page of this server. Behind a proxy, set server.public_url."
        )
    if has_cookie and not is_handshake and _has_body(connection) and not _asks_first(connection):
        raise CrossSiteRequest("With a cookie, send a body as application/json, or a file as application/octet-stream.")


def _settings(connection: HTTPConnection) -> ServerSettings:
    settings: ServerSettings = connection.app.state.settings.server
    return settings


def _is_ours(connection: HTTPConnection, origin: str) -> bool:
    asked = _parsed(origin)
    if asked is None or asked.scheme not in ("http", "https"):
        return False
    settings = _settings(connection)
    for known in (settings.public_url, *settings.allowed_origins):
        ours = _parsed(known or "")
        if ours is not None and ours.scheme == asked.scheme and _place(ours) == _place(asked):
            return True
    # A proxy that ends TLS may leave us thinking that we speak http, so the scheme is not compared.
    host = _parsed(f"{asked.scheme}://{connection.headers.get('host', '')}")
    return host is not None and _place(host) == _place(asked)


def _parsed(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        if parts.hostname and (parts.port is None or parts.port > 0):
            return parts
    except ValueError:
        return None
    return None


def _place(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _scheme(connection: HTTPConnection) -> str:
    peer = connection.client.host if connection.client else ""
    if _is_in(peer, _networks(_settings(connection).trusted_proxies)):
        said = connection.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if said in _PORTS:
            return said
    return str(connection.scope["scheme"])


def _has_body(connection: HTTPConnection) -> bool:
    length = connection.headers.get("content-length", "0").strip()
    return "transfer-encoding" in connection.headers or length.lstrip("0") != ""


def _asks_first(connection: HTTPConnection) -> bool:
    """Whether another site's browser would have to ask this server before it sends a body of this type."""
    kind = connection.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() in ("application/json", "application/octet-stream")


@lru_cache(maxsize=8)
def _networks(addresses: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(address, strict=False) for address in addresses)


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    if not networks:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)
