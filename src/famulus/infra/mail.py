"""Mail, by way of the operator's mail server."""

from email.message import EmailMessage

import aiosmtplib

from famulus.settings.outward import MailSettings


async def send_mail(mail: MailSettings, message: EmailMessage) -> None:
    """Hand a message to the mail server; what goes wrong is aiosmtplib's to say."""
    password = mail.password
    await aiosmtplib.send(
        message,
        hostname=mail.host,
        port=mail.port,
        username=mail.username,
        password=password.get_secret_value() if password else None,
        use_tls=mail.security == "tls",
        start_tls=mail.security == "starttls",
        timeout=mail.timeout_seconds,
    )
