"""E-mail, by way of the operator's mail server."""

import html
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib import SMTPRecipientRefused, SMTPRecipientsRefused, SMTPResponseException

from famulus.features.notifications.carriers import Outcome, Parcel
from famulus.features.notifications.errors import ChannelUnavailable
from famulus.infra.mail import send_mail
from famulus.settings.outward import MailSettings

# Answers of a mail server from here on say that the same message will not be taken later either.
_PERMANENT = 500
_ABOUT_THE_MESSAGE = (SMTPRecipientRefused, SMTPRecipientsRefused, aiosmtplib.SMTPDataError)


class EmailCarrier:
    """Sends parcels as messages of their own."""

    needs_proof = True

    def __init__(self, mail: MailSettings, *, public_url: str | None = None) -> None:
        self._mail = mail
        self._public_url = (public_url or "").rstrip("/")

    def check(self, target: str) -> None:  # noqa: ARG002 -- its form was checked where it came in
        if self._mail.host is None:
            raise ChannelUnavailable("This server sends no e-mail: its operator has set no mail server (`mail.host`).")

    async def carry(self, parcel: Parcel) -> Outcome:
        if self._mail.host is None:
            return Outcome(error=ChannelUnavailable.code)
        try:
            await send_mail(self._mail, self._message(parcel))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            code = _code(error)
            final = isinstance(error, _ABOUT_THE_MESSAGE) and code is not None and code >= _PERMANENT
            return Outcome(is_final=final or isinstance(error, ValueError), status=code, error=type(error).__name__)
        return Outcome(accepted=True, status=250)

    def _message(self, parcel: Parcel) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._mail.sender
        message["To"] = parcel.channel.target
        # A header is one line.
        message["Subject"] = " ".join(parcel.title.split())
        message["Date"] = format_datetime(parcel.at)
        # The same for each try, so that a mailbox that gets it twice can tell.
        message["Message-ID"] = f"<{parcel.id}@famulus>"
        message["Auto-Submitted"] = "auto-generated"
        if parcel.urgent:
            message["Importance"] = "high"
        link = self._absolute(parcel.link)
        text = parcel.body or parcel.title
        message.set_content(f"{text}\n\n{link}\n" if link else f"{text}\n")
        if link:
            address, words = html.escape(link), html.escape(text).replace("\n", "<br>\n")
            message.add_alternative(f'<p>{words}</p>\n<p><a href="{address}">{address}</a></p>\n', subtype="html")
        return message

    def _absolute(self, link: str | None) -> str | None:
        if link is None or not link.startswith("/"):
            return link
        return self._public_url + link if self._public_url else None


def _code(error: Exception) -> int | None:
    if isinstance(error, SMTPRecipientsRefused):
        return max((one.code for one in error.recipients), default=None)
    return error.code if isinstance(error, SMTPResponseException) else None
