"""What usage asks of notifications: a word when much of a limit, or all of it, is taken."""

from famulus.apps.notifications import NotificationRoom
from famulus.features.notifications.schemas import Notice
from famulus.features.notifications.service import Notifications
from famulus.features.usage.plans import EVERYTHING
from famulus.features.usage.records import Notice as UsageNotice
from famulus.infra.database import Session

_ALL_OF_IT = 100


class QuotaNotices:
    """Tells people how much of a limit they have taken."""

    def __init__(self, notifications: NotificationRoom) -> None:
        self._notifications = notifications

    async def tell(self, session: Session, user_id: str, notice: UsageNotice) -> None:
        """Say it once, within the transaction that took it."""
        what = "everything" if notice.feature == EVERYTHING else notice.feature
        resets = f"It begins anew on {notice.window.resets_at:%d %B %Y} (UTC)."
        if notice.percent >= _ALL_OF_IT:
            title = f"Your {notice.metric} for {what} are used up for this {notice.window.period}"
        else:
            title = f"{notice.percent} % of your {notice.metric} for {what} this {notice.window.period} are used"
        key = f"quota {notice.feature} {notice.window.period} {notice.window.starts_on} {notice.percent}"
        told = Notice(title=title, body=resets, kind="usage")
        await Notifications(session, user_id, self._notifications.desk).notify(told, key=key)
