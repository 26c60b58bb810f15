"""By what ways this process reaches people outside."""

import importlib.util
from collections.abc import Mapping

from famulus.features.notifications.carriers import Carrier
from famulus.features.notifications.carriers.apprise import AppriseCarrier
from famulus.features.notifications.carriers.email import EmailCarrier
from famulus.features.notifications.carriers.webhook import WebhookCarrier
from famulus.features.notifications.records import ChannelKind
from famulus.infra.outbound import Outbound
from famulus.settings import Settings


def make_carriers(settings: Settings, outbound: Outbound) -> Mapping[ChannelKind, Carrier]:
    """One for each kind of channel that this installation can reach."""
    carriers: dict[ChannelKind, Carrier] = {
        "email": EmailCarrier(settings.mail, public_url=settings.server.public_url),
        "webhook": WebhookCarrier(outbound, timeout_seconds=settings.notifications.timeout_seconds),
    }
    if importlib.util.find_spec("apprise") is not None:
        carriers["apprise"] = AppriseCarrier(settings.notifications)
    return carriers
