"""The one pool of outgoing HTTP connections."""

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from famulus.kit.lazy import Lazy

# What one answer may hold in memory while nobody reads it is twice this.
_READ_BUFFER_BYTES = 64 * 1024


def _open() -> ClientSession:
    return ClientSession(
        # Runs are limited where they are accepted; a limit here would let one user's runs hold up another's.
        connector=TCPConnector(limit=0, limit_per_host=0),
        # An answer may take as long as it keeps coming: callers say how long silence may last.
        timeout=ClientTimeout(total=None),
        # A cookie would be shared by all users.
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "famulus"},
        read_bufsize=_READ_BUFFER_BYTES,
    )


http_session: Lazy[ClientSession] = Lazy(_open, ClientSession.close)
