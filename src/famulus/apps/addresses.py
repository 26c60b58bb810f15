"""Mail about a new address: a link to the new one, word of it to the old one; asked for in a transaction."""

from datetime import datetime, timedelta

from famulus.apps.letters import base_url_of, letter
from famulus.features.accounts.addresses import ADDRESS_LIFE, Addresses, address_link
from famulus.features.accounts.tables import User
from famulus.features.accounts.unit import Unit
from famulus.infra.database import Database, Session
from famulus.infra.mail import send_mail
from famulus.jobs.queue import Claim, JobQueue
from famulus.jobs.worker import Handler
from famulus.kit.clock import iso, utc_now
from famulus.settings import Settings

ADDRESS_JOB = "accounts.new_address"
NOTICE_JOB = "accounts.address_notice"
_LINK = """This address is to be that of an account at Famulus. This link says that it is yours, once, within a day:

{link}

If you know nothing of this, there is nothing to do.
"""
_NOTICE = """Somebody, most likely you, wants your account at Famulus to have another e-mail address:

{address}

It is changed once a link that was sent there has been followed. If it was not you, set a new password now: that
makes the link worthless.
"""
# Nobody waits for word of it any longer than that.
_NOTICE_LIFE = timedelta(days=2)


class AddressMail:
    """Writes to both addresses."""

    def __init__(self, database: Database, queue: JobQueue, settings: Settings) -> None:
        self._database = database
        self._queue = queue
        self._settings = settings
        self._base_url = base_url_of(settings)
        self.handlers: dict[str, Handler] = {ADDRESS_JOB: self.send_link, NOTICE_JOB: self.send_notice}

    async def ask(self, session: Session, user: User, address: str) -> None:
        """Have both sent, once the transaction is through. The token is made when it is sent, and kept nowhere."""
        now, serial_key = utc_now(), f"address of {user.id}"
        link = {"user_id": user.id, "address": address, "until": iso(now + ADDRESS_LIFE)}
        await self._queue.add(session, ADDRESS_JOB, link, user_id=user.id, serial_key=serial_key)
        if user.email is not None:
            notice = {"to": user.email, "address": address, "until": iso(now + _NOTICE_LIFE)}
            await self._queue.add(session, NOTICE_JOB, notice, user_id=user.id)

    async def send_link(self, claim: Claim) -> None:
        """Send the link to the new address; tried again until nobody waits for it any more."""
        user_id, address = claim.payload["user_id"], claim.payload["address"]
        if self._is_awaited(claim):
            token = await self._database.write(lambda session: Addresses(Unit(session)).issue(user_id, address))
            if token is not None:
                text = _LINK.format(link=address_link(self._base_url, token))
                subject = "Your new address for Famulus"
                await send_mail(self._settings.mail, letter(self._settings, to=address, subject=subject, text=text))
        await self._database.write(lambda session: self._queue.finish(session, claim))

    async def send_notice(self, claim: Claim) -> None:
        """Tell the old address."""
        if self._is_awaited(claim):
            text = _NOTICE.format(address=claim.payload["address"])
            subject = "Your account at Famulus is to have another address"
            notice = letter(self._settings, to=claim.payload["to"], subject=subject, text=text)
            await send_mail(self._settings.mail, notice)
        await self._database.write(lambda session: self._queue.finish(session, claim))

    def _is_awaited(self, claim: Claim) -> bool:
        return utc_now() < datetime.fromisoformat(claim.payload["until"])
