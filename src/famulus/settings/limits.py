"""How often anybody may ask."""

from pydantic import Field

from famulus.settings.section import Section


class LimitSettings(Section):
    """How often anybody may ask; 0 is without a limit. Processes share them where there is a Redis server.

    A message over a WebSocket is a request.
    """

    per_key_per_minute: int = Field(3_000, ge=0)
    """Requests with one API key."""
    per_address_per_minute: int = Field(6_000, ge=0)
    """Requests from one address; behind a proxy, see `server.trusted_proxies`."""
    sign_ups_per_minute: int = Field(20, ge=0)
    """From one address: invitations accepted, and links from mails followed or asked for."""
    archives_per_hour: int = Field(12, ge=0)
    """Exports and imports of everything, with one key or session, or from one address where neither is sent."""
