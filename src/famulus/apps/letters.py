"""A letter from the server itself, such as one with a link in it."""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from famulus.kit.clock import utc_now
from famulus.settings import Settings


def base_url_of(settings: Settings) -> str:
    """Where links in letters lead: never what a request says, whose sender must not choose it."""
    server = settings.server
    return server.public_url or f"http://{server.host}:{server.port}"


def letter(settings: Settings, *, to: str, subject: str, text: str) -> EmailMessage:
    """The letter, ready to be sent."""
    message = EmailMessage()
    message["From"], message["To"] = settings.mail.sender, to
    message["Subject"] = subject
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = make_msgid(domain="famulus")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
