"""By what ways this process reaches people outside."""

import importlib.util
from collections.abc import Mapping

from famulus.features.notifications.carriers import Carrier
from famulus.features.notifications.carriers.apprise import AppriseCarrier
from famulus.features.notifications.carriers.email import EmailCarrier
from famulus.features.notifications.carriers.push import PushCarrier, PushIdentity
from famulus.features.notifications.carriers.webhook import WebhookCarrier
from famulus.features.notifications.records import ChannelKind
from famulus.infra.outbound import Outbound
from famulus.infra.sealing import kept_key, key_of
from famulus.settings import Settings

_PUSH_KEY_FILE = "push.key"


def make_push_identity(settings: Settings) -> PushIdentity | None:
    """Who this server is to push services; nobody, without the extra."""
    if importlib.util.find_spec("pywebpush") is None:
        return None
    key = settings.notifications.push_key
    return PushIdentity(
        lambda: key_of(key.get_secret_value()) if key else kept_key(settings.data_dir / _PUSH_KEY_FILE),
        contact=settings.notifications.push_contact,
    )


def make_carriers(
    settings: Settings, outbound: Outbound, push: PushIdentity | None = None
) -> Mapping[ChannelKind, Carrier]:
    """One for each kind of channel that this installation can reach."""
    carriers: dict[ChannelKind, Carrier] = {
        "email": EmailCarrier(settings.mail, public_url=settings.server.public_url),
        "webhook": WebhookCarrier(outbound, timeout_seconds=settings.notifications.timeout_seconds),
    }
    if importlib.util.find_spec("apprise") is not None:
        carriers["apprise"] = AppriseCarrier(settings.notifications)
    if push is not None:
        carriers["push"] = PushCarrier(outbound, push, timeout_seconds=settings.notifications.timeout_seconds)
    return carriers
