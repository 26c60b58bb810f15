"""Apprise: one library for a hundred services that tell people something, each by an address of its own scheme.

It opens its own connections, which nobody checks on the way: only schemes that the operator lists are used. What an
address may add behind a question mark is little, as some of these services would read files of this machine for it.
Its connections block, so that they are made in threads; few of them, so that a slow service takes nobody else's.
"""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from famulus.features.notifications.carriers import Outcome, Parcel
from famulus.features.notifications.errors import ChannelUnavailable
from famulus.infra.outbound import AddressRefused
from famulus.settings.outward import NotificationSettings

_MOST_AT_ONCE = 4
_SCHEME = re.compile(r"[a-z0-9]{1,32}")
_HARMLESS = "format|priority|silent|sound|tags|thread|topic"
_OPTIONS = re.compile(rf"(?:(?:{_HARMLESS})=[A-Za-z0-9_.,-]*(?:&|$))*")

# It quotes addresses and messages, of which the one is a secret and the other is nobody's business.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


class AppriseCarrier:
    """Hands parcels to the library."""

    needs_proof = False

    def __init__(self, settings: NotificationSettings) -> None:
        self._schemes = frozenset(settings.apprise_schemes)
        self._timeout_seconds = settings.timeout_seconds
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="apprise")

    def check(self, target: str) -> None:
        """See to the scheme and the options; whether the service knows the rest, the first test tells."""
        scheme, separator, rest = target.partition("://")
        if not separator or not _SCHEME.fullmatch(scheme) or not rest or re.search(r"[\s\x00-\x1f\x7f]", rest):
            raise AddressRefused("This is no address in the words of Apprise, such as discord://id/token.")
        if scheme not in self._schemes:
            listed = ", ".join(sorted(self._schemes)) or "none"
            raise ChannelUnavailable(
                f"This server's operator has not listed {scheme} (`notifications.apprise_schemes`: {listed})."
            )
        if not _OPTIONS.fullmatch(rest.partition("?")[2]):
            raise AddressRefused(f"Of an address's options only these are taken: {_HARMLESS.replace('|', ', ')}.")

    async def carry(self, parcel: Parcel) -> Outcome:
        try:
            # The operator may have changed the list since.
            self.check(parcel.channel.target)
        except (AddressRefused, ChannelUnavailable) as refused:
            return Outcome(is_final=True, error=refused.code)
        try:
            # The library's own limits are for each step of a connection, this one is for all of it.
            async with asyncio.timeout(3 * self._timeout_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._told, parcel)
        except TimeoutError:
            return Outcome(error="target_failed")

    def _told(self, parcel: Parcel) -> Outcome:
        apprise = import_module("apprise")
        # A redirect could lead anywhere, and a template is a file of this machine.
        asset = apprise.AppriseAsset(app_id="Famulus", http_redirects=False, allow_templates=False)
        service: Any = apprise.Apprise.instantiate(parcel.channel.target, asset=asset)
        if service is None:
            return Outcome(is_final=True, error=AddressRefused.code)
        service.socket_connect_timeout = service.socket_read_timeout = self._timeout_seconds
        body = "\n\n".join(filter(None, (parcel.body, parcel.link))) or parcel.title
        kind = apprise.NotifyType.WARNING if parcel.urgent else apprise.NotifyType.INFO
        accepted = bool(service.notify(title=parcel.title, body=body, notify_type=kind))
        return Outcome(accepted=accepted, error=None if accepted else "target_failed")
