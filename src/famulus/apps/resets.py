"""Mail to people who have forgotten their password: asked for in a transaction, sent by a job."""

from datetime import datetime

from famulus.apps.letters import base_url_of, letter
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
        self._database = database
        self._queue = queue
        self._settings = settings
        self._base_url = base_url_of(settings)
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
                address, token = made
                text = _WORDS.format(link=reset_link(self._base_url, token))
                message = letter(self._settings, to=address, subject="A new password for Famulus", text=text)
                await send_mail(self._settings.mail, message)
        await self._database.write(lambda session: self._queue.finish(session, claim))
