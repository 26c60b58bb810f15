"""Mail to people who have forgotten their password: asked for in a transaction, sent by a job."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from famulus.features.accounts.resets import RESET_LIFE, Resets, reset_link
from famulus.features.accounts.unit import Unit
from famulus.infra.database import Database, Session
from famulus.infra.mail import send_mail
from famulus.jobs.queue import Claim, JobQueue
from famulus.jobs.worker import Handler
from famulus.kit.clock import iso, utc_now
from famulus.settings import Settings

RESET_JOB = "accounts.reset"
_WORDS = """Somebody, most likely you, wants a new password for this address at Famulus. This link sets one, once,
within half an hour:

{link}

If it was not you, there is nothing to do: without the link, nobody can change your password.
"""


class ResetMail:
    """Sends people a way to a new password."""

    def __init__(self, database: Database, queue: JobQueue, settings: Settings) -> None:
        server = settings.server
        self._database = database
        self._queue = queue
        self._mail = settings.mail
        # Never the address that a request names: whoever sends a request must not choose where the link leads.
        self._base_url = server.public_url or f"http://{server.host}:{server.port}"
        self.handlers: dict[str, Handler] = {RESET_JOB: self.send}

    async def ask(self, session: Session, user_id: str) -> None:
        """Have the mail sent, once the transaction is through. The token is made when it is sent, and kept nowhere."""
        payload = {"user_id": user_id, "until": iso(utc_now() + RESET_LIFE)}
        await self._queue.add(session, RESET_JOB, payload, user_id=user_id, serial_key=f"reset of {user_id}")

    async def send(self, claim: Claim) -> None:
        """Send it; a mail server that is down is tried again until nobody waits for the message any more."""
        user_id = claim.payload["user_id"]
        if utc_now() < datetime.fromisoformat(claim.payload["until"]):
            made = await self._database.write(lambda session: Resets(Unit(session)).issue(user_id))
            if made is not None:
                await send_mail(self._mail, self._message(*made))
        await self._database.write(lambda session: self._queue.finish(session, claim))

    def _message(self, address: str, token: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._mail.sender, address
        message["Subject"] = "A new password for Famulus"
        message["Date"] = format_datetime(utc_now())
        message["Message-ID"] = make_msgid(domain="famulus")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_WORDS.format(link=reset_link(self._base_url, token)))
        return message
